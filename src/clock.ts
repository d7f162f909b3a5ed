/** Stops a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/**
 * The one source of time. Instants are epoch milliseconds everywhere inside Bellhop.
 * Domain functions take `nowMs` as an argument; everything else reads it here, so that tests own the time.
 */
export interface Clock {
  now(): number;
  /** Calls `wake` once, no earlier than `atMs`. An instant in the past fires on the next turn of the event loop. */
  wakeAt(atMs: number, wake: () => void): CancelTimer;
}

/** Node clamps a longer timeout to 1 ms, so longer waits are taken in steps. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  wakeAt(atMs, wake) {
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const waitMs = atMs - Date.now();
      timer = waitMs > LONGEST_TIMEOUT_MS ? setTimeout(arm, LONGEST_TIMEOUT_MS) : setTimeout(fire, Math.max(0, waitMs));
    };
    const fire = (): void => {
      // A timer may fire a fraction of a millisecond early by the wall clock.
      if (Date.now() < atMs) arm();
      else wake();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
