import type { Priority } from '../notification/priority.ts';
import type { Tallies } from './tally.ts';

/** How the store stands at one moment, as far as monitoring wants to know. */
export type Standing = {
  readonly atMs: number;
  readonly tallies: Tallies;
  readonly oldestDueAtMs: Readonly<Record<Priority, number | null>>;
  readonly openHolds: number;
  readonly isPaused: boolean;
  readonly storeOctets: number;
};
