import { DELIVERY_STATES, type DeliveryState, OPEN_STATES, WAITING_STATES } from '../../../domain/delivery/delivery.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import { DEAD_LETTER_INDEXES, DEAD_LETTER_QUERIES } from './dead-letter-queries.ts';
import { type OfNotification, ofNotification } from './delivery-ids.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';
import { TOPIC_INDEXES, TOPIC_QUERIES } from './topic-queries.ts';

export const DUE: StoreIndex = { name: 'due', key: { priority: 1, dueAtMs: 1 }, only: { dueAtMs: { $gte: 0 } } };
export const STATE: StoreIndex = { name: 'state', key: { state: 1, _id: 1 } };
/** Nothing in it changes in a delivery's life. */
export const USER: StoreIndex = { name: 'user', key: { userId: 1, _id: -1 } };
const ATTEMPTED: StoreIndex = { name: 'attempted', key: { notificationId: 1, _id: 1 }, only: { isAttempted: true } };
const ENDED: StoreIndex = {
  name: 'ended',
  key: { retainedFrom: 1 },
  only: { retainedFrom: { $gt: new Date(0) } },
  expires: 'after_retention',
};

const SENDING: StoreIndex = { name: 'sending', key: { subscriptionId: 1 }, only: { state: 'sending' } };

export const DELIVERY_INDEXES = [DUE, STATE, ...DEAD_LETTER_INDEXES, USER, ATTEMPTED, ENDED, ...TOPIC_INDEXES, SENDING];

