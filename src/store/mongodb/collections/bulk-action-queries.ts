import type { BulkAction } from '../../../domain/bulk-action/bulk-action.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** `isUnderWay` follows from the state: an index has one value to look for. */
export type BulkActionDocument = Omit<BulkAction, 'id' | 'claim'> & {
  readonly _id: string;
  readonly isUnderWay: boolean;
  /** Absent where the caller gave no key. */
  readonly claimKey?: string;
  readonly claimDigest?: string;
  /** When it ended, from which retention counts; null until then. Absent in documents of before it was kept. */
  readonly retainedFrom?: Date | null;
};

const CLAIM: StoreIndex = { name: 'claim', key: { claimKey: 1 }, isUnique: true, only: { claimKey: { $gt: '' } } };
const ENDED: StoreIndex = {
  name: 'ended',
  key: { retainedFrom: 1 },
  only: { retainedFrom: { $gt: new Date(0) } },
  expires: 'after_retention',
};
const UNDER_WAY: StoreIndex = { name: 'under_way', key: { isUnderWay: 1, _id: 1 } };

export const BULK_ACTION_INDEXES = [UNDER_WAY, CLAIM, ENDED];

export const BULK_ACTION_BY_ID: NamedQuery<string> = {
  name: 'bulk action by id',
  collection: 'bulk_actions',
  purpose: 'one bulk action, to read or to write on',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const BULK_ACTIONS_LISTED: NamedQuery<null> = {
  name: 'bulk actions listed',
  collection: 'bulk_actions',
  purpose: 'the latest bulk actions',
  index: BY_ID,
  filter: () => ({}),
  sort: { _id: -1 },
};

export const BULK_ACTION_UNDER_WAY: NamedQuery<null> = {
  name: 'bulk action under way',
  collection: 'bulk_actions',
  purpose: 'the bulk action whose turn it is',
  index: UNDER_WAY,
  filter: () => ({ isUnderWay: true }),
  sort: { _id: 1 },
};

export const BULK_ACTION_OF_CLAIM: NamedQuery<string> = {
  name: 'bulk action of a claim',
  collection: 'bulk_actions',
  purpose: 'whether a call came before with this idempotency key',
  index: CLAIM,
  filter: (key) => ({ claimKey: { $eq: key, $gt: '' } }),
};

export const BULK_ACTIONS_BEFORE: NamedQuery<Date> = {
  name: 'bulk actions before',
  collection: 'bulk_actions',
  purpose: 'bulk actions that ended longer ago than is kept',
  index: ENDED,
  filter: (instant) => ({ retainedFrom: { $gt: new Date(0), $lt: instant } }),
};

export const BULK_ACTION_QUERIES = [
  BULK_ACTION_BY_ID,
  BULK_ACTIONS_LISTED,
  BULK_ACTION_UNDER_WAY,
  BULK_ACTION_OF_CLAIM,
  BULK_ACTIONS_BEFORE,
] as const;
