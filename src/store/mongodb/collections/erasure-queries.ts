import type { Erasure } from '../../../domain/erasure/erasure.ts';
import type { CapDocument } from './cap-queries.ts';
import { USER as DELIVERIES_USER } from './delivery-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';
import { USER as SUBSCRIPTIONS_USER } from './subscription-queries.ts';

/** `dueAtMs` is the one of its run, where something is under way. */
export type ErasureDocument = Omit<Erasure, 'id' | 'isToFind'> & {
  readonly _id: string;
  readonly dueAtMs: number | null;
  readonly isToFind: boolean;
  /** By the clock of the process that began it last: pages of fan-outs heed it for a while. Absent where nobody has begun it. */
  readonly begunAtMs?: number;
};

const DIGEST: StoreIndex = { name: 'user_digest', key: { userDigest: 1 }, isUnique: true };
const DUE: StoreIndex = { name: 'due', key: { dueAtMs: 1 }, only: { dueAtMs: { $gte: 0 } } };
const TO_FIND: StoreIndex = { name: 'to_find', key: { isToFind: 1, _id: 1 }, only: { isToFind: true } };
const BEGUN: StoreIndex = { name: 'begun', key: { begunAtMs: 1 } };

export const ERASURE_INDEXES = [DIGEST, DUE, TO_FIND, BEGUN];

export const ERASURE_BY_ID: NamedQuery<string> = {
  name: 'erasure by id',
  collection: 'erasures',
  purpose: 'one erasure, to read or to write on',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const ERASURE_OF_DIGEST: NamedQuery<string> = {
  name: 'erasure of a digest',
  collection: 'erasures',
  purpose: 'whether somebody was erased before',
  index: DIGEST,
  filter: (userDigest) => ({ userDigest }),
};

export const ERASURES_LISTED: NamedQuery<string> = {
  name: 'erasures listed',
  collection: 'erasures',
  purpose: 'a page of all, for the list that is kept elsewhere',
  index: BY_ID,
  filter: (after) => ({ _id: { $gt: after } }),
  sort: { _id: 1 },
};

export const ERASURES_DUE: NamedQuery<number> = {
  name: 'erasures due',
  collection: 'erasures',
  purpose: 'the erasure that a process left under way',
  index: DUE,
  filter: (nowMs) => ({ dueAtMs: { $gte: 0, $lte: nowMs } }),
  sort: { dueAtMs: 1 },
};

export const ERASURES_TO_FIND: NamedQuery<null> = {
  name: 'erasures to find',
  collection: 'erasures',
  purpose: 'those of a list whom nobody has looked for yet',
  index: TO_FIND,
  filter: () => ({ isToFind: true }),
  sort: { _id: 1 },
};

export const ERASED_SINCE: NamedQuery<number> = {
  name: 'erased since',
  collection: 'erasures',
  purpose: 'whom a page of a fan-out must not have, though it was read before; at most four times a second',
  index: BEGUN,
  filter: (sinceMs) => ({ begunAtMs: { $gte: sinceMs } }),
};

export const CAPS_OF_USER: NamedQuery<string> = {
  name: 'caps of a user',
  collection: 'cap_uses',
  purpose: 'all uses of caps of one user, to erase or export them',
  index: BY_ID,
  filter: (userId) => ({ _id: { $gte: { userId, pattern: '' }, $lte: { userId, pattern: '\u{10ffff}' } } }),
};

export const CAPS_WALKED: NamedQuery<CapDocument['_id']> = {
  name: 'caps walked',
  collection: 'cap_uses',
  purpose: 'whose uses are kept, after a list of erasures came',
  index: BY_ID,
  filter: (after) => ({ _id: { $gt: after } }),
  sort: { _id: 1 },
  projection: { _id: 1 },
};

export const USERS_OF_SUBSCRIPTIONS: NamedQuery<string> = {
  name: 'users of subscriptions',
  collection: 'subscriptions',
  purpose: 'who has subscriptions, after a list of erasures came',
  index: SUBSCRIPTIONS_USER,
  filter: (after) => ({ userId: { $gt: after } }),
  sort: { userId: 1, _id: -1 },
  projection: { _id: 0, userId: 1 },
};

export const USERS_OF_DELIVERIES: NamedQuery<string> = {
  name: 'users of deliveries',
  collection: 'deliveries',
  purpose: 'who has deliveries, after a list of erasures came',
  index: DELIVERIES_USER,
  filter: (after) => ({ userId: { $gt: after } }),
  sort: { userId: 1, _id: -1 },
  projection: { _id: 0, userId: 1 },
};

export const SUPPRESSIONS_WALKED: NamedQuery<string> = {
  name: 'suppressions walked',
  collection: 'suppressions',
  purpose: 'lists of those who got nothing, which no index has, to take one user out',
  index: BY_ID,
  filter: (after) => ({ _id: { $gt: after } }),
  sort: { _id: 1 },
};

export const ERASURE_QUERIES = [
  ERASURE_BY_ID,
  ERASURE_OF_DIGEST,
  ERASURES_LISTED,
  ERASURES_DUE,
  ERASURES_TO_FIND,
  ERASED_SINCE,
  CAPS_OF_USER,
  CAPS_WALKED,
  USERS_OF_SUBSCRIPTIONS,
  USERS_OF_DELIVERIES,
  SUPPRESSIONS_WALKED,
] as const;
