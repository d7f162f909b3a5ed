import type { Clock } from '../clock.ts';
import type { Store } from '../store/store.ts';
import type { Events } from '../telemetry/events.ts';
import { createLoop, type Loop } from './loop.ts';

export type SweeperOptions = {
  readonly store: Store;
  readonly events: Events;
  readonly clock: Clock;
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 600_000;

/** Deletes what has only a limited life: idempotency keys after 24 hours, nonces after their window. */
export function createSweeper({ store, events, clock, intervalMs = DEFAULT_INTERVAL_MS }: SweeperOptions): Loop {
  const tick = async (): Promise<void> => {
    await store.sweep(clock.now());
  };
  return createLoop({ name: 'sweeper', intervalMs, clock, events, tick });
}
