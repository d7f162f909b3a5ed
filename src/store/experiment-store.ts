import type {
  ExperimentMark,
  ExperimentOutcome,
  ExperimentTerms,
  VariantCounts,
} from '../domain/experiment/experiment.ts';
import type { Page, PageRequest } from './page.ts';

/** An experiment since the first notification that used it. */
export type KeptExperiment = {
  readonly terms: ExperimentTerms;
  /** The notification whose test it is; null: it has no test, and further notifications may use it. */
  readonly notificationId: string | null;
  readonly createdAtMs: number;
  /** Until when the last of its notifications is worth sending, from which retention counts. */
  readonly usedUntilMs: number;
  /** Null before, and where there is no test. */
  readonly decided: ExperimentOutcome | null;
};

/** That this outcome holds for the test of a notification, from its wave on. */
export type Deciding = {
  readonly experimentKey: string;
  readonly notificationId: string;
  readonly waveAtMs: number;
  readonly outcome: ExperimentOutcome;
};

/** `isNew`: by this call. */
export type Decided = { readonly outcome: ExperimentOutcome; readonly isNew: boolean };

/** `isWhole`: nothing that was kept before is missing in them. */
export type ExperimentCounts = { readonly counts: ReadonlyMap<string, VariantCounts>; readonly isWhole: boolean };

/** Experiments that notifications use. They are kept by the commit that accepts the first of them. */
export interface ExperimentStore {
  get(key: string): Promise<KeptExperiment | null>;
  /** Newest first. */
  list(page: PageRequest): Promise<Page<KeptExperiment>>;
  /**
   * What users came to, by variant, with all that was kept before this call. Counts are kept as such: reading them reads no users,
   * however many there are.
   */
  counts(key: string): Promise<ReadonlyMap<string, VariantCounts>>;
  /**
   * As `counts`, but for what is left to count after so long: then the rest is counted in the background, and the answer says that it is
   * not whole.
   */
  countsWithin(key: string, patienceMs: number): Promise<ExperimentCounts>;
  /**
   * Decides the test of a notification by one conditional write, with its event. The first to decide is the one that counts: gives the
   * outcome that stands. Null, and nothing written, where the notification was called off, or is in another wave.
   */
  decide(deciding: Deciding): Promise<Decided | null>;
  /** All that is kept of a user, in no order. */
  ofUser(userId: string): Promise<readonly ExperimentMark[]>;
}