export const DELIVERY_BY_ID: NamedQuery<string> = {
  name: 'delivery by id',
  collection: 'deliveries',
  purpose: 'one delivery',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const DELIVERIES_BY_ID: NamedQuery<readonly string[]> = {
  name: 'deliveries by id',
  collection: 'deliveries',
  purpose: 'a batch to claim, or to show',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const VERSION_OF_DELIVERY: NamedQuery<{ readonly id: string; readonly version: number }> = {
  name: 'version of a delivery',
  collection: 'deliveries',
  purpose: 'the conditional write of one claim or settlement',
  index: BY_ID,
  filter: ({ id, version }) => ({ _id: id, version }),
};

export const VERSION_OF_DELIVERIES: NamedQuery<{ readonly ids: readonly string[]; readonly version: number }> = {
  name: 'version of deliveries',
  collection: 'deliveries',
  purpose: 'the conditional write of many claims or settlements',
  index: BY_ID,
  filter: ({ ids, version }) => ({ _id: { $in: ids }, version }),
};

export const WRITES_OF_DELIVERIES: NamedQuery<readonly string[]> = {
  name: 'writes of deliveries',
  collection: 'deliveries',
  purpose: 'which writes of a batch counted, asked only where not all did',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
  projection: { writes: 1 },
};

export const DUE_DELIVERIES: NamedQuery<{ readonly priority: Priority; readonly untilMs: number }> = {
  name: 'due deliveries',
  collection: 'deliveries',
  purpose: 'of one priority, whose time has come; most overdue first',
  index: DUE,
  filter: ({ priority, untilMs }) => ({ priority, dueAtMs: { $gte: 0, $lte: untilMs } }),
  sort: { dueAtMs: 1 },
  projection: { userId: 1, origin: 1, state: 1, attemptCount: 1, deadlineAtMs: 1, dueAtMs: 1 },
};

type Waiting = { readonly id: string; readonly attemptCount: number };

export const WAITING_DELIVERY: NamedQuery<Waiting> = {
  name: 'waiting delivery',
  collection: 'deliveries',
  purpose: 'one to be postponed, unless it has moved on',
  index: BY_ID,
  filter: ({ id, attemptCount }) => ({ _id: id, state: { $in: WAITING_STATES }, attemptCount }),
};

export const SENDING_TO_SUBSCRIPTIONS: NamedQuery<readonly string[]> = {
  name: 'sending to subscriptions',
  collection: 'deliveries',
  purpose: 'whether another push to the same subscription is under way',
  index: SENDING,
  filter: (subscriptionIds) => ({ subscriptionId: { $in: subscriptionIds }, state: 'sending' }),
  projection: { subscriptionId: 1, deadlineAtMs: 1, dueAtMs: 1 },
};

export const ALL_OF_NOTIFICATION: NamedQuery<OfNotification> = {
  name: 'all of a notification',
  collection: 'deliveries',
  purpose: 'a page of its deliveries',
  index: BY_ID,
  filter: (place) => ({ _id: ofNotification(place) }),
  sort: { _id: 1 },
};

export const STATE_OF_NOTIFICATION: NamedQuery<OfNotification & { readonly state: DeliveryState }> = {
  name: 'one state of a notification',
  collection: 'deliveries',
  purpose: 'a page of its deliveries in one state',
  index: STATE,
  filter: ({ state, ...place }) => ({ state, _id: ofNotification(place) }),
  sort: { _id: 1 },
};

export const ATTEMPTED_OF_NOTIFICATION: NamedQuery<OfNotification> = {
  name: 'attempted of a notification',
  collection: 'deliveries',
  purpose: 'a page of its deliveries with attempts',
  index: ATTEMPTED,
  filter: ({ notificationId, afterId }) => ({
    notificationId,
    isAttempted: true,
    _id: ofNotification({ notificationId, afterId }),
  }),
  sort: { _id: 1 },
};

/** The states are all named so that the index, which begins with them, can serve. */
export const STATES_OF_NOTIFICATION: NamedQuery<string> = {
  name: 'states of a notification',
  collection: 'deliveries',
  purpose: 'its deliveries counted by state, from the index alone',
  index: STATE,
  filter: (notificationId) => ({
    state: { $in: DELIVERY_STATES },
    _id: ofNotification({ notificationId, afterId: null }),
  }),
  projection: { _id: 0, state: 1 },
};

export const OPEN_OF_NOTIFICATION: NamedQuery<string> = {
  name: 'open of a notification',
  collection: 'deliveries',
  purpose: 'whether any of its deliveries is not final, from the index alone',
  index: STATE,
  filter: (notificationId) => ({
    state: { $in: OPEN_STATES },
    _id: ofNotification({ notificationId, afterId: null }),
  }),
  projection: { _id: 1 },
};

export const WAITING_OF_NOTIFICATION: NamedQuery<string> = {
  name: 'waiting of a notification',
  collection: 'deliveries',
  purpose: 'what is to end unsent once it is cancelled',
  index: STATE,
  filter: (notificationId) => ({
    state: { $in: WAITING_STATES },
    _id: ofNotification({ notificationId, afterId: null }),
  }),
};

/** One user's, with ids in a range: they begin with the time of their notification. */
type OfUser = { readonly userId: string; readonly atLeast: string; readonly below: string };

const ofUser = ({ userId, atLeast, below }: OfUser) => ({ userId, _id: { $gte: atLeast, $lt: below } });

export const ALL_OF_USER: NamedQuery<OfUser> = {
  name: 'all of a user',
  collection: 'deliveries',
  purpose: 'a page of the deliveries to one user; newest notification first',
  index: USER,
  filter: ofUser,
  sort: { _id: -1 },
};

export const IDS_OF_USER: NamedQuery<OfUser> = {
  name: 'ids of a user',
  collection: 'deliveries',
  purpose: 'which notifications have deliveries to one user, from the index alone',
  index: USER,
  filter: ofUser,
  sort: { _id: -1 },
  projection: { _id: 1 },
};

export const USER_OF_NOTIFICATION: NamedQuery<OfNotification & { readonly userId: string }> = {
  name: 'one user of a notification',
  collection: 'deliveries',
  purpose: 'a page of its deliveries to one user',
  index: USER,
  filter: ({ userId, ...place }) => ({ userId, _id: ofNotification(place) }),
  sort: { _id: 1 },
};

export const DELIVERY_QUERIES = [
  DELIVERY_BY_ID,
  DELIVERIES_BY_ID,
  VERSION_OF_DELIVERY,
  VERSION_OF_DELIVERIES,
  WRITES_OF_DELIVERIES,
  DUE_DELIVERIES,
  WAITING_DELIVERY,
  ...TOPIC_QUERIES,
  SENDING_TO_SUBSCRIPTIONS,
  ALL_OF_NOTIFICATION,
  STATE_OF_NOTIFICATION,
  ATTEMPTED_OF_NOTIFICATION,
  STATES_OF_NOTIFICATION,
  OPEN_OF_NOTIFICATION,
  WAITING_OF_NOTIFICATION,
  ...DEAD_LETTER_QUERIES,
  ALL_OF_USER,
  IDS_OF_USER,
  USER_OF_NOTIFICATION,
] as const;
