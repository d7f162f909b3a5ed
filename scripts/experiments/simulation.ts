import { decide } from '../../src/domain/experiment/decision.ts';
import type { VariantResult } from '../../src/domain/experiment/experiment.ts';
import { rateInterval } from '../../src/domain/experiment/rate-interval.ts';
import { hasSampleRatio } from '../../src/domain/experiment/sample-ratio.ts';

/** A world in which the truth is known: the true rate of each variant, and whom it really gets. */
export type World = {
  readonly rates: readonly number[];
  readonly users: number;
  /** How many users come between two looks. */
  readonly lookEvery: number;
  /** Shares of users as they really are; left out, alike, as the weights say. */
  readonly shares?: readonly number[];
};

export type Outcome = {
  /** Which variant was named the winner, at whichever look it was first; null where none was. */
  readonly winner: number | null;
  readonly usersAtEnd: number;
  readonly wasSuspicious: boolean;
  /** Whether at any look the true rate of any variant lay outside of its interval. */
  readonly hasMissed: boolean;
};

/** One experiment, looked at again and again. Its draws follow from the seed. */
function simulate({ rates, users, lookEvery, shares }: World, seed: number): Outcome {
  const random = drawsOf(seed);
  const counts = rates.map(() => ({ users: 0, successes: 0 }));
  const upTo = (shares ?? rates.map(() => 1 / rates.length)).map((_, index, all) =>
    all.slice(0, index + 1).reduce((sum, share) => sum + share, 0),
  );
  let [hasMissed, wasSuspicious] = [false, false];
  for (let came = 1; came <= users; came += 1) {
    const place = random();
    const index = Math.max(
      0,
      upTo.findIndex((end) => place < end),
    );
    const count = counts[index];
    if (count !== undefined) {
      count.users += 1;
      if (random() < (rates[index] ?? 0)) count.successes += 1;
    }
    if (came % lookEvery !== 0) continue;
    const results = counts.map(
      (each, key): VariantResult => ({ key: String(key), weight: 1, delivered: each.users, ...each }),
    );
    hasMissed ||= results.some((each, key) => isOutside(each, rates[key] ?? 0, results.length));
    wasSuspicious ||= !hasSampleRatio(results);
    const decision = decide(results);
    if (decision.kind === 'winner') return { winner: Number(decision.key), usersAtEnd: came, wasSuspicious, hasMissed };
  }
  return { winner: null, usersAtEnd: users, wasSuspicious, hasMissed };
}

function isOutside({ successes, delivered }: VariantResult, rate: number, variants: number): boolean {
  const { from, to } = rateInterval(successes, delivered, 0.05 / variants);
  return rate < from || rate > to;
}

/** How often each thing happened, in a number of experiments of one world. */
export function frequencies(world: World, seeds: number) {
  const outcomes = Array.from({ length: seeds }, (_, seed) => simulate(world, seed + 1));
  const share = (of: (outcome: Outcome) => boolean) => outcomes.filter(of).length / seeds;
  const best = world.rates.indexOf(Math.max(...world.rates));
  const users = outcomes.map(({ usersAtEnd }) => usersAtEnd).toSorted((one, two) => one - two);
  return {
    named: share(({ winner }) => winner !== null),
    namedBest: share(({ winner }) => winner === best),
    suspicious: share(({ wasSuspicious }) => wasSuspicious),
    missed: share(({ hasMissed }) => hasMissed),
    medianUsers: users[Math.floor(users.length / 2)] ?? 0,
  };
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
