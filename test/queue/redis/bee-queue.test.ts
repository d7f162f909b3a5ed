import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import { systemClock } from '../../../src/clock.ts';
import { createBeeQueue } from '../../../src/queue/redis/bee-queue.ts';
import { queueContract } from '../../contract/queue-contract.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

describeWithRedis('bee-queue', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  queueContract('bee-queue on Redis', async () => {
    await server.restart();
    const queue = await createBeeQueue({ url: server.url, onError: () => {} });
    await until('the queue is connected', () =>
      queue.ping().then(
        () => true,
        () => false,
      ),
    );
    return { queue, clock: systemClock, mostBefore: 64, pass: (ms) => wait(ms), dispose: () => queue.close() };
  });
});
