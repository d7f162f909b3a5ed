import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Answer, signedClient } from '../../scripts/signed-client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { describeWithRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const PATIENCE_MS = 30_000;

describeWithRedis('a service process', () =>
  describeWithMongod('on MongoDB and Redis', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-away-'));
    const services: ServiceProcess[] = [];
    let mongo: Mongod;
    let redis: RedisServer;
    let emulator: Emulator;
    let urls: Record<string, string>;

    beforeAll(async () => {
      [mongo, redis, emulator] = await Promise.all([startMongod(), startRedisServer(), startEmulator()]);
      urls = { MONGODB_URL: freshDatabase(mongo.url), REDIS_URL: redis.url };
    }, 60_000);
    afterEach(() => Promise.all(services.splice(0).map((service) => service.stop('SIGKILL'))));
    afterAll(async () => {
      await Promise.all([mongo.stop(), redis.stop(), emulator.close()]);
      rmSync(folder, { recursive: true, force: true });
    });

    const start = async (environment: Record<string, string> = {}): Promise<ServiceProcess> => {
      const service = await startServiceProcess({
        folder,
        environment: { ...trusting(emulator, folder), ...urls, ...environment },
      });
      services.push(service);
      return service;
    };
    const clientOf = ({ address, secret }: ServiceProcess) => signedClient(address, secret);
    const isReady = async (service: ServiceProcess): Promise<Record<string, unknown>> =>
      (await (await fetch(`${service.address}/readyz`)).json()) as Record<string, unknown>;
    let users = 0;
    const subscribe = async (service: ServiceProcess): Promise<string> => {
      users += 1;
      const body = { user_id: `user-${users}`, ...emulator.createDevice().subscription };
      expect((await clientOf(service)('POST', '/v1/subscriptions', { body })).status).toBe(201);
      return `user-${users}`;
    };
    const notify = (service: ServiceProcess, userId: string): Promise<Answer> =>
      clientOf(service)('POST', '/v1/notifications', { body: { type: 'away', title: 'x', user_ids: [userId] } });
    const delivered = (service: ServiceProcess, accepted: Answer) =>
      until(
        'it is delivered',
        async () => {
          const { body } = await clientOf(service)('GET', `/v1/notifications/${accepted.body.id}`);
          return (body.counts as Record<string, number> | undefined)?.delivered === 1;
        },
        PATIENCE_MS,
      );

    it('accepts while Redis is away, says so, and sends once it is back', async () => {
      const service = await start();
      const userId = await subscribe(service);
      await redis.kill();
      await until('it notices', async () => (await isReady(service)).status === 'degraded', PATIENCE_MS);
      const accepted = await notify(service, userId);
      expect(accepted.status).toBe(202);
      await redis.restart();
      await delivered(service, accepted);
      await until('it is ready', async () => (await isReady(service)).status === 'ready', PATIENCE_MS);
    }, 60_000);

    it('starts while Redis is away', async () => {
      await redis.kill();
      const service = await start();
      const accepted = await notify(service, await subscribe(service));
      expect(accepted.status).toBe(202);
      await redis.restart();
      await delivered(service, accepted);
    }, 60_000);

    it('answers 503 with Retry-After while MongoDB is away, and goes on by itself', async () => {
      const service = await start();
      const userId = await subscribe(service);
      await mongo.kill();
      const startedAtMs = Date.now();
      const refused = await notify(service, userId);
      expect(Date.now() - startedAtMs).toBeLessThan(10_000);
      const said = JSON.stringify(service.log.filter(({ level }) => level === 'error'));
      expect(refused, said).toMatchObject({ status: 503, body: { code: 'store_unavailable', status: 503 } });
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await isReady(service)).status).toBe('not_ready');
      await mongo.restart();
      await until('it is ready', async () => (await isReady(service)).status === 'ready', PATIENCE_MS);
      const accepted = await notify(service, userId);
      expect(accepted.status).toBe(202);
      await delivered(service, accepted);
      const lines = service.log.filter(({ level }) => level === 'error');
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.length).toBeLessThan(30);
      expect(JSON.stringify(lines)).not.toContain('    at ');
    }, 90_000);

    it('has its roles apart: one takes the calls, another sends', async () => {
      const api = await start({ ROLES: 'api' });
      const userId = await subscribe(api);
      const accepted = await notify(api, userId);
      expect(accepted.status).toBe(202);
      const worker = await start({ ROLES: 'worker' });
      await delivered(api, accepted);
      const settled = ({ log }: ServiceProcess) => log.filter(({ event }) => event === 'delivery.settled').length;
      // Settled first, told afterwards: the line is still on its way here.
      await until('the worker tells of it', async () => settled(worker) === 1, PATIENCE_MS);
      expect(settled(api)).toBe(0);
      expect((await fetch(`${worker.address}/healthz`)).status).toBe(200);
      expect((await notify(worker, userId)).status).toBe(404);
      for (const service of [api, worker]) expect(await service.stop('SIGTERM')).toMatchObject({ code: 0 });
    }, 60_000);

    it('refuses a key pair of its own beside a database that knows another', async () => {
      await start();
      const other = mkdtempSync(join(tmpdir(), 'bellhop-other-'));
      const starting = startServiceProcess({ folder: other, environment: urls });
      await expect(starting).rejects.toThrow(/VAPID key pair in .* is not the one .* share one DATA_DIR/);
      rmSync(other, { recursive: true });
    });

    it.each([
      ['MongoDB is not there', { MONGODB_URL: 'mongodb://ada:topsecret@127.0.0.1:1/x' }, /No MongoDB answers at 127/],
      ['MongoDB does not know the user', { MONGODB_URL: 'WITH USER' }, /MongoDB refuses the user/],
      ['Redis refuses', { REDIS_URL: 'WITH USER' }, /Redis refuses the user/],
    ])('does not start where %s, and says so in one clear line', async (_, given, words) => {
      const withUser = Object.entries(given).map(([name, url]) => [
        name,
        url === 'WITH USER' ? urls[name]?.replace('://', '://ada:topsecret@') : url,
      ]);
      const starting = start(Object.fromEntries(withUser));
      await expect(starting).rejects.toThrow(words);
      const said = await starting.catch((error: Error) => error.message);
      expect(said).not.toContain('topsecret');
      expect(said).not.toContain('    at ');
    });
  }),
);
