import { AppError } from '../domain/app-error.ts';
import { sayOf } from '../domain/experiment/account.ts';
import { ALPHA, type Decision, decide, rateOf } from '../domain/experiment/decision.ts';
import type { VariantCounts } from '../domain/experiment/experiment.ts';
import { type Interval, rateInterval } from '../domain/experiment/rate-interval.ts';
import { resultsOf } from '../domain/experiment/results.ts';
import { hasSampleRatio } from '../domain/experiment/sample-ratio.ts';
import { NO_COUNTS } from '../domain/experiment/terms.ts';
import type { ExperimentCounts, KeptExperiment } from '../store/experiment-store.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { Store } from '../store/store.ts';

/** A variant, what its users came to, and where the rate of its metric lies. Null: nobody had it delivered. */
export type VariantAccount = VariantCounts & {
  readonly key: string;
  readonly weight: number;
  readonly rate: number | null;
  readonly interval: Interval | null;
};

/** An experiment and what can be said of it at this moment. */
export type ExperimentAccount = {
  readonly experiment: KeptExperiment;
  readonly variants: readonly VariantAccount[];
  readonly hasSampleRatio: boolean;
  readonly decision: Decision;
  readonly sentence: string;
  /** Not all that devices and push services told is counted yet: then nothing is said of who wins. */
  readonly isCounting: boolean;
};

export type Experiments = {
  list(page: PageRequest): Promise<Page<ExperimentAccount>>;
  /** Throws `experiment_not_found`. */
  get(key: string): Promise<ExperimentAccount>;
};

/** A reader waits no longer for what is left to count. */
const COUNTS_FOR_MS = 500;

const STILL_COUNTING = 'Not all is counted yet: these are the counts so far. Look again in a moment.';

/** What people and programs see of experiments. */
export function createExperiments({ store }: { readonly store: Pick<Store, 'experiments'> }): Experiments {
  const { experiments } = store;
  const accountOf = async (experiment: KeptExperiment): Promise<ExperimentAccount> =>
    experimentAccount(experiment, await experiments.countsWithin(experiment.terms.key, COUNTS_FOR_MS));
  return {
    async list(page) {
      const { items, next } = await experiments.list(page);
      return { items: await Promise.all(items.map(accountOf)), next };
    },
    async get(key) {
      const experiment = await experiments.get(key);
      if (experiment === null) throw new AppError('experiment_not_found', 'There is no experiment with this key.');
      return accountOf(experiment);
    },
  };
}

function experimentAccount(experiment: KeptExperiment, { counts, isWhole }: ExperimentCounts): ExperimentAccount {
  const { terms } = experiment;
  const results = resultsOf(terms, counts);
  const decision: Decision = isWhole ? decide(results) : { kind: 'open', usersNeeded: null };
  const variants = results.map((result): VariantAccount => {
    const { key, weight, delivered, successes } = result;
    const isKnown = delivered > 0;
    return {
      ...(counts.get(key) ?? NO_COUNTS),
      key,
      weight,
      rate: isKnown ? rateOf(result) : null,
      interval: isKnown ? rateInterval(successes, delivered, ALPHA / results.length) : null,
    };
  });
  const sentence = isWhole ? sayOf(decision, results, terms.metric) : STILL_COUNTING;
  // A part of the counts may be one-sided by chance of the order in which it was counted.
  const isFair = !isWhole || hasSampleRatio(results);
  return { experiment, variants, hasSampleRatio: isFair, decision, sentence, isCounting: !isWhole };
}
