import type { Clock } from '../clock.ts';
import type { EventStore } from '../store/event-store.ts';

/** Tells those who wait that there are new events. */
export type Arrivals = {
  /** Resolves once there may be an event after this number, at the instant, or when the signal ends. */
  beyond(after: number | 'latest', untilMs: number, ended: AbortSignal): Promise<void>;
};

/** What another process wrote is known after so long. */
const LOOK_EVERY_MS = 500;

type Waiter = { readonly after: number | 'latest'; readonly untilMs: number; readonly wake: () => void };

/** However many wait, one look at the store serves them all, and nobody looks where none does. */
export function createArrivals({
  store,
  clock,
}: {
  readonly store: Pick<EventStore, 'bounds'>;
  readonly clock: Clock;
}): Arrivals {
  const waiters = new Set<Waiter>();
  let isLooking = false;

  const look = async (): Promise<void> => {
    // A store in trouble may answer the next time.
    const last = await store.bounds().then(
      (bounds) => bounds.last,
      () => null,
    );
    const nowMs = clock.now();
    for (const waiter of waiters) {
      const isBeyond = last !== null && (waiter.after === 'latest' || last !== waiter.after);
      if (isBeyond || waiter.untilMs <= nowMs) waiter.wake();
    }
    if (waiters.size > 0) lookLater();
    else isLooking = false;
  };

  const lookLater = (): void => {
    isLooking = true;
    clock.wakeAt(clock.now() + LOOK_EVERY_MS, () => void look());
  };

  return {
    beyond: (after, untilMs, ended) =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiters.delete(waiter);
          ended.removeEventListener('abort', wake);
          resolve();
        };
        const waiter = { after, untilMs, wake };
        if (ended.aborted) return resolve();
        waiters.add(waiter);
        ended.addEventListener('abort', wake);
        if (!isLooking) lookLater();
      }),
  };
}
