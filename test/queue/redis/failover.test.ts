import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Job, JobQueue } from '../../../src/queue/job-queue.ts';
import { createBeeQueue } from '../../../src/queue/redis/bee-queue.ts';
import { jobFor } from '../../contract/queue-fixture.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { type RedisPair, startRedisPair } from '../../support/redis-pair.ts';
import { until } from '../../support/until.ts';

const PATIENCE_MS = 20_000;
/** What operators are promised. */
const GOES_ON_WITHIN_MS = 10_000;

describeWithRedis('bee-queue, when a replica takes over behind a stable address', () => {
  let pair: RedisPair;
  let ran: string[];
  let troubles: unknown[];
  const opened: JobQueue[] = [];

  beforeEach(async () => {
    [ran, troubles] = [[], []];
    pair = await startRedisPair();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    await pair.stop();
  });

  const open = async (): Promise<JobQueue> => {
    const queue = await createBeeQueue({ url: pair.url, onError: (error) => troubles.push(error) });
    opened.push(queue);
    await until('the queue is up', () =>
      queue.ping().then(
        () => true,
        () => false,
      ),
    );
    return queue;
  };
  const jobs = (name: string, count: number, overrides: Partial<Job> = {}): Job[] =>
    Array.from({ length: count }, (_, at) =>
      jobFor(systemClock, `${name}_${at}`, { userId: `user-${at}`, ...overrides }),
    );
  const haveRun = (wanted: readonly Job[]): boolean => wanted.every(({ id }) => ran.includes(id));
  /** Saves as the rescuer does, again and again, until all have run. */
  const runInTheEnd = (queue: JobQueue, wanted: readonly Job[], limitMs = PATIENCE_MS): Promise<void> =>
    until(
      'new jobs run',
      async () => {
        await queue.enqueueMany(wanted.filter(({ id }) => !ran.includes(id))).catch(() => {});
        return haveRun(wanted);
      },
      limitMs,
    );

  it('goes on within ten seconds, with jobs at work, delayed ones and a flood', async () => {
    const queue = await open();
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handler = async ({ id }: Job): Promise<void> => {
      if (id.startsWith('held')) await released;
      ran.push(id);
    };
    await queue.start(handler, { concurrency: 20 });
    const held = jobs('held', 5);
    const flood = jobs('flood', 2000);
    const later = jobs('later', 20, { runAtMs: Date.now() + 3000 });
    await queue.enqueueMany([...held, ...later, ...flood]);
    await until('the flood has begun', () => ran.length > 20);

    await pair.switchRoles();
    pair.moveAddress();
    const switchedAtMs = Date.now();
    await runInTheEnd(queue, jobs('new', 3, { priority: 'high' }), GOES_ON_WITHIN_MS);
    await runInTheEnd(queue, jobs('soon', 3, { runAtMs: Date.now() + 300 }), GOES_ON_WITHIN_MS);
    expect(Date.now() - switchedAtMs).toBeLessThan(GOES_ON_WITHIN_MS);
    release();
    await runInTheEnd(queue, [...held, ...later, ...flood]);
    await until(
      'nothing is left there',
      async () => (await pair.primary().hlen('bellhop:normal:jobs')) === 0,
      PATIENCE_MS,
    );
  }, 90_000);

  it('has idle connections find the primary, too', async () => {
    const queue = await open();
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 5 });
    await runInTheEnd(queue, jobs('before', 1));
    await pair.switchRoles();
    pair.moveAddress();
    const saver = await open();
    const fresh = (['high', 'normal', 'low'] as const).flatMap((priority) => jobs(priority, 1, { priority }));
    await saver.enqueueMany(fresh);
    await until('they run', () => haveRun(fresh), GOES_ON_WITHIN_MS);
    const left = async () =>
      Promise.all(['high', 'normal', 'low'].map((priority) => pair.primary().hlen(`bellhop:${priority}:jobs`)));
    await until('nothing is left there', async () => (await left()).every((count) => count === 0), PATIENCE_MS);
  }, 60_000);

  it('asks no faster than about once a second where the address still leads to the replica', async () => {
    const queue = await open();
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 5 });
    await runInTheEnd(queue, jobs('before', 1));
    const clients = pair.relay.connections();
    await pair.switchRoles();
    const [from, sinceMs] = [pair.relay.accepted(), Date.now()];
    await until('its words are told', () => JSON.stringify(troubles.map(String)).includes('read-only replica'));
    await until('a while has passed', () => Date.now() - sinceMs > 5000);
    expect(pair.relay.accepted() - from).toBeLessThan(clients * 12);
    await expect(queue.ping()).rejects.toMatchObject({ code: 'store_unavailable' });
    const roomFor: string[] = [];
    queue.onRoom((priority) => roomFor.push(priority));
    await expect(queue.enqueueMany(jobs('refused', 1, { priority: 'low' }))).rejects.toThrow(/Redis/);
    pair.moveAddress();
    await until('it says that jobs are taken again', () => roomFor.includes('low'), GOES_ON_WITHIN_MS);
    await runInTheEnd(queue, jobs('after', 1), GOES_ON_WITHIN_MS);
  }, 60_000);
});
