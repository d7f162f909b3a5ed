import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, outcomeOf, PUSH_FAILURES, type PushResult } from '../../src/domain/push-outcome.ts';
import { judge, type VerdictFacts } from '../../src/domain/verdict.ts';

const results: fc.Arbitrary<PushResult> = fc.oneof(
  fc.record({
    kind: fc.constant('response' as const),
    status: fc.integer({ min: 100, max: 599 }),
    retryAfter: fc.oneof(fc.constant(null), fc.nat().map(String), fc.string(), fc.date().map(String)),
    reason: fc.oneof(fc.constant(null), fc.string()),
  }),
  fc.record({ kind: fc.constant('failure' as const), failure: fc.constantFrom(...PUSH_FAILURES) }),
);

const facts: fc.Arbitrary<VerdictFacts> = fc.record({
  policy: fc.record({
    maxRetries: fc.integer({ min: 0, max: 20 }),
    baseMs: fc.integer({ min: 1, max: 3_600_000 }),
    maxMs: fc.integer({ min: 1, max: 86_400_000 }),
  }),
  retryCount: fc.integer({ min: 0, max: 20 }),
  interruptionCount: fc.integer({ min: 0, max: 10 }),
  deadlineAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

const jitters = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('outcomeOf', () => {
  it('has exactly one outcome for each status from 100 to 599, with a remedy unless delivered', () => {
    for (let status = 100; status <= 599; status += 1) {
      const outcome = outcomeOf({ kind: 'response', status, retryAfter: null, reason: null });
      expect(OUTCOMES).toContain(outcome.kind);
      expect(outcome.kind === 'delivered').toBe(status >= 200 && status <= 299);
      expect(outcome.kind === 'gone').toBe(status === 404 || status === 410);
      expect(outcome.remedy === null).toBe(outcome.kind === 'delivered');
      expect(outcome.error === null).toBe(outcome.kind === 'delivered');
    }
  });

  it.each(PUSH_FAILURES)('has an error and a remedy for the failure %s', (failure) => {
    const outcome = outcomeOf({ kind: 'failure', failure });
    expect(outcome.error).toBeTruthy();
    expect(outcome.remedy).toBeTruthy();
    expect(outcome.kind).not.toBe('gone');
  });

  it('quotes the status and the service’s own words', () => {
    const outcome = outcomeOf({ kind: 'response', status: 403, retryAfter: null, reason: 'BadJwtToken' });
    expect(outcome.error).toContain('HTTP 403, BadJwtToken');
  });

  it.each([
    [403, 'BadJwtToken', 'misconfigured', 'VAPID_SUBJECT'],
    [400, 'VapidPkHashMismatch', 'misconfigured', 'key pair it was made with'],
    [403, 'VapidPkHashMismatch', 'misconfigured', 'key pair it was made with'],
    [401, 'errno 109: VAPID public key mismatch', 'misconfigured', 'key pair it was made with'],
    [403, 'the VAPID credentials in the authorization header do not correspond', 'misconfigured', 'made with'],
    [400, 'UnauthorizedRegistration', 'misconfigured', 'key pair it was made with'],
    [403, 'BadVapidPublicKey', 'misconfigured', 'VAPID_PUBLIC_KEY'],
    [403, 'invalid push subscription endpoint', 'misconfigured', 'tomorrow'],
    [400, 'BadWebPushTopic', 'rejected', 'fault of Bellhop'],
    [400, 'errno 114: Invalid TTL', 'rejected', 'fault of Bellhop'],
    [400, 'Ttl value conflicts with X-WNS-Cache-Policy. (dropped)', 'rejected', 'fault of Bellhop'],
    [401, 'errno 109: expired', 'misconfigured', 'clock'],
    [410, 'VapidPkHashMismatch', 'gone', 'retired'],
    [400, 'something new', 'rejected', 'Read the service’s reason'],
  ])('tells by %i “%s” that it is %s, and what to do', (status, reason, kind, words) => {
    const outcome = outcomeOf({ kind: 'response', status, retryAfter: null, reason });
    expect(outcome).toMatchObject({ kind, remedy: expect.stringContaining(words) });
    expect(outcome.error).toContain(`HTTP ${status}, ${reason}`);
  });
});

describe('judge', () => {
  it('is total, keeps the retry budget, and never retries at or past the deadline', () => {
    fc.assert(
      fc.property(
        results,
        facts,
        jitters,
        fc.integer({ min: 0, max: 3_000_000_000_000 }),
        (result, known, jitter, now) => {
          const verdict = judge(known, { result, endedAtMs: now, jitter });
          expect(verdict.state === 'retrying').toBe(verdict.retryAtMs !== null);
          expect(verdict.reason === null).toBe(verdict.state === 'delivered' || verdict.state === 'retrying');
          if (verdict.state === 'retrying') {
            expect(verdict.retryAtMs).toBeGreaterThanOrEqual(now);
            expect(verdict.retryAtMs).toBeLessThan(known.deadlineAtMs);
          }
          if (verdict.state !== 'retrying') expect(verdict.outcome.remedy ?? '').not.toMatch(/tries again/);
          expect(verdict.retryCount).toBeLessThanOrEqual(Math.max(known.retryCount, known.policy.maxRetries));
          expect(verdict.state === 'pruned').toBe(result.kind === 'response' && [404, 410].includes(result.status));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('spends retries on trouble of the push service, and none on our own interruption', () => {
    const known: VerdictFacts = {
      policy: { maxRetries: 3, baseMs: 1000, maxMs: 5000 },
      retryCount: 1,
      interruptionCount: 0,
      deadlineAtMs: 1_000_000,
    };
    const trouble = judge(known, { result: { kind: 'failure', failure: 'reset' }, endedAtMs: 0, jitter: 0 });
    expect(trouble).toMatchObject({ state: 'retrying', retryCount: 2, interruptionCount: 0 });
    const ours = judge(known, { result: { kind: 'failure', failure: 'aborted' }, endedAtMs: 7, jitter: 0 });
    expect(ours).toMatchObject({ state: 'retrying', retryCount: 1, interruptionCount: 1, retryAtMs: 7 });
  });
});
