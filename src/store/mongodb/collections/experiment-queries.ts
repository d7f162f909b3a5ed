import type { ExperimentOutcome } from '../../../domain/experiment/experiment.ts';
import type { DeliveryDocument } from './delivery-document.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** By its key. */
export type ExperimentDocument = {
  readonly _id: string;
  /** JSON: two that say the same have the very same text. */
  readonly terms: string;
  readonly notificationId: string | null;
  readonly createdAtMs: number;
  readonly usedUntilMs: number;
  readonly decided?: ExperimentOutcome;
};

/** That a user came so far. Experiment, user and stage are its id, so that there is one. */
export type ExperimentMarkDocument = {
  readonly _id: string;
  readonly experimentKey: string;
  readonly userId: string;
  /** Variant and stage. */
  readonly name: string;
  readonly isUncounted?: true;
  readonly retainedFrom: Date;
};

const CREATED: StoreIndex = { name: 'created', key: { createdAtMs: -1, _id: -1 } };
const USED: StoreIndex = { name: 'used', key: { usedUntilMs: 1 } };
const EXPERIMENT: StoreIndex = { name: 'experiment', key: { experimentKey: 1 } };
const USER: StoreIndex = { name: 'user', key: { userId: 1 } };
const UNCOUNTED: StoreIndex = {
  name: 'uncounted',
  key: { experimentKey: 1, isUncounted: 1 },
  only: { isUncounted: true },
};

/** Only of deliveries that say something of an experiment which nobody has counted yet. */
const TO_COUNT: StoreIndex = { name: 'to_count', key: { toCount: 1 }, only: { toCount: { $gt: '' } } };

export const EXPERIMENT_INDEXES = [CREATED, USED];
export const EXPERIMENT_MARK_INDEXES = [EXPERIMENT, USER, UNCOUNTED];
export const DELIVERY_TO_COUNT_INDEX = TO_COUNT;

export const EXPERIMENT_BY_KEY: NamedQuery<string> = {
  name: 'experiment by key',
  collection: 'experiments',
  purpose: 'one experiment',
  index: BY_ID,
  filter: (key) => ({ _id: key }),
};

export const EXPERIMENTS_LISTED: NamedQuery<{ readonly atMs: number; readonly key: string }> = {
  name: 'experiments listed',
  collection: 'experiments',
  purpose: 'newest first, from a place on',
  index: CREATED,
  filter: ({ atMs, key }) => ({
    createdAtMs: { $lte: atMs },
    $or: [{ createdAtMs: { $lt: atMs } }, { createdAtMs: atMs, _id: { $lt: key } }],
  }),
  sort: { createdAtMs: -1, _id: -1 },
};

export const EXPERIMENTS_UNUSED: NamedQuery<number> = {
  name: 'experiments unused',
  collection: 'experiments',
  purpose: 'those that nothing has used since, to be forgotten',
  index: USED,
  filter: (beforeMs) => ({ usedUntilMs: { $lt: beforeMs } }),
  projection: { _id: 1 },
};

export const MARKS_OF_EXPERIMENT: NamedQuery<string> = {
  name: 'marks of an experiment',
  collection: 'experiment_marks',
  purpose: 'those that go with it',
  index: EXPERIMENT,
  filter: (experimentKey) => ({ experimentKey }),
};

export const MARKS_OF_USER: NamedQuery<string> = {
  name: 'marks of a user',
  collection: 'experiment_marks',
  purpose: 'which variants a user had, to export or erase them',
  index: USER,
  filter: (userId) => ({ userId }),
};

export const USERS_OF_MARKS: NamedQuery<string> = {
  name: 'users of marks',
  collection: 'experiment_marks',
  purpose: 'who took part in experiments, after a list of erasures came',
  index: USER,
  filter: (after) => ({ userId: { $gt: after } }),
  sort: { userId: 1 },
  projection: { _id: 0, userId: 1 },
};

export const UNCOUNTED_MARKS: NamedQuery<string> = {
  name: 'uncounted marks',
  collection: 'experiment_marks',
  purpose: 'those of an experiment that its counts do not have yet',
  index: UNCOUNTED,
  filter: (experimentKey) => ({ experimentKey, isUncounted: true }),
  projection: { name: 1, retainedFrom: 1 },
};

export const MARKS_BY_ID: NamedQuery<readonly string[]> = {
  name: 'marks by id',
  collection: 'experiment_marks',
  purpose: 'those that were counted, to say so',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const MARK_COUNTS: NamedQuery<string> = {
  name: 'counts of marks',
  collection: 'experiment_counts',
  purpose: 'how many there are of an experiment',
  index: BY_ID,
  filter: (experimentKey) => ({ _id: experimentKey }),
};

export const DELIVERIES_TO_COUNT: NamedQuery<string> = {
  name: 'deliveries to count',
  collection: 'deliveries',
  purpose: 'those that were made, or delivered, and of which an experiment has no marks yet',
  index: TO_COUNT,
  filter: (experimentKey) => ({ toCount: { $eq: experimentKey, $gt: '' } }),
  projection: { userId: 1, variant: 1, state: 1 },
};

/** Counted while they were in one of these two kinds of states: what was delivered since is counted again. */
export const DELIVERIES_COUNTED: NamedQuery<{ readonly ids: readonly string[]; readonly wereDelivered: boolean }> = {
  name: 'deliveries counted',
  collection: 'deliveries',
  purpose: 'those of which there are marks now, to say so',
  index: BY_ID,
  filter: ({ ids, wereDelivered }) => ({ _id: { $in: ids }, ...(!wereDelivered && { state: { $ne: 'delivered' } }) }),
};

export const DELIVERIES_IN_EXPERIMENTS: NamedQuery<readonly string[]> = {
  name: 'deliveries in experiments',
  collection: 'deliveries',
  purpose: 'of whom receipts are, and of which variant',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
  projection: { userId: 1, variant: 1 },
};

/** As much of a delivery as an experiment counts. */
export type CountedDelivery = Pick<DeliveryDocument, '_id' | 'userId' | 'variant' | 'state'>;

export const EXPERIMENT_QUERIES = [
  EXPERIMENT_BY_KEY,
  EXPERIMENTS_LISTED,
  EXPERIMENTS_UNUSED,
  MARKS_OF_EXPERIMENT,
  MARKS_OF_USER,
  USERS_OF_MARKS,
  UNCOUNTED_MARKS,
  MARKS_BY_ID,
  MARK_COUNTS,
  DELIVERIES_TO_COUNT,
  DELIVERIES_COUNTED,
  DELIVERIES_IN_EXPERIMENTS,
] as const;
