/** Stops a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/**
 * The one source of time. Instants are epoch milliseconds everywhere inside Bellhop.
 * Domain functions take `nowMs` as an argument; everything else reads it here, so that tests own the time.
 */
export interface Clock {
  now(): number;
  /**
   * Calls `wake` once: at `atMs`, and no earlier, unless the clock is set back meanwhile. Then it is called once the wait has lasted as
   * long as it was to last: what looks every few seconds goes on doing so. An instant in the past fires on the next turn of the event loop.
   */
  wakeAt(atMs: number, wake: () => void): CancelTimer;
}

/** What a clock is made of: the time of day, which somebody may set, and timers, which nobody sets. */
export type TimeSource = {
  now(): number;
  /** Calls `wake` after so many milliseconds, at most `LONGEST_TIMEOUT_MS`. */
  after(waitMs: number, wake: () => void): CancelTimer;
};

/** Node clamps a longer timeout to 1 ms, so longer waits are taken in steps. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** A timer may fire a fraction of a millisecond early by the wall clock, and a clock is slowed down a little at a time. */
const MOST_EARLY_MS = 1000;

export function clockOn(source: TimeSource): Clock {
  return {
    now: () => source.now(),
    wakeAt(atMs, wake) {
      let cancel: CancelTimer = () => {};
      const wait = (leftMs: number): void => {
        const waitMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
        cancel = source.after(waitMs, () => (leftMs > waitMs ? wait(leftMs - waitMs) : fire()));
      };
      const fire = (): void => {
        const earlyMs = atMs - source.now();
        if (earlyMs > 0 && earlyMs <= MOST_EARLY_MS) wait(earlyMs);
        else wake();
      };
      wait(Math.max(0, atMs - source.now()));
      return () => cancel();
    },
  };
}

export const systemClock: Clock = clockOn({
  now: () => Date.now(),
  after(waitMs, wake) {
    const timer = setTimeout(wake, waitMs);
    return () => clearTimeout(timer);
  },
});
