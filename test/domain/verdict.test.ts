import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, outcomeOf, PUSH_FAILURES, type PushResult } from '../../src/domain/push-outcome.ts';
import { PUSH_SERVICES } from '../../src/domain/push-service.ts';
import { judge, type VerdictFacts, wouldRetire } from '../../src/domain/verdict.ts';

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
    quarantine: fc.record({
      retryMs: fc.integer({ min: 1, max: 604_800_000 }),
      retireAfterMs: fc.integer({ min: 1, max: 5_184_000_000 }),
    }),
  }),
  retryCount: fc.integer({ min: 0, max: 20 }),
  interruptionCount: fc.integer({ min: 0, max: 10 }),
  deadlineAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  service: fc.constantFrom(...PUSH_SERVICES),
  quarantinedSinceMs: fc.option(fc.integer({ min: 0, max: 3_000_000_000_000 })),
  isSuspected: fc.boolean(),
});

const statusOf = (result: PushResult): number => (result.kind === 'response' ? result.status : 0);

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
    [403, 'invalid push subscription endpoint', 'quarantined', 'QUARANTINE_RETRY_HOURS'],
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
        fc.option(fc.constant('hld_1')),
        (result, known, jitter, now, pruneHoldId) => {
          const report = { result, endedAtMs: now, jitter, pruneHoldId };
          const verdict = judge(known, report);
          expect(verdict.state === 'retrying').toBe(verdict.retryAtMs !== null);
          expect(verdict.reason === null).toBe(verdict.state === 'delivered' || verdict.state === 'retrying');
          if (verdict.state === 'retrying') {
            expect(verdict.retryAtMs).toBeGreaterThanOrEqual(now);
            expect(verdict.retryAtMs).toBeLessThan(known.deadlineAtMs);
          }
          if (verdict.state !== 'retrying') expect(verdict.outcome.remedy ?? '').not.toMatch(/tries again/);
          expect(verdict.retryCount).toBeLessThanOrEqual(Math.max(known.retryCount, known.policy.maxRetries));
          expect(verdict.state === 'pruned').toBe(wouldRetire(known, report) && pruneHoldId === null);
          expect(verdict.effect?.kind === 'retire').toBe(verdict.state === 'pruned');
          expect(verdict.effect?.kind === 'suspect').toBe(verdict.reason === 'pruning_on_hold');
          if (verdict.state === 'pruned') expect([404, 410, 403, 400, 401]).toContain(statusOf(result));
          if ([404, 410].includes(statusOf(result))) expect(wouldRetire(known, report)).toBe(true);
          if (verdict.effect?.kind === 'quarantine') expect(verdict.effect.quarantine.untilMs).toBeGreaterThan(now);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('spends retries on trouble of the push service, and none on our own interruption', () => {
    const known: VerdictFacts = {
      policy: { maxRetries: 3, baseMs: 1000, maxMs: 5000, quarantine: { retryMs: 1000, retireAfterMs: 9000 } },
      retryCount: 1,
      interruptionCount: 0,
      deadlineAtMs: 1_000_000,
      service: 'other',
      quarantinedSinceMs: null,
      isSuspected: false,
    };
    const at = { jitter: 0, pruneHoldId: null };
    const trouble = judge(known, { result: { kind: 'failure', failure: 'reset' }, endedAtMs: 0, ...at });
    expect(trouble).toMatchObject({ state: 'retrying', retryCount: 2, interruptionCount: 0 });
    const ours = judge(known, { result: { kind: 'failure', failure: 'aborted' }, endedAtMs: 7, ...at });
    expect(ours).toMatchObject({ state: 'retrying', retryCount: 1, interruptionCount: 1, retryAtMs: 7 });
  });
});
