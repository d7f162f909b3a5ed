import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Job } from '../../src/queue/job-queue.ts';
import { collect, jobFor, openable, type QueueUnderTest } from './queue-fixture.ts';

/** How many run at once, and which of them go first. */
export function queueLimitsContract(under: () => QueueUnderTest): void {
  const job = (id: string, overrides: Partial<Job> = {}): Job => jobFor(under().clock, id, overrides);

  it.each([
    ['that wait for the same place', 8, 2],
    ['that take every slot', 2, 2],
  ])('lets high go before the low %s, however many were there first', async (_, concurrency, places) => {
    let running = 0;
    const origin = 'https://full.example';
    const seen = collect(1330);
    const handler = async (one: Job): Promise<void> => {
      running += 1;
      // As a push would, it takes a while.
      await wait(2);
      running -= 1;
      await seen.handler(one);
    };
    const some = (priority: 'low' | 'high', count: number): Job[] =>
      Array.from({ length: count }, (_, index) => job(`${priority} ${index}`, { origin, priority }));
    await under().queue.enqueueMany(some('low', 1300));
    await under().queue.start(handler, { concurrency, waitsFor: () => (running >= places ? 'line' : null) });
    await seen.reached(60);
    await under().queue.enqueueMany(some('high', 30));
    const before = seen.jobs.length;
    const order = (await seen.all).map(({ priority }) => priority);
    // Six of seven picks are theirs; the rest is what was under way meanwhile.
    expect(order.lastIndexOf('high') - before).toBeLessThan(400);
  });

  it('begins few at once while priorities come side by side, and the next as soon as one has posted', async () => {
    let [atWork, mostAtWork] = [0, 0];
    const posts: (() => void)[] = [];
    const seen = collect(19);
    const gate = openable();
    const handler = async (one: Job, onPosted: () => void): Promise<void> => {
      atWork += 1;
      mostAtWork = Math.max(mostAtWork, atWork);
      posts.push(() => {
        atWork -= 1;
        onPosted();
      });
      void seen.handler(one);
      await gate.opened;
    };
    const some = (priority: 'low' | 'high', step = 1) =>
      Array.from({ length: 6 }, (_, index) => job(`${priority} ${index}`, { priority, step }));
    await under().queue.start(handler, { concurrency: 19, mostAtWorkWhenMixed: 2 });
    await under().queue.enqueueMany(some('low'));
    await seen.reached(6);
    expect(mostAtWork).toBe(6);
    await under().queue.enqueueMany([job('first', { priority: 'high' })]);
    await seen.reached(7);
    for (const post of posts.splice(0)) post();
    mostAtWork = 0;
    await under().queue.enqueueMany([...some('low', 2), ...some('high')]);
    for (let begun = 7; begun < 19; begun += 1) {
      await seen.reached(begun + 1);
      posts.shift()?.();
    }
    expect(mostAtWork).toBe(2);
    gate.open();
    await seen.all;
  });

  it('begins what is more urgent beside as many as may be at work, but only few of them', async () => {
    const seen = collect(6);
    const gate = openable();
    const handler = async (one: Job): Promise<void> => {
      void seen.handler(one);
      await gate.opened;
    };
    const some = (priority: 'low' | 'high') =>
      Array.from({ length: 3 }, (_, index) => job(`${priority} ${index}`, { priority }));
    await under().queue.start(handler, { concurrency: 10, mostAtWork: 2, mostOvertaking: 1 });
    await under().queue.enqueueMany(some('low'));
    await seen.reached(2);
    await under().queue.enqueueMany(some('high'));
    await seen.reached(3);
    expect(seen.jobs.map(({ priority }) => priority)).toEqual(['low', 'low', 'high']);
    await under().pass(100);
    expect(seen.jobs).toHaveLength(3);
    gate.open();
    await seen.all;
  });

  it('never runs more at once than it was told, and uses all of it', async () => {
    let running = 0;
    let most = 0;
    const gate = openable();
    const seen = collect(12);
    const handler = async (one: Job): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      if (running === 4) gate.open();
      await gate.opened;
      await seen.handler(one);
      running -= 1;
    };
    await under().queue.start(handler, { concurrency: 4 });
    await under().queue.enqueueMany(Array.from({ length: 12 }, (_, index) => job(`d${index}`)));
    await seen.all;
    expect(most).toBe(4);
  });

  it('picks 6 high, 3 normal and 1 low of ten while all have work', async () => {
    const seen = collect(60);
    const jobs = (['low', 'normal', 'high'] as const).flatMap((priority) =>
      Array.from({ length: 20 }, (_, index) => job(`${priority}${index}`, { priority })),
    );
    await under().queue.enqueueMany(jobs);
    await under().queue.start(seen.handler, { concurrency: 1 });
    const order = (await seen.all).map(({ priority }) => priority);
    const firstTwenty = order.slice(0, 20);
    expect(firstTwenty.filter((priority) => priority === 'high')).toHaveLength(12);
    expect(firstTwenty.filter((priority) => priority === 'normal')).toHaveLength(6);
    expect(firstTwenty.filter((priority) => priority === 'low')).toHaveLength(2);
  });
}
