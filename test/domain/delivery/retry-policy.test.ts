import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRetry } from '../../../src/domain/delivery/retry-policy.ts';

const policy = { maxRetries: 3, baseMs: 1000, maxMs: 3000 };
const facts = { retryCount: 0, nowMs: 10_000, deadlineAtMs: 1_000_000, retryAfterMs: null, jitter: 0.999 };

describe('decideRetry', () => {
  it('doubles the bound of the wait with each retry, up to the maximum', () => {
    const waits = [0, 1, 2].map((retryCount) => {
      const decision = decideRetry(policy, { ...facts, retryCount });
      return decision.kind === 'retry' ? decision.atMs - facts.nowMs : decision.kind;
    });
    expect(waits).toEqual([999, 1998, 2997]);
  });

  it('draws the wait from the whole range: full jitter', () => {
    expect(decideRetry(policy, { ...facts, jitter: 0 })).toEqual({ kind: 'retry', atMs: facts.nowMs });
  });

  it('ends when the retries are spent', () => {
    expect(decideRetry(policy, { ...facts, retryCount: 3 })).toEqual({ kind: 'exhausted' });
  });

  it('waits at least as long as Retry-After says, even past the maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(900_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, jitter) => {
          const decision = decideRetry(policy, { ...facts, retryAfterMs, jitter });
          expect(decision.kind === 'retry' && decision.atMs).toBeGreaterThanOrEqual(facts.nowMs + retryAfterMs);
        },
      ),
    );
  });

  it('names a retry that would fall on the deadline as past it', () => {
    const late = { ...facts, retryAfterMs: 5000, jitter: 0, deadlineAtMs: facts.nowMs + 5000 };
    expect(decideRetry(policy, late)).toEqual({ kind: 'past_deadline' });
    expect(decideRetry(policy, { ...late, deadlineAtMs: late.deadlineAtMs + 1 }).kind).toBe('retry');
  });
});
