import type { AuditEntry } from '../../../domain/audit/audit-entry.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** `_id` is the number, so no two entries have the same place in the chain. */
export type AuditDocument = Omit<AuditEntry, 'seq'> & { readonly _id: number };

const WHO: StoreIndex = { name: 'who', key: { 'who.text': 1, _id: -1 } };
const ACTION: StoreIndex = { name: 'action', key: { action: 1, _id: -1 } };
const TARGET: StoreIndex = { name: 'target', key: { 'target.text': 1, _id: -1 } };

export const AUDIT_INDEXES = [WHO, ACTION, TARGET];

type Asked = {
  readonly from?: number;
  readonly before: number;
  readonly who?: string;
  readonly action?: string;
  readonly target?: string;
};

const filterOf = ({ from = 1, before, who, action, target }: Asked) => ({
  ...(target === undefined ? {} : { 'target.text': target }),
  ...(who === undefined ? {} : { 'who.text': who }),
  ...(action === undefined ? {} : { action }),
  _id: { $gte: from, $lt: before },
});

const listedBy = (name: string, purpose: string, index: StoreIndex): NamedQuery<Asked> => ({
  ...{ name, collection: 'audit' as const, purpose, index, filter: filterOf, sort: { _id: -1 } as const },
});

export const AUDIT_LISTED = listedBy('audit listed', 'the latest changes; the end of the chain', BY_ID);
export const AUDIT_OF_WHO = listedBy('audit of an author', 'what a key or an operator changed', WHO);
export const AUDIT_OF_ACTION = listedBy('audit of an action', 'who did one thing', ACTION);
export const AUDIT_OF_TARGET = listedBy('audit of a target', 'what was done to one thing', TARGET);

export const AUDIT_AFTER: NamedQuery<number> = {
  name: 'audit from a place on',
  collection: 'audit',
  purpose: 'the chain in its order, for export and verify-audit',
  index: BY_ID,
  filter: (seq) => ({ _id: { $gt: seq } }),
  sort: { _id: 1 },
};

export const AUDIT_QUERIES = [AUDIT_LISTED, AUDIT_OF_WHO, AUDIT_OF_ACTION, AUDIT_OF_TARGET, AUDIT_AFTER] as const;
