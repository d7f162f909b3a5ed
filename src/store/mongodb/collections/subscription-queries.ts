import { LAST_ID } from '../../cursor.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

const ENDPOINT_USER: StoreIndex = { name: 'endpoint_user', key: { endpointHash: 1, userId: 1 }, isUnique: true };

/** Asked by nobody: it decides between registrations that come at the same time. */
const ENDPOINT_GENERATION: StoreIndex = {
  name: 'endpoint_generation',
  key: { endpointHash: 1, generation: 1 },
  isUnique: true,
};

/** Asked by nobody: it is the rule that one endpoint has one active subscription. */
const ACTIVE_ENDPOINT: StoreIndex = {
  name: 'active_endpoint',
  key: { endpointHash: 1 },
  isUnique: true,
  only: { isActive: true },
};

export const ACTIVE: StoreIndex = { name: 'active', key: { isActive: 1, _id: -1 } };
export const USER: StoreIndex = { name: 'user', key: { userId: 1, _id: -1 } };
const ACTIVE_USER: StoreIndex = { name: 'active_user', key: { userId: 1, _id: 1 }, only: { isActive: true } };

const USER_IDLE: StoreIndex = { name: 'user_idle', key: { userId: 1, isActive: 1, updatedAtMs: 1, _id: 1 } };

/** Only devices that told a zone are in it. */
const ZONE: StoreIndex = {
  name: 'zone',
  key: { userId: 1, updatedAtMs: -1, _id: -1 },
  only: { isActive: true, timeZone: { $type: 'string' } },
};

const RETIRED: StoreIndex = {
  name: 'retired',
  key: { retainedFrom: 1 },
  only: { isActive: false },
  expires: 'after_retention',
};

const SUSPECTED: StoreIndex = {
  name: 'suspected',
  key: { suspectedByHoldId: 1, _id: 1 },
  only: { suspectedByHoldId: { $type: 'string' } },
};
const VAPID_KEY: StoreIndex = { name: 'vapid_key', key: { vapidPublicKey: 1, isActive: 1 }, only: { isActive: true } };

export const SUBSCRIPTION_INDEXES = [
  ENDPOINT_USER,
  ENDPOINT_GENERATION,
  ACTIVE_ENDPOINT,
  ACTIVE,
  USER,
  ACTIVE_USER,
  USER_IDLE,
  ZONE,
  RETIRED,
  SUSPECTED,
  VAPID_KEY,
];

type Listing = { readonly userId: string; readonly beforeId: string | null };

const before = (id: string | null) => ({ $lt: id ?? LAST_ID });

