import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';

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
