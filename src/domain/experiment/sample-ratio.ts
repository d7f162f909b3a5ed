import type { VariantResult } from './experiment.ts';
import { logGamma } from './log-gamma.ts';

/** How sure the prior is that the weights hold: shares a tenth off are found with a few thousand users. */
const CONCENTRATION = 100;

/** Above this, the shares of users are not those of the weights: a chance of one in a thousand, however often it is looked at. */
const SUSPICIOUS = 1000;

/**
 * Whether the users came to the variants in the proportion of their weights. If not, something is wrong with the experiment itself, and
 * its rates mean nothing. A sequential test of multinomial counts (Lindon and Malek 2022).
 */
export function hasSampleRatio(results: readonly Pick<VariantResult, 'weight' | 'users'>[]): boolean {
  const total = results.reduce((sum, { weight }) => sum + weight, 0);
  const users = results.reduce((sum, each) => sum + each.users, 0);
  let evidence = logGamma(CONCENTRATION) - logGamma(CONCENTRATION + users);
  for (const { weight, users: own } of results) {
    const prior = (CONCENTRATION * weight) / total;
    evidence += logGamma(prior + own) - logGamma(prior) - own * Math.log(weight / total);
  }
  return evidence < Math.log(SUSPICIOUS);
}
