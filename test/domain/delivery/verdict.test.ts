import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, underHold, type VerdictFacts } from '../../../src/domain/delivery/verdict.ts';
import { PUSH_FAILURES, type PushResult } from '../../../src/domain/push-service/push-outcome.ts';
import { PUSH_SERVICES } from '../../../src/domain/push-service/push-service.ts';

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
    goneGraceMs: fc.integer({ min: 0, max: 3_600_000 }),
    quarantine: fc.record({
      retryMs: fc.integer({ min: 1, max: 604_800_000 }),
      retireAfterMs: fc.integer({ min: 1, max: 5_184_000_000 }),
    }),
  }),
  retryCount: fc.integer({ min: 0, max: 20 }),
  interruptionCount: fc.integer({ min: 0, max: 10 }),
  attemptCount: fc.integer({ min: 0, max: 2000 }),
  deadlineAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  service: fc.constantFrom(...PUSH_SERVICES),
  quarantinedSinceMs: fc.option(fc.integer({ min: 0, max: 3_000_000_000_000 })),
  freshUntilMs: fc.option(fc.integer({ min: 0, max: 3_000_000_000_000 })),
  isSuspected: fc.boolean(),
  isProbe: fc.boolean(),
});

/** A first attempt, long before its deadline. */
const KNOWN: VerdictFacts = {
  policy: {
    maxRetries: 3,
    baseMs: 1000,
    maxMs: 5000,
    quarantine: { retryMs: 1000, retireAfterMs: 9000 },
    goneGraceMs: 60_000,
  },
  retryCount: 0,
  interruptionCount: 0,
  attemptCount: 0,
  deadlineAtMs: 1_000_000,
  service: 'other',
  quarantinedSinceMs: null,
  freshUntilMs: null,
  isSuspected: false,
  isProbe: false,
};

const statusOf = (result: PushResult): number => (result.kind === 'response' ? result.status : 0);

