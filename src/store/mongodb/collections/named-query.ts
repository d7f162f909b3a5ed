import type { Document } from 'mongodb';

/** An index as it is made at start. `docs/operations.md` lists each with its keys and kind. */
export type StoreIndex = {
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly isUnique?: boolean;
  /** Only documents that this fits are in the index. */
  readonly only?: Document;
  /** `key` is a date, and documents are deleted by MongoDB some time after it: at once, or when retention is over. */
  readonly expires?: 'at_once' | 'after_retention';
};

/** The one index that every collection has. */
export const BY_ID: StoreIndex = { name: '_id_', key: { _id: 1 } };

/**
 * A question that the adapter asks, with the index that answers it. `purpose` is printed in `docs/operations.md`. The index
 * is always named to MongoDB as a hint, so that its planner never takes another for a day.
 */
export type NamedQuery<Asked> = {
  readonly name: string;
  readonly collection:
    | 'subscriptions'
    | 'notifications'
    | 'deliveries'
    | 'users'
    | 'templates'
    | 'recipient_values'
    | 'suppressions'
    | 'cap_uses'
    | 'receipts'
    | 'receipt_counts'
    | 'experiments'
    | 'experiment_marks'
    | 'experiment_counts'
    | 'schedules'
    | 'occurrences'
    | 'prune_holds'
    | 'bulk_actions'
    | 'erasures'
    | 'tallies'
    | 'rollups'
    | 'idempotency_keys'
    | 'nonces'
    | 'audit'
    | 'events'
    | 'webhook_endpoints'
    | 'webhook_deliveries'
    | 'sign_in_links'
    | 'operator_sessions';
  readonly purpose: string;
  readonly index: StoreIndex;
  readonly filter: (asked: Asked) => Document;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly projection?: Readonly<Record<string, 0 | 1>>;
};

/** The options that make MongoDB answer a named query as it was declared. */
export function optionsOf<Asked>(query: NamedQuery<Asked>) {
  const { index, sort, projection } = query;
  return { hint: index.name, ...(sort && { sort }), ...(projection && { projection }) };
}
