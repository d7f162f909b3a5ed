import type { ExperimentTerms, VariantCounts, VariantResult } from './experiment.ts';
import { NO_COUNTS } from './terms.ts';

/** What is known of each variant, in their order. */
export function resultsOf(
  { variants, metric }: Pick<ExperimentTerms, 'variants' | 'metric'>,
  counts: ReadonlyMap<string, VariantCounts>,
): readonly VariantResult[] {
  return variants.map(({ key, weight }) => {
    const { users, delivered, ...seen } = counts.get(key) ?? NO_COUNTS;
    return { key, weight, users, delivered, successes: seen[metric] };
  });
}
