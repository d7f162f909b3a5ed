import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import type { Job, JobQueue } from '../../../src/queue/job-queue.ts';
import { createBeeQueue } from '../../../src/queue/redis/bee-queue.ts';
import { preflightRedis } from '../../../src/queue/redis/redis-preflight.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

const PATIENCE_MS = 20_000;
/** The limit of a save, and some time for a slow machine. */
const BOUNDED_MS = 3500;

const SOURCE = fileURLToPath(new URL('../../../src/queue/redis/bee-queue.ts', import.meta.url));

let made = 0;
const job = (overrides: Partial<Job> = {}): Job => {
  made += 1;
  return {
    kind: 'deliver',
    id: `dlv_${made}`,
    step: 1,
    priority: 'normal',
    origin: '',
    userId: 'ada',
    deadlineAtMs: null,
    runAtMs: 0,
    ...overrides,
  };
};

describeWithRedis('bee-queue, when Redis', () => {
  let server: RedisServer;
  let ran: Job[];
  const opened: JobQueue[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(async () => {
    ran = [];
    await server.restart();
  });
  afterEach(async () => {
    server.resume();
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
  });
  afterAll(() => server.stop());

  const open = async (url = server.url): Promise<JobQueue> => {
    const queue = await createBeeQueue({ url, onError: () => {}, stallIntervalMs: 1000 });
    opened.push(queue);
    return queue;
  };
  const isUp = (queue: JobQueue): Promise<boolean> =>
    queue.ping().then(
      () => true,
      () => false,
    );
  const working = async (url?: string): Promise<JobQueue> => {
    const queue = await open(url);
    await queue.start(async (one) => void ran.push(one), { concurrency: 5 });
    await until('the queue is up', () => isUp(queue), PATIENCE_MS);
    return queue;
  };
  /** Saves as the rescuer does, again and again, until the job has run. */
  const runsInTheEnd = async (queue: JobQueue): Promise<void> => {
    const wanted = job();
    await until(
      'a new job runs',
      async () => {
        await queue.enqueueMany([wanted]).catch(() => {});
        return ran.some(({ id }) => id === wanted.id);
      },
      PATIENCE_MS,
    );
  };
  const bounded = async (call: () => Promise<unknown>): Promise<void> => {
    const startedAtMs = Date.now();
    await expect(call()).rejects.toThrow(/Redis/);
    expect(Date.now() - startedAtMs).toBeLessThan(BOUNDED_MS);
  };

  /** Resolves when bee-queue has looked so many times for jobs that stalled: it leaves a mark that ends by itself. */
  const stallChecks = async (redis: Redis, count: number): Promise<void> => {
    let [leftMs, seen] = [0, 0];
    await until(
      'stalled jobs are looked for',
      async () => {
        const nowLeftMs = await redis.pttl('bellhop:normal:stallBlock');
        if (nowLeftMs > leftMs) seen += 1;
        leftMs = nowLeftMs;
        return seen > count;
      },
      PATIENCE_MS,
    );
  };

  /** In words of Bellhop's own: the log quotes no others. */
  const AWAY = { name: 'AppError', message: expect.stringMatching(/^Redis .* REDIS_URL/) };

  it('is emptied, runs what is saved afterwards', async () => {
    const queue = await working();
    await runsInTheEnd(queue);
    const redis = new Redis(server.url);
    await redis.flushall();
    await redis.quit();
    await runsInTheEnd(queue);
  });

  it('was killed and has forgotten jobs and scripts, runs what is saved afterwards, delayed or not', async () => {
    const queue = await working();
    await queue.enqueueMany([job()]);
    await server.restart();
    await runsInTheEnd(queue);
    const later = job({ runAtMs: Date.now() + 500 });
    await queue.enqueueMany([later]);
    await until('the delayed job runs', () => ran.some(({ id }) => id === later.id), PATIENCE_MS);
    expect(Date.now()).toBeGreaterThanOrEqual(later.runAtMs);
  }, 60_000);

  it('is away at the start, comes up with it', async () => {
    await server.kill();
    const queue = await open();
    await expect(queue.enqueueMany([job()])).rejects.toMatchObject(AWAY);
    await queue.start(async (one) => void ran.push(one), { concurrency: 5 });
    await bounded(() => queue.enqueueMany([job()]));
    await bounded(() => queue.ping());
    await server.restart();
    await runsInTheEnd(queue);
  }, 60_000);

  it.each([
    ['is killed', () => server.kill(), () => server.restart()],
    ['is frozen', () => server.pause(), async () => server.resume()],
  ])(
    '%s, refuses in bounded time and recovers by itself',
    async (_, stop, recover) => {
      const queue = await working();
      await runsInTheEnd(queue);
      await stop();
      await bounded(() => queue.enqueueMany([job()]));
      await bounded(() => queue.ping());
      await recover();
      await runsInTheEnd(queue);
    },
    60_000,
  );

  it('is in a black hole, refuses in bounded time, recovers, and closes in bounded time there', async () => {
    const proxy = await startTcpProxy({ port: server.port });
    const queue = await working(`redis://127.0.0.1:${proxy.port}`);
    await runsInTheEnd(queue);
    proxy.blackHole();
    await bounded(() => queue.enqueueMany([job()]));
    await expect(queue.enqueueMany([job()])).rejects.toMatchObject(AWAY);
    await proxy.cut();
    await proxy.restore();
    await runsInTheEnd(queue);
    proxy.blackHole();
    const startedAtMs = Date.now();
    await queue.close();
    expect(Date.now() - startedAtMs).toBeLessThan(10_000);
    // In the hole their ends are not seen either.
    await proxy.restore();
    await until('no connection is left', () => proxy.connections() === 0, PATIENCE_MS);
    await proxy.close();
  }, 60_000);

  it('is far away, works all the same', async () => {
    const proxy = await startTcpProxy({ port: server.port });
    const queue = await working(`redis://127.0.0.1:${proxy.port}`);
    proxy.delay(200);
    const far = Array.from({ length: 20 }, () => job());
    await queue.enqueueMany(far);
    await until('all have run', () => far.every(({ id }) => ran.some((one) => one.id === id)), PATIENCE_MS);
    expect(ran).toHaveLength(far.length);
    await queue.close();
    await proxy.close();
  }, 60_000);

  it('keeps nothing of jobs that have run', async () => {
    const queue = await working();
    await queue.enqueueMany(Array.from({ length: 500 }, () => job({ priority: 'high' })));
    await until('all have run', () => ran.length >= 500, PATIENCE_MS);
    await queue.close();
    const redis = new Redis(server.url);
    const left = await redis.keys('*');
    const kinds = await Promise.all(left.map((key) => redis.type(key)));
    await redis.quit();
    // A mark that the stalled jobs were looked for, and nothing else.
    expect(left.filter((_, index) => kinds[index] !== 'string')).toEqual([]);
  });

  it('has jobs wait for longer than the stall interval, runs each once', async () => {
    const queue = await open();
    let mayRun = false;
    const waitsFor = (): 'line' | null => (mayRun ? null : 'line');
    await queue.start(async (one) => void ran.push(one), { concurrency: 5, waitsFor });
    await until('the queue is up', () => isUp(queue));
    const waiting = Array.from({ length: 20 }, () => job());
    await queue.enqueueMany(waiting);
    const redis = new Redis(server.url);
    const taken = async () => (await redis.llen('bellhop:normal:active')) === waiting.length;
    await until('all are taken', taken, PATIENCE_MS);
    await stallChecks(redis, 3);
    expect(await taken()).toBe(true);
    mayRun = true;
    queue.wake('');
    await until('nothing is left', async () => (await redis.hlen('bellhop:normal:jobs')) === 0, PATIENCE_MS);
    await redis.quit();
    expect(ran.map(({ id }) => id).toSorted()).toEqual(waiting.map(({ id }) => id).toSorted());
  }, 60_000);

  it('puts back what it took and did not run', async () => {
    const queue = await open();
    await queue.start(async (one) => void ran.push(one), { concurrency: 2 });
    await until('the queue is up', () => isUp(queue));
    await runsInTheEnd(queue);
    await queue.stop();
    const other = await open();
    await until('the other is up', () => isUp(other));
    const rest = Array.from({ length: 10 }, () => job());
    await other.enqueueMany(rest);
    await other.start(async (one) => void ran.push(one), { concurrency: 2 });
    await until('all have run', () => rest.every(({ id }) => ran.some((one) => one.id === id)), PATIENCE_MS);
  });

  it('has the jobs of a process that was killed run elsewhere', async () => {
    const script = `
      import { createBeeQueue } from ${JSON.stringify(SOURCE)};
      const queue = await createBeeQueue({ url: ${JSON.stringify(server.url)}, onError: () => {}, stallIntervalMs: 1000 });
      await queue.start(() => new Promise(() => console.log('running')), { concurrency: 5 });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    const queue = await open();
    await until('the queue is up', () => isUp(queue));
    const held = [job(), job(), job()];
    await queue.enqueueMany(held);
    await until('the child runs them', () => said.split('running').length > held.length, PATIENCE_MS);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await queue.start(async (one) => void ran.push(one), { concurrency: 5 });
    await until('they run here', () => held.every(({ id }) => ran.some((one) => one.id === id)), PATIENCE_MS);
  }, 60_000);

  it('refuses the password or the database, is not used', async () => {
    const words = { code: 'store_unavailable', message: expect.stringContaining('REDIS_URL') };
    const guarded = await startRedisServer({ args: ['--requirepass', 'the right one'] });
    for (const url of [
      guarded.url,
      guarded.url.replace('redis://', 'redis://:topsecret@'),
      guarded.url.replace('redis://', 'redis://ada:topsecret@'),
      `${server.url}/999`,
    ]) {
      await expect(createBeeQueue({ url, onError: () => {} })).rejects.toMatchObject(words);
    }
    expect(await preflightRedis(guarded.url.replace('redis://', 'redis://:the%20right%20one@'))).toBe('ready');
    await guarded.stop();
    expect(await preflightRedis(guarded.url)).toBe('away');
  });
});
