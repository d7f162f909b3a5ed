import { describe, expect, it } from 'vitest';
import { clockOn, systemClock } from '../src/clock.ts';

describe('systemClock', () => {
  it('wakes once, and never early', async () => {
    const atMs = systemClock.now() + 15;
    const wokenAtMs = await new Promise<number>((resolve) => systemClock.wakeAt(atMs, () => resolve(Date.now())));
    expect(wokenAtMs).toBeGreaterThanOrEqual(atMs);
  });

  it('wakes on the next turn for an instant in the past', async () => {
    let woken = false;
    const wake = new Promise<void>((resolve) => {
      systemClock.wakeAt(0, () => {
        woken = true;
        resolve();
      });
    });
    expect(woken).toBe(false);
    await wake;
  });

  it('does not wake at once for an instant further away than a timer reaches', async () => {
    let woken = false;
    const cancel = systemClock.wakeAt(Date.now() + 60 * 86_400_000, () => {
      woken = true;
    });
    await new Promise<void>((resolve) => systemClock.wakeAt(Date.now() + 20, resolve));
    expect(woken).toBe(false);
    cancel();
    cancel();
  });
});

describe('a clock that is set', () => {
  /** Timers go by `passedMs`, which nobody sets; the time of day is that and `setBy`. */
  function settable() {
    const timers: { readonly atMs: number; readonly wake: () => void }[] = [];
    const time = { passedMs: 0, setByMs: 1_000_000 };
    const clock = clockOn({
      now: () => time.passedMs + time.setByMs,
      after(waitMs, wake) {
        const timer = { atMs: time.passedMs + waitMs, wake };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    });
    const pass = (ms: number): void => {
      time.passedMs += ms;
      for (const timer of timers.filter(({ atMs }) => atMs <= time.passedMs)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.wake();
      }
    };
    return { clock, time, pass };
  }

  it('wakes after as long as the wait was to last, where the clock was set back by an hour', () => {
    const { clock, time, pass } = settable();
    let woken = 0;
    clock.wakeAt(clock.now() + 5000, () => {
      woken += 1;
    });
    time.setByMs -= 3_600_000;
    pass(4999);
    expect(woken).toBe(0);
    pass(1);
    expect(woken).toBe(1);
  });

  it('does not wake early where the clock was slowed down a little', () => {
    const { clock, time, pass } = settable();
    let woken = 0;
    clock.wakeAt(clock.now() + 5000, () => {
      woken += 1;
    });
    time.setByMs -= 20;
    pass(5000);
    expect(woken).toBe(0);
    pass(20);
    expect(woken).toBe(1);
  });
});