export const SUBSCRIPTION_BY_ID: NamedQuery<string> = {
  name: 'subscription by id',
  collection: 'subscriptions',
  purpose: 'one subscription, to read, change or delete',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const SUBSCRIPTIONS_BY_ID: NamedQuery<readonly string[]> = {
  name: 'subscriptions by id',
  collection: 'subscriptions',
  purpose: 'where the claimed deliveries go; and to delete a page of one user’s',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const OF_ENDPOINT: NamedQuery<string> = {
  name: 'of endpoint',
  collection: 'subscriptions',
  purpose: 'every row of one browser, at registration, and to delete them',
  index: ENDPOINT_USER,
  filter: (endpointHash) => ({ endpointHash }),
};

export const OF_ENDPOINT_AND_USER: NamedQuery<{ readonly endpointHash: string; readonly userId: string }> = {
  name: 'of endpoint and user',
  collection: 'subscriptions',
  purpose: 'one user’s row of a browser, to delete it',
  index: ENDPOINT_USER,
  filter: ({ endpointHash, userId }) => ({ endpointHash, userId }),
};

export const ALL_LISTED: NamedQuery<Pick<Listing, 'beforeId'>> = {
  name: 'all listed',
  collection: 'subscriptions',
  purpose: 'a page of all, retired ones too',
  index: BY_ID,
  filter: ({ beforeId }) => ({ _id: before(beforeId) }),
  sort: { _id: -1 },
};

export const ACTIVE_LISTED: NamedQuery<Pick<Listing, 'beforeId'>> = {
  name: 'active listed',
  collection: 'subscriptions',
  purpose: 'a page of the active ones',
  index: ACTIVE,
  filter: ({ beforeId }) => ({ isActive: true, _id: before(beforeId) }),
  sort: { _id: -1 },
};

export const ALL_OF_USER_LISTED: NamedQuery<Listing> = {
  name: 'all of a user listed',
  collection: 'subscriptions',
  purpose: 'a page of one user’s, retired ones too, to list or delete',
  index: USER,
  filter: ({ userId, beforeId }) => ({ userId, _id: before(beforeId) }),
  sort: { _id: -1 },
};

export const ACTIVE_OF_USER_LISTED: NamedQuery<Listing> = {
  name: 'active of a user listed',
  collection: 'subscriptions',
  purpose: 'a page of one user’s active ones',
  index: ACTIVE_USER,
  filter: ({ userId, beforeId }) => ({ userId, isActive: true, _id: before(beforeId) }),
  sort: { _id: -1 },
};

type AudienceAsked = {
  readonly userIds: readonly string[];
  readonly after: { readonly userId: string; readonly subscriptionId: string } | null;
};

export const ACTIVE_OF_AUDIENCE: NamedQuery<AudienceAsked> = {
  name: 'active of an audience',
  collection: 'subscriptions',
  purpose: 'whom a page of fan-out reaches',
  index: ACTIVE_USER,
  filter: ({ userIds, after }) => ({
    isActive: true,
    userId: { $in: userIds },
    ...(after && {
      $or: [{ userId: { $gt: after.userId } }, { userId: after.userId, _id: { $gt: after.subscriptionId } }],
    }),
  }),
  sort: { userId: 1, _id: 1 },
  projection: { _id: 1, userId: 1, endpoint: 1, locale: 1, timeZone: 1, updatedAtMs: 1 },
};

export const ACTIVE_USERS: NamedQuery<string> = {
  name: 'active users',
  collection: 'subscriptions',
  purpose: 'whom an audience may have',
  index: ACTIVE_USER,
  filter: (after) => ({ isActive: true, userId: { $gt: after } }),
  sort: { userId: 1, _id: 1 },
  projection: { _id: 0, userId: 1 },
};

export const NEWEST_ZONE: NamedQuery<string> = {
  name: 'newest zone',
  collection: 'subscriptions',
  purpose: 'the time zone of a user’s newest device, where quiet hours ask for it',
  index: ZONE,
  filter: (userId) => ({ userId, isActive: true, timeZone: { $type: 'string' } }),
  sort: { updatedAtMs: -1, _id: -1 },
  projection: { timeZone: 1 },
};

export const ACTIVE_BY_IDLENESS: NamedQuery<string> = {
  name: 'active of a user by idleness',
  collection: 'subscriptions',
  purpose: 'how many active ones a user has, and which are idle for longest, from the index alone',
  index: USER_IDLE,
  filter: (userId) => ({ userId, isActive: true }),
  sort: { updatedAtMs: 1, _id: 1 },
  projection: { _id: 1, updatedAtMs: 1 },
};

export const RETIRED_OF_USER: NamedQuery<string> = {
  name: 'retired of a user',
  collection: 'subscriptions',
  purpose: 'retired ones beyond those that are kept, from the index alone',
  index: USER_IDLE,
  filter: (userId) => ({ userId, isActive: false }),
  sort: { updatedAtMs: -1, _id: -1 },
  projection: { _id: 1 },
};

export const RETIRED_BEFORE: NamedQuery<Date> = {
  name: 'retired before',
  collection: 'subscriptions',
  purpose: 'retired longer ago than is kept',
  index: RETIRED,
  filter: (instant) => ({ isActive: false, retainedFrom: { $lt: instant } }),
};

export const SUSPECTED_BY: NamedQuery<string> = {
  name: 'suspected under a hold',
  collection: 'subscriptions',
  purpose: 'what a decided hold on pruning retires or clears',
  index: SUSPECTED,
  filter: (holdId) => ({ suspectedByHoldId: { $eq: holdId, $type: 'string' }, isActive: true }),
  sort: { _id: 1 },
};

/** Every key sorts after the empty text: so that the index, which begins with it, can serve. */
export const VAPID_KEYS_IN_USE: NamedQuery<null> = {
  name: 'VAPID keys in use',
  collection: 'subscriptions',
  purpose: 'which VAPID keys active ones have, from the index alone',
  index: VAPID_KEY,
  filter: () => ({ isActive: true, vapidPublicKey: { $gte: '' } }),
  sort: { vapidPublicKey: 1 },
  projection: { _id: 0, vapidPublicKey: 1 },
};

export const ACTIVE_OF_KEY: NamedQuery<string> = {
  name: 'active of a VAPID key',
  collection: 'subscriptions',
  purpose: 'how many active ones a VAPID key has, up to a limit, from the index alone',
  index: VAPID_KEY,
  filter: (vapidPublicKey) => ({ isActive: true, vapidPublicKey }),
  projection: { _id: 0, vapidPublicKey: 1 },
};

export const SUBSCRIPTION_QUERIES = [
  SUBSCRIPTION_BY_ID,
  SUBSCRIPTIONS_BY_ID,
  OF_ENDPOINT,
  OF_ENDPOINT_AND_USER,
  ALL_LISTED,
  ACTIVE_LISTED,
  ALL_OF_USER_LISTED,
  ACTIVE_OF_USER_LISTED,
  ACTIVE_OF_AUDIENCE,
  ACTIVE_USERS,
  NEWEST_ZONE,
  ACTIVE_BY_IDLENESS,
  RETIRED_OF_USER,
  RETIRED_BEFORE,
  SUSPECTED_BY,
  VAPID_KEYS_IN_USE,
  ACTIVE_OF_KEY,
] as const;
