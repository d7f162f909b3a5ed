import type { BulkAction } from '../domain/bulk-action/bulk-action.ts';

/** The most that a listing gives: a person asks for each, and the old ones are history. */
export const MOST_BULK_ACTIONS_LISTED = 100;

export interface BulkActionStore {
  /** Keeps a new one, unless one is kept whose claim has the same key: gives the one that is kept. */
  add(action: BulkAction): Promise<BulkAction>;
  get(id: string): Promise<BulkAction | null>;
  /** The latest `MOST_BULK_ACTIONS_LISTED`, newest first. */
  list(): Promise<readonly BulkAction[]>;
  /** The one that was asked for first of those that have not ended. */
  underWay(): Promise<BulkAction | null>;
  /**
   * Writes what may change while it goes on: all but what was asked for. Its row has the version after the one named in it. False where
   * the version had moved on: a late writer loses.
   */
  update(action: BulkAction): Promise<boolean>;
}
