import type { VariantResult } from './experiment.ts';
import { hasSampleRatio } from './sample-ratio.ts';

/** The chance that a winner is named though all are alike, however often one looks. */
export const ALPHA = 0.05;

/** Before each variant has so many users, and all together so many successes, a rate is no normal quantity. */
const LEAST_USERS = 100;
const LEAST_SUCCESSES = 20;

/** The border is tightest at some nine times this: about 2 000 users a variant where 5 % click. */
const TUNED_TO = 2000;

/** Beyond so many times the users there are, nobody can say. */
const MOST_TIMES = 1000;

/**
 * `winner`: its rate is above that of each other. `open`: about how many users more it takes should the rates stay as they are; null
 * where nobody can say. `suspicious`: the users did not come in the proportion of the weights.
 */
export type Decision =
  | { readonly kind: 'winner'; readonly key: string }
  | { readonly kind: 'open'; readonly usersNeeded: number | null }
  | { readonly kind: 'suspicious' };

/**
 * What may be said of an experiment at this moment, and at any other. Each pair is compared by the difference of its rates, over the
 * information about it, against the border of a normal mixture that it crosses with the chance of `ALPHA`, shared by all pairs.
 */
export function decide(results: readonly VariantResult[]): Decision {
  if (!hasSampleRatio(results)) return { kind: 'suspicious' };
  const [best, ...others] = results.toSorted((one, two) => rateOf(two) - rateOf(one));
  if (best === undefined || others.length === 0) return { kind: 'open', usersNeeded: null };
  const alpha = (ALPHA * 2) / (results.length * (results.length - 1));
  const times = Math.max(...others.map((other) => timesToTell(best, other, alpha)));
  const successes = results.reduce((sum, each) => sum + each.successes, 0);
  const isEnough = results.every(({ delivered }) => delivered >= LEAST_USERS) && successes >= LEAST_SUCCESSES;
  if (times <= 1 && isEnough) return { kind: 'winner', key: best.key };
  const delivered = results.reduce((sum, each) => sum + each.delivered, 0);
  if (times > MOST_TIMES || delivered === 0) return { kind: 'open', usersNeeded: null };
  const least = LEAST_USERS * results.length - delivered;
  return { kind: 'open', usersNeeded: Math.max(1, least, Math.ceil(delivered * (times - 1))) };
}

/** Of users with at least one `delivered`. */
export function rateOf({ successes, delivered }: Pick<VariantResult, 'successes' | 'delivered'>): number {
  return delivered === 0 ? 0 : successes / delivered;
}

/** How many times the users there are it takes to tell two rates apart; 1 where they can be told apart now. */
function timesToTell(best: VariantResult, other: VariantResult, alpha: number): number {
  const difference = rateOf(best) - rateOf(other);
  const information = 1 / (varianceOf(best) + varianceOf(other));
  const tells = (times: number): boolean => difference * information * times > border(information * times, alpha);
  if (tells(1)) return 1;
  if (!tells(MOST_TIMES)) return MOST_TIMES + 1;
  let [from, to] = [1, MOST_TIMES];
  while (to / from > 1.01) {
    const middle = Math.sqrt(from * to);
    if (tells(middle)) to = middle;
    else from = middle;
  }
  return to;
}

/** What a Brownian motion without drift ever crosses with the chance of `alpha` (Robbins 1970), at this time of its own. */
function border(information: number, alpha: number): number {
  const sum = information + TUNED_TO;
  return Math.sqrt(sum * Math.log(sum / (TUNED_TO * alpha ** 2)));
}

/** Of a rate, with one success and one failure more, so that it is never taken for sure. */
function varianceOf({ successes, delivered }: VariantResult): number {
  const rate = (successes + 1) / (delivered + 2);
  return (rate * (1 - rate)) / Math.max(delivered, 1);
}
