import type { PruneHold, PruneHoldState } from '../domain/pruning/prune-hold.ts';

/** The most that a listing gives: holds are rare, and the old ones are history. */
export const MOST_HOLDS_LISTED = 100;

export interface PruneHoldStore {
  /** Keeps a new hold, unless one of the same scope and subject is open. Gives the one that is open now. */
  open(hold: PruneHold): Promise<PruneHold>;
  get(id: string): Promise<PruneHold | null>;
  /** The latest `MOST_HOLDS_LISTED`, newest first; null: in any state. */
  list(state: PruneHoldState | null): Promise<readonly PruneHold[]>;
  /** Those open, and those decided at or after the instant. */
  current(decidedSinceMs: number): Promise<readonly PruneHold[]>;
  /** Decides one that is open. Gives it as it is afterwards, whoever decided it; null where there is none. */
  decide(id: string, state: 'confirmed' | 'dismissed', atMs: number): Promise<PruneHold | null>;
}
