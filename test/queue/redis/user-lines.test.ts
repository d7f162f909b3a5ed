import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Job, JobQueue } from '../../../src/queue/job-queue.ts';
import { createBeeQueue } from '../../../src/queue/redis/bee-queue.ts';
import { jobFor } from '../../contract/queue-fixture.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const SOURCE = fileURLToPath(new URL('../../../src/queue/redis/bee-queue.ts', import.meta.url));
const PATIENCE_MS = 20_000;
const OUT = 64;

describeWithRedis('users’ lines in Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  const opened: JobQueue[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(async () => {
    await server.restart();
    redis = new Redis(server.url);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    await redis.quit();
  });
  afterAll(() => server.stop());

  const open = async (): Promise<JobQueue> => {
    const queue = await createBeeQueue({ url: server.url, onError: () => {}, stallIntervalMs: 1000 });
    opened.push(queue);
    await until('the queue is up', () =>
      queue.ping().then(
        () => true,
        () => false,
      ),
    );
    return queue;
  };
  const ofUser = (userId: string, count: number, from = 0): Job[] =>
    Array.from({ length: count }, (_, index) => jobFor(systemClock, `dlv_${from + index}_${userId}`, { userId }));

  it('let 64 jobs of a user out, and count the others among those that wait', async () => {
    const queue = await open();
    await queue.enqueueMany([...ofUser('mallory', 200), ...ofUser('ada', 1)]);
    expect(await redis.llen('bellhop:normal:waiting')).toBe(OUT + 1);
    expect(await queue.depthOf('normal')).toBe(201);
    // A second time they are refused.
    await queue.enqueueMany(ofUser('mallory', 200));
    expect(await queue.depthOf('normal')).toBe(201);
    expect(await redis.llen('bellhop:normal:line:mallory')).toBe(200 - OUT);
  });

  it('go on where a process dies that had all of a user’s jobs', async () => {
    const queue = await open();
    await queue.enqueueMany(ofUser('mallory', 100));
    const script = `
      import { createBeeQueue } from ${JSON.stringify(SOURCE)};
      const queue = await createBeeQueue({ url: ${JSON.stringify(server.url)}, onError: () => {}, stallIntervalMs: 1000 });
      await queue.start(() => new Promise(() => console.log('running')), { concurrency: 100 });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await until('the child has all it gets', () => said.split('running').length > OUT, PATIENCE_MS);
    expect(await redis.llen('bellhop:normal:active')).toBe(OUT);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ran = new Set<string>();
    await queue.start(async ({ id }) => void ran.add(id), { concurrency: 10 });
    await until('all run here', () => ran.size === 100, PATIENCE_MS);
    await until('nothing is left', async () => (await redis.keys('bellhop:normal:*:mallory')).length === 0);
  }, 60_000);

  it('are set going again where Redis has lost the jobs that were out', async () => {
    const queue = await open();
    await queue.enqueueMany(ofUser('mallory', 100));
    const out = await redis.smembers('bellhop:normal:out:mallory');
    await redis.hdel('bellhop:normal:jobs', ...out);
    await redis.del('bellhop:normal:waiting');
    const ran: string[] = [];
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 10 });
    await until('the others run', () => ran.length === 100 - OUT, PATIENCE_MS);
  });

  it('take a user’s name as it is, and a job of before there were any', async () => {
    const queue = await open();
    const ran: string[] = [];
    const odd = ['a b', 'ä:*?[x]', '💐', 'x'.repeat(200)];
    const jobs = odd.flatMap((userId, index) => ofUser(userId, 70, index * 100));
    const later = ofUser('later 💐', 70).map((job) => ({ ...job, runAtMs: Date.now() + 300 }));
    const { userId: _, ...old } = jobFor(systemClock, 'dlv_old_1');
    await queue.enqueueMany([...jobs, ...later, old as Job]);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 10 });
    await until('all run', () => ran.length === 351, PATIENCE_MS);
    expect(new Set(ran).size).toBe(351);
    await until('no line is left', async () => (await redis.keys('bellhop:normal:*:*')).length === 0);
  });
});
