import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import type { Priority } from '../../src/domain/notification/priority.ts';
import type { JobQueue } from '../../src/queue/job-queue.ts';
import { createBeeQueue } from '../../src/queue/redis/bee-queue.ts';
import type { DueDelivery } from '../../src/store/delivery-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createRescuer, type Rescuer } from '../../src/upkeep/rescuer.ts';
import { startEngine } from '../support/engine.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { describeWithRedis } from '../support/redis.ts';
import { fanOutJob, NOW_MS } from '../support/samples.ts';
import { until } from '../support/until.ts';

const PAGE_SIZE = 10;
const INTERVAL_MS = 5000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a backlog', () => {
  let clock: FakeClock;
  let rescuer: Rescuer;
  /** Due in the store, and waiting in the queue: ids of normal priority. */
  let due: string[];
  let waiting: Set<string>;
  let reads: Priority[];
  let depth: (priority: Priority) => number;

  beforeEach(() => {
    clock = createFakeClock(NOW_MS);
    due = Array.from({ length: 35 }, (_, index) => `dlv_${index}`);
    waiting = new Set();
    reads = [];
    depth = (priority) => (priority === 'normal' ? waiting.size : 0);
    const store = {
      fanOuts: { unfinished: async () => [], due: async () => [] },
      deliveries: {
        due: async ({ priority, limit }: { priority: Priority; limit: number }) => {
          reads.push(priority);
          return priority === 'normal' ? due.slice(0, limit).map(dueDelivery) : [];
        },
      },
    } as unknown as Store;
    const queue = {
      enqueueMany: async (jobs) => {
        for (const { id } of jobs) waiting.add(id);
      },
      depthOf: async (priority) => depth(priority),
    } as JobQueue;
    const policy = {
      maxRetries: 1,
      baseMs: 1,
      maxMs: 1,
      quarantine: { retryMs: 1, retireAfterMs: 1 },
      goneGraceMs: 60_000,
    };
    const events = createEvents((error) => {
      throw error;
    });
    const times = { intervalMs: INTERVAL_MS, pageSize: PAGE_SIZE };
    rescuer = createRescuer({ store, queue, events, clock, policy, random: Math.random, ...times });
  });
  afterEach(() => rescuer.stop());

  const dueDelivery = (id: string): DueDelivery => ({
    id,
    userId: 'user-1',
    origin: 'https://push.example.net',
    priority: 'normal',
    state: 'pending',
    attemptCount: 0,
    deadlineAtMs: NOW_MS + 1_000_000,
    dueAtMs: NOW_MS,
  });
  const run = (count: number): void => {
    for (const id of [...waiting].slice(0, count)) {
      waiting.delete(id);
      due = due.filter((one) => one !== id);
    }
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  const readsOf = (priority: Priority): number => reads.filter((one) => one === priority).length;

  it('is not read again while plenty of it is queued, and the other priorities are', async () => {
    await rescuer.start();
    await pass(INTERVAL_MS);
    await pass(INTERVAL_MS);
    expect([readsOf('high'), readsOf('normal'), readsOf('low')]).toEqual([3, 1, 3]);
  });

  it('does not hide a job for ever that was lost while others wait', async () => {
    await rescuer.start();
    waiting.delete('dlv_3');
    for (let ticks = 0; ticks < 6; ticks += 1) await pass(INTERVAL_MS);
    expect(waiting).toContain('dlv_3');
  });

  it('is queued page by page, each as soon as half of the one before is gone, with no tick between', async () => {
    await rescuer.start();
    expect(waiting.size).toBe(PAGE_SIZE);
    run(4);
    await pass(200);
    expect(readsOf('normal')).toBe(1);
    const startedAtMs = clock.now();
    while (due.length > 0) {
      expect(waiting.size).toBeGreaterThan(0);
      run(2);
      await pass(200);
    }
    expect(clock.now() - startedAtMs).toBeLessThan(INTERVAL_MS);
  });

  it('whose jobs change nothing is not read over and over between the ticks', async () => {
    await rescuer.start();
    for (let looks = 0; looks < 20; looks += 1) {
      waiting.clear();
      await pass(200);
    }
    expect(readsOf('normal')).toBe(2);
    await pass(INTERVAL_MS);
    expect(readsOf('normal')).toBe(3);
  });

  it('of which the queue dropped some is read when there is room, however much waits there for others', async () => {
    await rescuer.start();
    rescuer.refill('normal');
    await turn();
    expect(readsOf('normal')).toBe(2);
  });

  it('is read where the queue cannot tell what it has', async () => {
    depth = () => {
      throw new Error('Redis is away');
    };
    await rescuer.start();
    await pass(INTERVAL_MS);
    expect(readsOf('normal')).toBe(2);
  });

  it('is watched no longer once the rescuer has stopped', async () => {
    await rescuer.start();
    expect(clock.waiting()).toBe(2);
    await rescuer.stop();
    expect(clock.waiting()).toBe(0);
    await rescuer.tick();
    expect(clock.waiting()).toBe(0);
  });
});

/** Only what happens between the ticks is seen. */
const NO_TICK_MS = 3_600_000;

async function deliversAll(queue: JobQueue, loseJobs: () => Promise<void>): Promise<void> {
  const engine = await startEngine({
    queue,
    pace: { fanOutPageSize: 500, rescuer: { pageSize: 20, intervalMs: NO_TICK_MS } },
  });
  try {
    for (let count = 0; count < 130; count += 1) await engine.subscribe('ada');
    const notification = await engine.notify(['ada'], { enqueue: false });
    await engine.work(fanOutJob(notification));
    await loseJobs();
    await engine.start();
    await until('all are delivered', () => engine.emulator.pushes.length === 130);
  } finally {
    await engine.dispose();
  }
}

describeWithRedis('Redis that lost its jobs', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  it('is given pages of what is due until all is delivered, without a tick in between', async () => {
    const queue = await createBeeQueue({ url: server.url, onError: () => {} });
    const isReady = () =>
      queue.ping().then(
        () => true,
        () => false,
      );
    await until('the queue is connected', isReady);
    await deliversAll(queue, async () => {
      const redis = new Redis(server.url);
      await redis.flushall();
      await redis.quit();
      expect(await queue.depthOf('normal')).toBe(0);
    });
  });
});
