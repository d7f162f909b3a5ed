/** What is compared: users who clicked, or users who were shown it, among those with at least one `delivered`. */
export const METRICS = ['clicked', 'shown'] as const;
export type Metric = (typeof METRICS)[number];

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

/** What becomes of those who wait, where nothing can be said when the time has come. */
export const IF_INCONCLUSIVE = ['stop', 'send_heaviest'] as const;
type IfInconclusive = (typeof IF_INCONCLUSIVE)[number];

/**
 * What is said of an experiment, but for what its variants say. Where there is a test, `decideAfterSeconds` after it began to go out is
 * decided what the others get; null without a test.
 */
export type ExperimentTerms = Experiment & {
  readonly decideAfterSeconds: number | null;
  readonly metric: Metric;
  readonly ifInconclusive: IfInconclusive;
};

/** The experiment of a notification: each of its variants with what it says. */
export type ExperimentPlan<Content> = Omit<ExperimentTerms, 'variants'> & {
  readonly variants: readonly (WeightedVariant & { readonly content: Content })[];
};

/** What was decided of a test: which variant won, and which the others get; null for none. */
export type ExperimentOutcome = {
  readonly winner: string | null;
  readonly sends: string | null;
  readonly atMs: number;
};

/** The variant of a delivery. Whoever gets it since it won takes no part in the experiment, and has no `experimentKey`. */
export type DeliveryVariant = { readonly key: string; readonly experimentKey?: string };

/** What users of a variant came to, each counted once. A device that tells of a delivery had it: then it counts as delivered. */
export type Stage = 'users' | 'delivered' | 'shown' | 'clicked';
export type VariantCounts = Readonly<Record<Stage, number>>;

/** That a user came so far with a variant: kept once for an experiment, a stage and a user, whatever is repeated. */
export type ExperimentMark = {
  readonly experimentKey: string;
  readonly userId: string;
  readonly variant: string;
  readonly stage: Stage;
};

export const EXPERIMENT_KEY = /^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}$/;
export const MAX_VARIANTS = 10;
export const MAX_WEIGHT = 1000;
