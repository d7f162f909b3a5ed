import { logGamma } from './log-gamma.ts';

/** Where a rate lies, whenever it is looked at: the chance that it ever lies outside is `alpha` at most. */
export type Interval = { readonly from: number; readonly to: number };

/** Halvings of [0, 1]: to some 12 digits. */
const STEPS = 40;

/**
 * An anytime-valid interval of a rate: those rates against which the evidence has not reached 1/alpha. The evidence is the ratio of how
 * likely `successes` of `trials` are under all rates alike, and under this one, a martingale where this one is true (Ville’s
 * inequality; Robbins 1970). So looking often does no harm.
 */
export function rateInterval(successes: number, trials: number, alpha: number): Interval {
  if (trials === 0) return { from: 0, to: 1 };
  const failures = trials - successes;
  const limit = Math.log(1 / alpha);
  const mixed = logGamma(successes + 1) + logGamma(failures + 1) - logGamma(trials + 2);
  const isRefuted = (rate: number): boolean => {
    const own = timesLog(successes, rate) + timesLog(failures, 1 - rate);
    return mixed - own >= limit;
  };
  const mean = successes / trials;
  return { from: border(isRefuted, 0, mean), to: border(isRefuted, 1, mean) };
}

/** Between a rate that may be refuted and one that is not: where it begins to hold, rounded towards the former. */
function border(isRefuted: (rate: number) => boolean, outside: number, inside: number): number {
  if (!isRefuted(outside)) return outside;
  let [out, within] = [outside, inside];
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (out + within) / 2;
    if (isRefuted(middle)) out = middle;
    else within = middle;
  }
  return out;
}

/** None of something counts nothing, however unlikely it is. */
function timesLog(count: number, probability: number): number {
  return count === 0 ? 0 : count * Math.log(probability);
}
