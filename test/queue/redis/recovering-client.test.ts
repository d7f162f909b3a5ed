import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import { makeRedisClient } from '../../../src/queue/redis/recovering-client.ts';
import { answered, type RedisClient } from '../../../src/queue/redis/redis-command.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

describeWithRedis('a Redis client', () => {
  let server: RedisServer;
  let client: RedisClient;
  let errors: string[];
  const connect = (url = server.url): void => {
    client = makeRedisClient({ url, queuesOffline: false });
    client.on('error', (error) => errors.push(String(error)));
  };
  const ask = (name: string, ...args: string[]) => answered((done) => client.send_command(name, args, done));
  beforeEach(async () => {
    errors = [];
    server = await startRedisServer();
  });
  afterEach(async () => {
    client.end(true);
    await server.stop();
  });

  it('connects however long Redis was away: redis@3 by itself gives up after an hour of it', async () => {
    connect();
    await until('it is ready', () => client.ready);
    await server.kill();
    await until('it is away', () => !client.ready);
    (client as unknown as { retry_totaltime: number }).retry_totaltime = 3_600_000;
    await server.restart();
    await until('it is ready again', () => client.ready);
    expect(errors).toEqual([]);
  });

  it('leaves a server that accepts it and then hangs', async () => {
    const proxy = await startTcpProxy({ port: server.port });
    proxy.blackHole();
    connect(`redis://127.0.0.1:${proxy.port}`);
    await until('it is connected', () => client.connected);
    // Those that are there stay in the hole; new ones get through.
    proxy.leadTo(server.port);
    await until('it has tried again', () => proxy.accepted() > 1, 15_000);
    await proxy.restore();
    await until('it is ready', () => client.ready, 15_000);
    await proxy.close();
  }, 30_000);

  it('is let in once its password is taken again: redis@3 by itself waits for ever', async () => {
    const admin = new Redis(server.url);
    await admin.config('SET', 'requirepass', 'new');
    connect(server.url.replace('redis://', 'redis://:old@'));
    await until('it is refused', () => errors.some((error) => error.includes('WRONGPASS')));
    await admin.config('SET', 'requirepass', 'old');
    await until('it is ready', () => client.ready);
    admin.disconnect();
  });

  it('leaves a server that loads its data', async () => {
    let dialled = 0;
    const loading = createServer((socket) => {
      dialled += 1;
      socket
        .on('data', () => socket.write('-LOADING Redis is loading the dataset in memory\r\n'))
        .on('error', () => {});
    });
    await new Promise<void>((resolve) => loading.listen(0, '127.0.0.1', resolve));
    const { port } = loading.address() as { port: number };
    const startedAtMs = Date.now();
    connect(`redis://127.0.0.1:${port}`);
    await until('it has tried several times', () => dialled >= 4);
    expect(dialled / ((Date.now() - startedAtMs) / 1000)).toBeLessThan(20);
    loading.close();
  });

  it('stays where only the command is refused', async () => {
    connect();
    await until('it is ready', () => client.ready);
    await ask('config', 'set', 'maxmemory', '1');
    await expect(ask('set', 'a', 'b')).rejects.toThrow(/OOM/);
    await ask('config', 'set', 'maxmemory', '0');
    expect(client.times_connected).toBe(1);
  });
});
