import type { CancelTimer, Clock } from '../../src/clock.ts';
import { NOW_MS } from './samples.ts';

type Timer = { readonly atMs: number; readonly wake: () => void };

export type FakeClock = Clock & {
  /** Moves time on and fires, in order, every timer that became due, also those set meanwhile. */
  advance(ms: number): void;
  /** Timers that have neither fired nor been cancelled. */
  waiting(): number;
};

/** Time that moves only when a test says so. */
export function createFakeClock(startMs = NOW_MS): FakeClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const fire = (timer: Timer): void => {
    if (timers.delete(timer)) timer.wake();
  };
  return {
    now: () => nowMs,
    wakeAt(atMs, wake): CancelTimer {
      const timer = { atMs, wake };
      timers.add(timer);
      if (atMs <= nowMs) setImmediate(fire, timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        fire(next);
      }
      nowMs = untilMs;
    },
    waiting: () => timers.size,
  };
}
