import { type DeliveryState, FINAL_STATES, type FinalState, OPEN_STATES } from '../../../domain/delivery/delivery.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import type { RollupSpan } from '../../../domain/tally/rollup.ts';
import { ofNotification } from './delivery-ids.ts';
import { DUE, STATE } from './delivery-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';
import { ACTIVE } from './subscription-queries.ts';

/** Counts by name. */
type Counts = Readonly<Record<string, number>>;

/**
 * What one process has counted since its start; and, as `base`, what all those that are gone have. Together they are the
 * tallies. Each process writes its own document, so that none waits for another.
 */
export type TallyDocument = {
  readonly _id: string;
  readonly counts: Counts;
  /** Of a process: when it last said that it lives, and whether it has said that it ends. */
  readonly beatAtMs?: number;
  readonly isClosed?: boolean;
  /** It is being added to `base`, and takes nothing more. */
  readonly isFolded?: boolean;
  /** Of `base`: the processes that are in it already; whether rows were ever counted, and have to be again. */
  readonly folded?: readonly string[];
  readonly isCounted?: boolean;
  readonly isRecountDue?: boolean;
  readonly recountedAtMs?: number;
  readonly version?: number;
};

/** What one process settled within one stretch of time, by service, state and outcome. */
export type RollupDocument = {
  readonly _id: string;
  readonly span: RollupSpan;
  readonly atMs: number;
  readonly counts: Counts;
  readonly latencyMs: Counts;
  readonly expiresAt: Date;
};

export const TALLIES: NamedQuery<null> = {
  name: 'tallies',
  collection: 'tallies',
  purpose: 'what each process counted: a handful of documents',
  index: BY_ID,
  filter: () => ({ _id: { $gte: '' } }),
};

const STRETCH: StoreIndex = { name: 'stretch', key: { span: 1, atMs: 1 } };
const EXPIRY: StoreIndex = { name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' };

export const ROLLUP_INDEXES = [STRETCH, EXPIRY];

type Stretches = { readonly span: RollupSpan; readonly fromMs: number; readonly untilMs: number };

export const ROLLUPS: NamedQuery<Stretches> = {
  name: 'rollups',
  collection: 'rollups',
  purpose: 'what settlements came to, by minute or hour',
  index: STRETCH,
  filter: ({ span, fromMs, untilMs }) => ({ span, atMs: { $gte: fromMs, $lt: untilMs } }),
  sort: { atMs: 1 },
};

export const EXPIRED_ROLLUPS: NamedQuery<Date> = {
  name: 'expired rollups',
  collection: 'rollups',
  purpose: 'what the TTL index has not deleted yet',
  index: EXPIRY,
  filter: (instant) => ({ expiresAt: { $lt: instant } }),
};

export const MOST_OVERDUE: NamedQuery<{ readonly priority: Priority; readonly nowMs: number }> = {
  name: 'most overdue',
  collection: 'deliveries',
  purpose: 'of one priority, since when the first has waited that is due',
  index: DUE,
  filter: ({ priority, nowMs }) => ({ priority, dueAtMs: { $gt: 0, $lte: nowMs } }),
  sort: { dueAtMs: 1 },
  projection: { dueAtMs: 1 },
};

type EndedOf = { readonly notificationId: string; readonly state: FinalState };

export const ENDED_OF_NOTIFICATION: NamedQuery<EndedOf> = {
  name: 'ended of a notification',
  collection: 'deliveries',
  purpose: 'its final deliveries, state by state, to be forgotten with it',
  index: STATE,
  filter: ({ notificationId, state }) => ({ state, _id: ofNotification({ notificationId, afterId: null }) }),
};

export const ENDED_STATES: NamedQuery<null> = {
  name: 'ended by state',
  collection: 'deliveries',
  purpose: 'all that have ended, counted by state from the index alone; once a day, and after a crash',
  index: STATE,
  filter: () => ({ state: { $in: FINAL_STATES } }),
  projection: { _id: 0, state: 1 },
};

export const OPEN_STATES_BY_PRIORITY: NamedQuery<null> = {
  name: 'open by state',
  collection: 'deliveries',
  purpose: 'all that are open, counted by priority and state; as often',
  index: STATE,
  filter: () => ({ state: { $in: OPEN_STATES } }),
  projection: { _id: 0, state: 1, priority: 1 },
};

export const ACTIVE_BY_SERVICE: NamedQuery<null> = {
  name: 'active by push service',
  collection: 'subscriptions',
  purpose: 'all that are active, counted by where they lead; as often',
  index: ACTIVE,
  filter: () => ({ isActive: true }),
  projection: { _id: 0, endpoint: 1, quarantinedSinceMs: 1 },
};

export type StateCount = {
  readonly _id: { readonly state: DeliveryState; readonly priority?: Priority };
  readonly count: number;
};

export const TALLY_QUERIES = [
  TALLIES,
  MOST_OVERDUE,
  ENDED_OF_NOTIFICATION,
  ROLLUPS,
  EXPIRED_ROLLUPS,
  ENDED_STATES,
  OPEN_STATES_BY_PRIORITY,
  ACTIVE_BY_SERVICE,
] as const;
