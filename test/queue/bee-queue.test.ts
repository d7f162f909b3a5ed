import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { findRedisServer, type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { systemClock } from '../../src/clock.ts';
import { createBeeQueue } from '../../src/queue/bee-queue.ts';
import { queueContract } from '../contract/queue-contract.ts';

const found = findRedisServer();

if ('reason' in found && process.env.CI !== 'true') {
  describe('bee-queue', () => it.skip(`skipped: ${found.reason}`));
} else {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  queueContract('bee-queue on Redis', async () => {
    await server.restart();
    const queue = await createBeeQueue({ url: server.url, onError: () => {} });
    const deadlineMs = Date.now() + 5000;
    while (
      await queue.ping().then(
        () => false,
        () => Date.now() < deadlineMs,
      )
    )
      await wait(10);
    return { queue, clock: systemClock, pass: (ms) => wait(ms), dispose: () => queue.close() };
  });
}
