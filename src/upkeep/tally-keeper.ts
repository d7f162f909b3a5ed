import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type TallyKeeperOptions = {
  readonly store: Pick<Store, 'tallies'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 60_000;

/** Has rows counted again where the store says that its counts may be wrong: after an upgrade, after a process was killed. */
export function createTallyKeeper(options: TallyKeeperOptions): Loop {
  const { store, events, clock, leads, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const tick = async (): Promise<void> => {
    if (!(await store.tallies.isRecountDue(clock.now()))) return;
    const miscounts = await store.tallies.recount(clock.now());
    if (miscounts.length > 0) events.publish({ type: 'tallies.corrected', miscounts });
  };
  return createLoop({ name: 'tally_keeper', intervalMs, clock, events, tick, leads });
}
