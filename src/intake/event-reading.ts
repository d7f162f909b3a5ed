import type { Clock } from '../clock.ts';
import { hasGap, restartOf } from '../domain/event/event-cursor.ts';
import type { OutboxEvent } from '../domain/event/outbox-event.ts';
import type { EventStore } from '../store/event-store.ts';
import { createArrivals } from './event-arrivals.ts';

/** Where to begin: after this number, or after the latest event that there is. */
export type EventStart = number | 'latest';

/** `isResync`: something after the number that was given is no longer kept, and these begin with the oldest that is. */
export type EventReading = {
  readonly events: readonly OutboxEvent[];
  /** After which number to go on. */
  readonly nextAfter: number;
  readonly hasMore: boolean;
  readonly isResync: boolean;
};

/** What a reader that waits is given: events, or that there were none for a while. */
export type Followed = EventReading | 'still_here';

export type EventReader = {
  read(after: EventStart, limit: number): Promise<EventReading>;
  /**
   * What is there and what comes, as fast as it is taken: of a slow reader no more is held than one reading. Ends when the signal does,
   * and after an hour.
   */
  follow(after: EventStart, ended: AbortSignal): AsyncGenerator<Followed>;
};

export type EventReaderOptions = { readonly store: Pick<EventStore, 'after' | 'bounds'>; readonly clock: Clock };

const FOLLOWED_AT_ONCE = 100;
/** A proxy cuts a silent connection, and only a write shows that a reader has vanished. */
const STILL_HERE_EVERY_MS = 15_000;
/** Whoever still reads then comes again, with credentials that are checked again. */
const LONGEST_MS = 60 * 60_000;

/** Reads what was announced, by number. */
export function createEventReader({ store, clock }: EventReaderOptions): EventReader {
  const arrivals = createArrivals({ store, clock });

  const read = async (after: EventStart, limit: number): Promise<EventReading> => {
    const bounds = await store.bounds();
    if (after === 'latest') return { events: [], nextAfter: bounds.last, hasMore: false, isResync: false };
    const isResync = hasGap(after, bounds);
    const from = isResync ? restartOf(bounds) : after;
    const found = await store.after(from, limit + 1);
    const events = found.slice(0, limit);
    return { events, nextAfter: events.at(-1)?.sequence ?? from, hasMore: found.length > limit, isResync };
  };

  async function* follow(after: EventStart, ended: AbortSignal): AsyncGenerator<Followed> {
    const endsAtMs = clock.now() + LONGEST_MS;
    let cursor = after;
    let toldAtMs = clock.now();
    while (!ended.aborted && clock.now() < endsAtMs) {
      // A store in trouble may answer the next time.
      const reading = await read(cursor, FOLLOWED_AT_ONCE).catch(() => null);
      cursor = reading?.nextAfter ?? cursor;
      const isNews = reading !== null && (reading.events.length > 0 || reading.isResync);
      if (isNews || clock.now() - toldAtMs >= STILL_HERE_EVERY_MS) {
        toldAtMs = clock.now();
        yield isNews ? reading : 'still_here';
      } else await arrivals.beyond(cursor, toldAtMs + STILL_HERE_EVERY_MS, ended);
    }
  }

  return { read, follow };
}
