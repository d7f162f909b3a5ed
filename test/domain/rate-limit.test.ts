import fc from 'fast-check';
import { expect, it } from 'vitest';
import { perMinute, type RateLimit, refillOfBurstMs, spendOne } from '../../src/domain/rate-limit.ts';

/** How many of these instants a limit lets through, and the waits it names to the others. */
function spendAt(limit: RateLimit, instants: readonly number[]) {
  let fullAtMs: number | null = null;
  const waits: number[] = [];
  let allowed = 0;
  for (const nowMs of instants) {
    const spent = spendOne(limit, fullAtMs, nowMs);
    if (spent.kind === 'refused') waits.push(spent.waitMs);
    else [fullAtMs, allowed] = [spent.fullAtMs, allowed + 1];
  }
  return { allowed, waits };
}

it('lets a burst through, and then one each refill', () => {
  const limit = { burst: 3, refillMs: 1000 };
  expect(spendAt(limit, [5, 5, 5, 5, 400])).toEqual({ allowed: 3, waits: [1000, 605] });
  expect(spendAt(limit, [5, 5, 5, 1004, 1005, 1006])).toEqual({ allowed: 4, waits: [1, 999] });
  expect(spendAt(limit, [0, 0, 0, 3000, 3000, 3000, 3000]).allowed).toBe(6);
});

it.each([1, 3, 7, 30, 59, 1000])('%s a minute are so many at once, and no more within the refill of one', (count) => {
  const limit = perMinute(count);
  const instants = Array.from({ length: count + 5 }, () => 1_767_225_600_000);
  expect(spendAt(limit, instants).allowed).toBe(count);
  expect(Math.abs(refillOfBurstMs(limit) - 60_000)).toBeLessThan(count);
});

it('does not lock a spender out when the clock was set back', () => {
  const limit = { burst: 2, refillMs: 1000 };
  const { fullAtMs } = spendOne(limit, null, 9_000_000_000) as { fullAtMs: number };
  expect(spendOne(limit, fullAtMs, 1000)).toEqual({ kind: 'refused', waitMs: 1000 });
  expect(spendOne(limit, fullAtMs, 9_000_000_000)).toMatchObject({ kind: 'allowed' });
});

it('never lets more through within any span than a burst and what came back, and lets through who waits', () => {
  const limits = fc.record({ burst: fc.integer({ min: 1, max: 20 }), refillMs: fc.integer({ min: 1, max: 5000 }) });
  const gaps = fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(limits, gaps, (limit, steps) => {
      let nowMs = 1_000_000;
      let fullAtMs: number | null = null;
      const allowedAt: number[] = [];
      for (const step of steps) {
        nowMs += step;
        const spent = spendOne(limit, fullAtMs, nowMs);
        if (spent.kind === 'allowed') {
          fullAtMs = spent.fullAtMs;
          allowedAt.push(nowMs);
        } else {
          expect(spendOne(limit, fullAtMs, nowMs + spent.waitMs).kind).toBe('allowed');
          expect(spendOne(limit, fullAtMs, nowMs + spent.waitMs - 1).kind).toBe('refused');
        }
      }
      for (const [index, fromMs] of allowedAt.entries()) {
        const within = allowedAt.slice(index);
        for (const [count, atMs] of within.entries()) {
          expect(count + 1).toBeLessThanOrEqual(limit.burst + (atMs - fromMs) / limit.refillMs);
        }
      }
    }),
  );
});
