import TinyQueue from 'tinyqueue';
import { type CancelTimer, type Clock, clockOn } from '../../../src/clock.ts';

type Timer = { readonly atMs: number; readonly order: number; readonly wake: () => void; isOff: boolean };

/** Turns of the event loop in a row without progress: then nothing more happens before the next timer. */
const IDLE_TURNS = 4;

/** The one time of a simulated world. It moves only when `fireNext` says so, and timers of one instant fire in the order they were set. */
export class WorldTime {
  nowMs: number;
  /** Grows with each call to the store and each answer: they come in some turn of the event loop, at no time of this world. */
  progress = 0;
  private readonly timers = new TinyQueue<Timer>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  private order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  wakeIn(waitMs: number, wake: () => void): CancelTimer {
    const timer = { atMs: this.nowMs + Math.max(0, waitMs), order: this.order, wake, isOff: false };
    this.order += 1;
    this.timers.push(timer);
    return () => {
      timer.isOff = true;
    };
  }

  sleep(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.wakeIn(waitMs, resolve);
    });
  }

  /** When the next timer fires; null where there is none. */
  nextAtMs(): number | null {
    for (let timer = this.timers.peek(); timer?.isOff; timer = this.timers.peek()) this.timers.pop();
    return this.timers.peek()?.atMs ?? null;
  }

  /** Moves time on to the next timer and fires it. */
  fireNext(): void {
    if (this.nextAtMs() === null) return;
    const timer = this.timers.pop();
    if (timer === undefined) return;
    this.nowMs = Math.max(this.nowMs, timer.atMs);
    timer.wake();
  }

  /** As a machine that slept: timers that were due meanwhile are late. */
  jumpTo(atMs: number): void {
    this.nowMs = Math.max(this.nowMs, atMs);
  }

  /** Resolves once all that follows from what happened last is done. */
  async settle(): Promise<void> {
    let seen = this.progress;
    for (let idle = 0; idle < IDLE_TURNS; idle += 1) {
      await new Promise(setImmediate);
      if (this.progress === seen) continue;
      seen = this.progress;
      idle = -1;
    }
  }
}

/** A process from its start to its end. What is dead hears of nothing, and nobody hears of it. */
export class Life {
  isAlive = true;
  /** How far its clock is ahead of the world's time. */
  skewMs: number;

  constructor(skewMs: number) {
    this.skewMs = skewMs;
  }
}

/** As Node clamps it. */
const LEAST_WAIT_MS = 1;

/** The clock of one process: that of production, on the world's time. */
export function clockOf(time: WorldTime, life: Life): Clock {
  return clockOn({
    now: () => time.nowMs + life.skewMs,
    after: (waitMs, wake) =>
      time.wakeIn(Math.max(LEAST_WAIT_MS, waitMs), () => {
        if (life.isAlive) wake();
      }),
  });
}

/** What a process waits for that is dead by then. */
export function never<Value>(): Promise<Value> {
  return new Promise(() => {});
}
