import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type EventRelayOptions = {
  readonly store: Pick<Store, 'events'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

/** So long at most after what it tells of is an event read by others, on a store that numbers events later. */
const DEFAULT_INTERVAL_MS = 500;
const MOVED_AT_ONCE = 500;

/** Has events that were written with what they tell of take their place among all. */
export function createEventRelay(options: EventRelayOptions): Loop {
  const { store, events, clock, leads, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const tick = async (): Promise<void> => {
    if ((await store.events.relay(MOVED_AT_ONCE)) >= MOVED_AT_ONCE) loop.hurry();
  };
  const loop = createLoop({ name: 'event_relay', intervalMs, clock, events, tick, leads });
  return loop;
}
