/** What is compared: users who clicked, or users who were shown it, among those with at least one `delivered`. */
export type Metric = 'clicked' | 'shown';

/** A variant, and how many users it gets in proportion to the others. */
type WeightedVariant = { readonly key: string; readonly weight: number };

/**
 * `holdoutPercent` get nothing. `testPercent` take part, split by weight; null: all the others do. Who is neither waits for the
 * decision.
 */
export type Experiment = {
  readonly key: string;
  readonly holdoutPercent: number;
  readonly testPercent: number | null;
  readonly variants: readonly WeightedVariant[];
};

/** What is known of a variant: users it went to, and of those with at least one `delivered`, in how many the metric was seen. */
export type VariantResult = WeightedVariant & {
  readonly users: number;
  readonly delivered: number;
  readonly successes: number;
};
