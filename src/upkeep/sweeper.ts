import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type SweeperOptions = {
  readonly store: Pick<Store, 'retention' | 'events' | 'webhooks'>;
  readonly events: Events;
  readonly clock: Clock;
  /** How long what is completed is kept. */
  readonly retentionDays: number;
  readonly eventRetentionDays: number;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 600_000;

const DAY_MS = 86_400_000;

/** Notifications forgotten in one tick: few, so that a stop need not wait for long. */
const FORGET_AT_ONCE = 200;

/** Deletes what has only a limited life: idempotency keys, nonces, and events and what was completed longer ago than is kept. */
export function createSweeper(options: SweeperOptions): Loop {
  const { store, events, clock, retentionDays, eventRetentionDays, leads, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const tick = async (): Promise<void> => {
    await store.retention.sweep(clock.now());
    const eventsBeforeMs = clock.now() - eventRetentionDays * DAY_MS;
    await store.events.forget(eventsBeforeMs);
    await store.webhooks.forget(eventsBeforeMs);
    const forgotten = await store.retention.forget(clock.now() - retentionDays * DAY_MS, FORGET_AT_ONCE);
    if (forgotten === FORGET_AT_ONCE) loop.hurry();
  };
  const loop = createLoop({ name: 'sweeper', intervalMs, clock, events, tick, leads });
  return loop;
}
