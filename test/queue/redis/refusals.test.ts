import { rmSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../scripts/servers/free-port.ts';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import type { JobQueue } from '../../../src/queue/job-queue.ts';
import { createBeeQueue } from '../../../src/queue/redis/bee-queue.ts';
import { preflightRedis } from '../../../src/queue/redis/redis-preflight.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const RECOVERS_WITHIN_MS = 10_000;

type Fault = readonly [name: string, words: RegExp, begin: (redis: Redis) => unknown, end: (redis: Redis) => unknown];

const replicate = async (redis: Redis) => redis.replicaof('127.0.0.1', await freePort());
const beItself = (redis: Redis) => redis.replicaof('NO', 'ONE');

/** What Redis refuses while it runs, and how a person ends it. */
const FAULTS: readonly Fault[] = [
  [
    'OOM',
    /maxmemory/,
    (redis) => redis.config('SET', 'maxmemory', '1'),
    (redis) => redis.config('SET', 'maxmemory', '0'),
  ],
  [
    'MISCONF',
    /cannot save its data/,
    async (redis) => {
      await redis.config('SET', 'save', '3600 1');
      rmSync(((await redis.config('GET', 'dir')) as string[])[1]!, { recursive: true });
      await redis.bgsave();
      await until('the save has failed', async () => (await redis.info()).includes('rdb_last_bgsave_status:err'));
    },
    (redis) => redis.config('SET', 'stop-writes-on-bgsave-error', 'no'),
  ],
  [
    'NOREPLICAS',
    /min-replicas-to-write/,
    (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    (redis) => redis.config('SET', 'min-replicas-to-write', '0'),
  ],
  ['READONLY', /read-only replica/, replicate, beItself],
  [
    'NOPERM',
    /keys and channels bellhop:\*/,
    (redis) => redis.call('ACL', 'SETUSER', 'default', '-set'),
    (redis) => redis.call('ACL', 'SETUSER', 'default', '+set'),
  ],
  [
    'WRONGPASS',
    /user and the password of REDIS_URL/,
    async (redis) => {
      await redis.config('SET', 'requirepass', 'another');
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    (redis) => redis.config('SET', 'requirepass', 'secret'),
  ],
];

describeWithRedis('Redis that refuses', () => {
  let server: RedisServer;
  let redis: Redis;
  let queue: JobQueue;
  const url = () => server.url.replace('redis://', 'redis://:secret@');
  const said = (): Promise<string> =>
    queue.ping().then(
      () => 'ready',
      (error: Error) => error.message,
    );

  beforeAll(async () => {
    server = await startRedisServer({ args: ['--requirepass', 'secret'] });
  });
  beforeEach(async () => {
    redis = new Redis(url());
    queue = await createBeeQueue({ url: url(), onError: () => {} });
    await until('the queue is up', async () => (await said()) === 'ready');
  });
  afterEach(async () => {
    await queue.close();
    redis.disconnect();
  });
  afterAll(() => server.stop());

  it.each(FAULTS)(
    '%s: says what to do, first of all and later, and goes on by itself',
    async (_, words, begin, end) => {
      await begin(redis);
      await until('it is told', async () => words.test(await said()));
      const first = await preflightRedis(url()).catch((error: Error) => ({ fault: error.message }));
      expect(first).not.toBe('ready');
      expect(JSON.stringify(first)).not.toContain('secret');
      await end(redis);
      await until('it is ready again', async () => (await said()) === 'ready', RECOVERS_WITHIN_MS);
      expect(await preflightRedis(url())).toBe('ready');
      expect(await redis.pttl('bellhop:ping')).toBeLessThanOrEqual(10_000);
    },
  );

  it('tells a cluster from one server, and is not used', async () => {
    const cluster = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
    await expect(createBeeQueue({ url: cluster.url, onError: () => {} })).rejects.toThrow(/Redis Cluster/);
    const admin = new Redis(cluster.url);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383').catch(() => {});
    await until('it has all slots', async () =>
      String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
    await expect(createBeeQueue({ url: cluster.url, onError: () => {} })).rejects.toThrow(/Redis Cluster/);
    admin.disconnect();
    await cluster.stop();
  });
});
