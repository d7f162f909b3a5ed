import type { Priority } from '../domain/notification/priority.ts';
import type { Rollup, RollupSpan } from '../domain/tally/rollup.ts';
import type { Miscount, Tallies } from '../domain/tally/tally.ts';

/** `isCounted` false: what was there before there were counts is yet to be counted, so they are too low. */
export type CountedTallies = { readonly tallies: Tallies; readonly isCounted: boolean };

export type RollupQuery = {
  readonly span: RollupSpan;
  /** Stretches that begin at or after. */
  readonly fromMs: number;
  /** Stretches that begin before. */
  readonly untilMs: number;
};

/**
 * How many deliveries and subscriptions there are, and what came of deliveries by minute and hour. The counts change with what
 * they count: none of these reads counts rows, however many there are, but for `recount`.
 */
export interface TallyStore {
  read(): Promise<CountedTallies>;
  /** Of each priority, the time of the most overdue delivery that waits; null where none is overdue. */
  oldestDue(nowMs: number): Promise<Readonly<Record<Priority, number | null>>>;
  /** In order of time. Of one stretch and key there is one. */
  rollups(query: RollupQuery): Promise<readonly Rollup[]>;
  /** How many settlements led to each state, of all push services and stretches together. Of one state there is one. */
  settled(query: RollupQuery): Promise<readonly Pick<Rollup, 'state' | 'count'>[]>;
  /** Whether counts may be wrong: never, where they are written in the commits that change what they count. */
  isRecountDue(nowMs: number): Promise<boolean>;
  /** Counts the rows, which takes long, sets the counts right, and tells what was wrong. */
  recount(nowMs: number): Promise<readonly Miscount[]>;
}
