import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frequencies } from '../../../scripts/experiments/simulation.ts';
import { sayOf } from '../../../src/domain/experiment/account.ts';
import { assign, placeOf } from '../../../src/domain/experiment/assignment.ts';
import { ALPHA, decide } from '../../../src/domain/experiment/decision.ts';
import type { Experiment, VariantResult } from '../../../src/domain/experiment/experiment.ts';
import { logGamma } from '../../../src/domain/experiment/log-gamma.ts';
import { rateInterval } from '../../../src/domain/experiment/rate-interval.ts';
import { hasSampleRatio } from '../../../src/domain/experiment/sample-ratio.ts';

const USERS = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
const experiment = (overrides: Partial<Experiment> = {}): Experiment => ({
  key: 'greeting',
  holdoutPercent: 0,
  testPercent: null,
  variants: [
    { key: 'a', weight: 1 },
    { key: 'b', weight: 3 },
  ],
  ...overrides,
});
const result = (key: string, delivered: number, successes: number, weight = 1): VariantResult => ({
  key,
  weight,
  users: delivered,
  delivered,
  successes,
});

describe('assignment', () => {
  it('is the same for the same user, for good', () => {
    // Written down: another version must not have these users change sides.
    expect(['ada', 'bob', 'grace'].map((user) => placeOf('greeting', user).toFixed(6))).toMatchInlineSnapshot(`
      [
        "0.759711",
        "0.146626",
        "0.108721",
      ]
    `);
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, user) => {
        const place = placeOf(key, user);
        expect(place >= 0 && place < 1).toBe(true);
        expect(assign(experiment({ key }), user)).toEqual(assign(experiment({ key }), user));
      }),
    );
  });

  it('comes in the proportions that were asked for, whatever another experiment does', () => {
    const of = experiment({ holdoutPercent: 10, testPercent: 40 });
    const shares = (users: readonly string[]) => {
      const counts = { holdout: 0, waiting: 0, a: 0, b: 0 };
      for (const user of users) {
        const found = assign(of, user);
        counts[found.kind === 'variant' ? (found.key as 'a' | 'b') : found.kind] += 1 / users.length;
      }
      return counts;
    };
    const other = experiment({
      key: 'colour',
      variants: [
        { key: 'a', weight: 1 },
        { key: 'c', weight: 1 },
      ],
    });
    const ofOther = USERS.filter((user) => JSON.stringify(assign(other, user)).includes('"c"'));
    for (const { holdout, waiting, a, b } of [shares(USERS), shares(ofOther)]) {
      expect(holdout).toBeCloseTo(0.1, 1.7);
      expect(waiting).toBeCloseTo(0.5, 1.7);
      expect(a).toBeCloseTo(0.1, 1.7);
      expect(b).toBeCloseTo(0.3, 1.7);
    }
  });

  it('leaves who takes part where they are when the test grows, and lets all take part without one', () => {
    const small = experiment({ testPercent: 20, variants: [{ key: 'a', weight: 1 }] });
    for (const user of USERS.slice(0, 500)) {
      if (assign(small, user).kind === 'variant')
        expect(assign({ ...small, testPercent: 60 }, user).kind).toBe('variant');
      expect(assign(experiment(), user).kind).toBe('variant');
    }
  });
});

describe('what may be said', () => {
  it('goes by the logarithm of the gamma function', () => {
    let factorial = 1;
    for (let n = 1; n < 20; n += 1) {
      factorial *= n;
      expect(logGamma(n + 1)).toBeCloseTo(Math.log(factorial), 10);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
  });

  it('has the rate in its interval, and a narrower one with more users', () => {
    expect(rateInterval(0, 0, ALPHA)).toEqual({ from: 0, to: 1 });
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (successes, failures) => {
        const trials = successes + failures;
        fc.pre(trials > 0);
        const { from, to } = rateInterval(successes, trials, ALPHA);
        expect(from >= 0 && to <= 1 && from <= successes / trials && successes / trials <= to).toBe(true);
        const more = rateInterval(10 * successes, 10 * trials, ALPHA);
        expect(more.to - more.from).toBeLessThan(to - from + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('is total, and names a winner only where its rate is the highest', () => {
    const some = fc.tuple(fc.nat(5000), fc.nat(100)).map(([delivered, percent]) => [delivered, percent] as const);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), (counts) => {
        const results = counts.map(([n, percent], index) => result(`v${index}`, n, Math.floor((n * percent) / 100)));
        const decision = decide(results);
        expect(sayOf(decision, results, 'clicked')).not.toMatch(/NaN|Infinity|undefined/);
        if (decision.kind !== 'winner') return;
        const rates = results.map(({ successes, delivered }) => (delivered === 0 ? 0 : successes / delivered));
        expect(results[rates.indexOf(Math.max(...rates))]?.key).toBe(decision.key);
      }),
    );
  });

  it('is a sentence for people', () => {
    const clear = [result('a', 4000, 160), result('b', 4000, 280)];
    expect(sayOf(decide(clear), clear, 'clicked')).toBe('b wins: 7.0 % of b clicked, against 4.0 % of a.');
    const near = [result('a', 1000, 50), result('b', 1000, 65)];
    expect(decide(near)).toMatchObject({ kind: 'open', usersNeeded: expect.any(Number) });
    expect(sayOf(decide(near), near, 'clicked')).toMatch(/it takes about 7400 users more/);
    const alike = [result('a', 1000, 50), result('b', 1000, 50)];
    expect(sayOf(decide(alike), alike, 'clicked')).toContain('too much alike');
    const lopsided = [result('a', 5000, 250), result('b', 4000, 200)];
    expect(sayOf(decide(lopsided), lopsided, 'clicked')).toContain('Do not go by these rates');
    expect(hasSampleRatio([result('a', 1000, 0, 1), result('b', 3000, 0, 3)])).toBe(true);
  });

  it('errs no more often than it may in 200 A/A tests over 10 000 users, looked at 50 times each', () => {
    const { named, missed, suspicious } = frequencies({ rates: [0.05, 0.05], users: 10_000, lookEvery: 200 }, 200);
    expect(named).toBeLessThanOrEqual(ALPHA);
    expect(missed).toBeLessThanOrEqual(ALPHA);
    expect(suspicious).toBeLessThanOrEqual(0.01);
  });

  it('finds what is there: a better variant, and users who came in another proportion', () => {
    const looks = { users: 10_000, lookEvery: 500 };
    const { namedBest, named } = frequencies({ ...looks, rates: [0.05, 0.07] }, 100);
    expect(namedBest).toBeGreaterThan(0.8);
    expect(named - namedBest).toBeLessThan(0.03);
    expect(frequencies({ ...looks, rates: [0.05, 0.05], shares: [0.54, 0.46] }, 50).suspicious).toBeGreaterThan(0.9);
  });
});
