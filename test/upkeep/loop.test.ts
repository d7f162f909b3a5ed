import { describe, expect, it } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createLoop } from '../../src/upkeep/loop.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function loopOf(tick: () => Promise<void>) {
  const clock = createFakeClock(NOW_MS);
  const told: BellhopEvent[] = [];
  const events = createEvents(() => {});
  events.subscribe((event) => told.push(event));
  const loop = createLoop({ name: 'sweeper', intervalMs: 1000, clock, events, tick });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  return { loop, told, pass };
}

describe('a loop', () => {
  it('ticks at start, then after each interval, and no more once stopped', async () => {
    let ticks = 0;
    const { loop, pass } = loopOf(async () => {
      ticks += 1;
    });
    await loop.start();
    expect(ticks).toBe(1);
    await pass(999);
    expect(ticks).toBe(1);
    await pass(1);
    expect(ticks).toBe(2);
    await loop.stop();
    await pass(5000);
    expect(ticks).toBe(2);
  });

  it('goes on after a tick that failed, and tells', async () => {
    let ticks = 0;
    const { loop, told, pass } = loopOf(async () => {
      ticks += 1;
      if (ticks === 1) throw new Error('away');
    });
    await loop.start();
    await pass(1000);
    expect(ticks).toBe(2);
    expect(told).toMatchObject([{ type: 'part.failed', part: 'sweeper' }]);
    await loop.stop();
  });

  it('never runs two ticks at once; one hurried along follows the one under way', async () => {
    let running = 0;
    let most = 0;
    let ticks = 0;
    let release = (): void => {};
    const { loop } = loopOf(async () => {
      ticks += 1;
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      running -= 1;
    });
    const started = loop.start();
    await turn();
    loop.hurry();
    loop.hurry();
    release();
    await turn();
    release();
    await started;
    expect({ ticks, most }).toEqual({ ticks: 2, most: 1 });
    await loop.stop();
  });

  it('stop waits for the tick under way; stop before start and twice are harmless', async () => {
    let ended = false;
    let release = (): void => {};
    const { loop } = loopOf(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      ended = true;
    });
    await loop.stop();
    void loop.start();
    await turn();
    const stopped = loop.stop();
    release();
    await stopped;
    expect(ended).toBe(true);
    await loop.stop();
    loop.hurry();
  });
});
