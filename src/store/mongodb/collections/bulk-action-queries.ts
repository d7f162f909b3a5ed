import type { BulkAction } from '../../../domain/bulk-action/bulk-action.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** `isUnderWay` follows from the state: an index has one value to look for. */
export type BulkActionDocument = Omit<BulkAction, 'id'> & { readonly _id: string; readonly isUnderWay: boolean };

const UNDER_WAY: StoreIndex = { name: 'under_way', key: { isUnderWay: 1, _id: 1 } };

export const BULK_ACTION_INDEXES = [UNDER_WAY];

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

export const BULK_ACTION_QUERIES = [BULK_ACTION_BY_ID, BULK_ACTIONS_LISTED, BULK_ACTION_UNDER_WAY] as const;
