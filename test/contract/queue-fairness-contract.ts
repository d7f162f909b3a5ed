import { describe, expect, it } from 'vitest';
import type { Job, WaitsFor } from '../../src/queue/job-queue.ts';
import { collect, jobFor, type QueueUnderTest } from './queue-fixture.ts';

const MANY = 10_000;
const CONCURRENCY = 4;

/** Users take turns: however many jobs one has, another's next waits for few of them. */
export function queueFairnessContract(under: () => QueueUnderTest): void {
  const job = (id: string, overrides: Partial<Job> = {}): Job => jobFor(under().clock, id, overrides);
  /** Deliveries of one user, to twenty subscriptions. */
  const ofUser = (userId: string, count: number, overrides: Partial<Job> = {}): Job[] =>
    Array.from({ length: count }, (_, index) =>
      job(`dlv_${userId}${index}_${userId}${index % 20}`, { userId, ...overrides }),
    );

  describe.each(['high', 'normal'] as const)('of %s priority', (priority) => {
    it('has one job of a user wait for few of another’s 10 000', async () => {
      const { queue, mostBefore } = under();
      const seen = collect(1);
      let place = -1;
      const done = new Promise<void>((resolve) => {
        void queue.enqueueMany(ofUser('mallory', MANY, { priority })).then(async () => {
          await queue.enqueueMany(ofUser('ada', 1, { priority }));
          const handler = async (one: Job): Promise<void> => {
            if (one.userId === 'ada') {
              place = seen.jobs.length;
              resolve();
            }
            await seen.handler(one);
          };
          await queue.start(handler, { concurrency: CONCURRENCY });
        });
      });
      await done;
      expect(place).toBeLessThanOrEqual(mostBefore + CONCURRENCY);
      await queue.stop();
    }, 60_000);

    it('has it wait for none of them where all of them must wait', async () => {
      const { queue } = under();
      const seen = collect(1);
      const waitsFor = ({ userId }: Job): WaitsFor | null => (userId === 'mallory' ? 'user' : null);
      await queue.enqueueMany(ofUser('mallory', MANY, { priority }));
      await queue.enqueueMany(ofUser('ada', 1, { priority }));
      await queue.start(seen.handler, { concurrency: CONCURRENCY, waitsFor });
      expect((await seen.all).map(({ userId }) => userId)).toEqual(['ada']);
      await queue.stop();
    }, 60_000);
  });

  it('has it wait for few that become due in the same moment', async () => {
    const { queue, clock, mostBefore } = under();
    const seen = collect(1001);
    const runAtMs = clock.now() + 1500;
    await queue.enqueueMany(ofUser('mallory', 1000, { runAtMs }));
    await queue.enqueueMany(ofUser('zoe', 1, { runAtMs }));
    await queue.start(seen.handler, { concurrency: CONCURRENCY });
    await under().pass(1500);
    const order = (await seen.all).map(({ userId }) => userId);
    expect(order.indexOf('zoe')).toBeLessThanOrEqual(mostBefore + CONCURRENCY);
  }, 30_000);

  it('runs all of a user’s jobs, each once, though few are out at a time', async () => {
    const { queue } = under();
    const seen = collect(1500);
    const jobs = [...ofUser('mallory', 1000), ...ofUser('ada', 200), ...ofUser('grace', 300, { priority: 'low' })];
    await queue.enqueueMany(jobs.slice(0, 700));
    await queue.start(seen.handler, { concurrency: 10 });
    await queue.enqueueMany(jobs.slice(600));
    const ids = (await seen.all).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  }, 30_000);

  it('passes one subscription over that a push is under way to, and runs its user’s others', async () => {
    const { queue } = under();
    const seen = collect(40);
    let isBusy = true;
    const waitsFor = ({ id }: Job): WaitsFor | null => (isBusy && id.endsWith('_ada0') ? 'subscription' : null);
    const handler = async (one: Job): Promise<void> => {
      if (seen.jobs.length >= 37) isBusy = false;
      await seen.handler(one);
    };
    await queue.enqueueMany(ofUser('ada', 40));
    await queue.start(handler, { concurrency: 2, waitsFor });
    const places = (await seen.all).map(({ id }) => id.endsWith('_ada0'));
    expect(places.indexOf(true)).toBe(38);
    expect(places.filter(Boolean)).toHaveLength(2);
  });
}