const jitters = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

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
          const judged = judge(known, { result, endedAtMs: now, jitter });
          const wouldRetire = judged.state === 'pruned';
          const verdict = pruneHoldId === null ? judged : underHold(judged, pruneHoldId);
          expect(verdict.state === 'retrying').toBe(verdict.retryAtMs !== null);
          expect(verdict.reason === null).toBe(verdict.state === 'delivered' || verdict.state === 'retrying');
          if (verdict.state === 'retrying') {
            expect(verdict.retryAtMs).toBeGreaterThanOrEqual(now);
            expect(verdict.retryAtMs).toBeLessThan(known.deadlineAtMs);
          }
          if (verdict.state !== 'retrying') expect(verdict.outcome.remedy ?? '').not.toMatch(/tries again/);
          expect(verdict.retryCount).toBeLessThanOrEqual(Math.max(known.retryCount, known.policy.maxRetries));
          expect(verdict.state === 'pruned').toBe(wouldRetire && pruneHoldId === null);
          expect(verdict.effect?.kind === 'retire').toBe(verdict.state === 'pruned');
          expect(verdict.effect?.kind === 'suspect').toBe(verdict.reason === 'pruning_on_hold');
          if (verdict.state === 'pruned') expect([404, 410, 403]).toContain(statusOf(result));
          const isFresh = known.freshUntilMs !== null && now < known.freshUntilMs;
          if ([404, 410].includes(statusOf(result))) expect(wouldRetire).toBe(!isFresh);
          if (!wouldRetire) expect(verdict).toBe(judged);
          if (verdict.effect?.kind === 'quarantine') expect(verdict.effect.quarantine.untilMs).toBeGreaterThan(now);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([404, 410])(
    'has a %d count only once the subscription is no longer fresh, and tries again then',
    (status) => {
      const fresh: VerdictFacts = {
        ...KNOWN,
        policy: { ...KNOWN.policy, maxRetries: 0 },
        service: 'mozilla',
        freshUntilMs: 65_000,
      };
      const result = { kind: 'response', status, reason: null, retryAfter: null } as const;
      const verdictAt = (endedAtMs: number, overrides: Partial<VerdictFacts> = {}) =>
        judge({ ...fresh, ...overrides }, { result, endedAtMs, jitter: 0.9 });
      // No retry is spent: none is left.
      expect(verdictAt(5200)).toMatchObject({ state: 'retrying', retryAtMs: 65_000, retryCount: 0, effect: null });
      expect(verdictAt(5200).outcome).toMatchObject({
        kind: 'gone',
        remedy: expect.stringContaining('GONE_GRACE_SECONDS'),
      });
      expect(verdictAt(65_000)).toMatchObject({ state: 'pruned', effect: { kind: 'retire', reason: 'gone' } });
      expect(verdictAt(5200, { freshUntilMs: null })).toMatchObject({ state: 'pruned' });
      expect(verdictAt(5200, { deadlineAtMs: 65_000 })).toMatchObject({
        state: 'expired',
        reason: 'deadline_too_near',
        effect: null,
        outcome: { remedy: expect.stringContaining('replay the delivery') },
      });
      // Registered by a process whose clock is an hour ahead.
      expect(verdictAt(5200, { freshUntilMs: 3_665_000 })).toMatchObject({ state: 'retrying', retryAtMs: 65_200 });
    },
  );

  it('has a probe that meets trouble wait for its lane again, at no cost of a retry, until its deadline', () => {
    const probe: VerdictFacts = { ...KNOWN, retryCount: 3, service: 'mozilla', isProbe: true };
    const busy = (retryAfter: string | null) => ({ kind: 'response', status: 503, reason: null, retryAfter }) as const;
    const verdictOn = (result: PushResult, endedAtMs: number, facts = probe) =>
      judge(facts, { result, endedAtMs, jitter: 0.9 });
    expect(verdictOn(busy(null), 70)).toMatchObject({ state: 'retrying', retryAtMs: 70, retryCount: 3 });
    expect(verdictOn({ kind: 'failure', failure: 'timeout' }, 70)).toMatchObject({ state: 'retrying', retryCount: 3 });
    expect(verdictOn(busy('120'), 70)).toMatchObject({ state: 'retrying', retryAtMs: 120_070, retryCount: 3 });
    expect(verdictOn(busy(null), 1_000_000)).toMatchObject({ state: 'expired', reason: 'deadline_too_near' });
    // Any other push has spent its retries.
    expect(verdictOn(busy(null), 70, { ...probe, isProbe: false })).toMatchObject({ state: 'failed' });
  });

  it('spends retries on trouble of the push service, and none on our own interruption', () => {
    const known: VerdictFacts = { ...KNOWN, retryCount: 1 };
    const trouble = judge(known, { result: { kind: 'failure', failure: 'reset' }, endedAtMs: 0, jitter: 0 });
    expect(trouble).toMatchObject({ state: 'retrying', retryCount: 2, interruptionCount: 0 });
    const ours = judge(known, { result: { kind: 'failure', failure: 'aborted' }, endedAtMs: 7, jitter: 0 });
    expect(ours).toMatchObject({ state: 'retrying', retryCount: 1, interruptionCount: 1, retryAtMs: 7 });
  });

  const mended = /filter.*captive portal/;

  it('tries until the deadline, further and further apart, while our own network stands in the way', () => {
    const known: VerdictFacts = { ...KNOWN, policy: { ...KNOWN.policy, maxRetries: 0, maxMs: 60_000 }, service: 'fcm' };
    const scene = { host: 'fcm.googleapis.com', address: '0.0.0.0' };
    const result: PushResult = { kind: 'failure', failure: 'dns_sinkhole', scene };
    const judgedAfter = (attemptCount: number, endedAtMs = 0) =>
      judge({ ...known, attemptCount }, { result, endedAtMs, jitter: 0.5 });
    expect([0, 1, 3, 20, 5000].map((count) => judgedAfter(count).retryAtMs)).toEqual([500, 1000, 4000, 30_000, 30_000]);
    expect(judgedAfter(5000)).toMatchObject({
      state: 'retrying',
      retryCount: 0,
      effect: null,
      outcome: {
        remedy: expect.stringMatching(/^Your DNS answers 0\.0\.0\.0 for fcm\.googleapis\.com: .*tries again/),
      },
    });
    // The last one says what to mend, too.
    const last = judgedAfter(3, 999_999);
    expect(last).toMatchObject({ state: 'expired', effect: null, outcome: { remedy: expect.stringMatching(mended) } });
    expect(last.outcome.remedy).toMatch(/replay the delivery with a new `ttl_seconds`/);
  });
});
