import type { PruneHold, PruneHoldScope, PruneHoldState } from '../../../domain/pruning/prune-hold.ts';
import type { WithOutbox } from './event-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

export type PruneHoldDocument = Omit<PruneHold, 'id'> & WithOutbox & { readonly _id: string };

/** The rule that a subject has one open hold. */
const OPEN: StoreIndex = {
  name: 'open',
  key: { scope: 1, subject: 1 },
  isUnique: true,
  only: { state: 'open' },
};
const STATE: StoreIndex = { name: 'state', key: { state: 1, _id: -1 } };
const DECIDED: StoreIndex = { name: 'decided', key: { decidedAtMs: 1 } };

export const PRUNE_HOLD_INDEXES = [OPEN, STATE, DECIDED];

export const PRUNE_HOLD_BY_ID: NamedQuery<string> = {
  name: 'prune hold by id',
  collection: 'prune_holds',
  purpose: 'one hold on pruning, to read or decide',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const OPEN_PRUNE_HOLD: NamedQuery<{ readonly scope: PruneHoldScope; readonly subject: string }> = {
  name: 'open prune hold',
  collection: 'prune_holds',
  purpose: 'the open hold of an origin or key',
  index: OPEN,
  filter: ({ scope, subject }) => ({ scope, subject, state: 'open' }),
};

export const PRUNE_HOLDS_LISTED: NamedQuery<null> = {
  name: 'prune holds listed',
  collection: 'prune_holds',
  purpose: 'the latest holds',
  index: BY_ID,
  filter: () => ({}),
  sort: { _id: -1 },
};

export const PRUNE_HOLDS_OF_STATE: NamedQuery<PruneHoldState> = {
  name: 'prune holds in one state',
  collection: 'prune_holds',
  purpose: 'the latest holds in one state; those open now',
  index: STATE,
  filter: (state) => ({ state }),
  sort: { _id: -1 },
};

export const PRUNE_HOLDS_DECIDED: NamedQuery<number> = {
  name: 'prune holds decided',
  collection: 'prune_holds',
  purpose: 'holds decided of late',
  index: DECIDED,
  filter: (sinceMs) => ({ decidedAtMs: { $gte: sinceMs } }),
};

export const PRUNE_HOLD_QUERIES = [
  PRUNE_HOLD_BY_ID,
  OPEN_PRUNE_HOLD,
  PRUNE_HOLDS_LISTED,
  PRUNE_HOLDS_OF_STATE,
  PRUNE_HOLDS_DECIDED,
] as const;
