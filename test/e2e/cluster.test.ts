import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { type ReplicaSet, startReplicaSet } from '../../scripts/servers/replica-set.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Answer, type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { eventsAgree } from '../support/events-agree.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const PROCESSES = 3;
const USERS = 100;
/** Their push service refuses every push. */
const REFUSED = 3;
const NOTIFICATIONS = atFullSize(50, 25);
const CONCURRENCY = 20;
const DELIVERIES = USERS * NOTIFICATIONS;

/** A lease that was left is over after the attempt timeout and half a minute. */
const ALL_FINAL_WITHIN_MS = 150_000;

describeWithMongod('three processes on one Redis and a replica set of three', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-cluster-'));
  const devices: Device[] = [];
  const services: ServiceProcess[] = [];
  let alive: ServiceProcess[] = [];
  let mongo: ReplicaSet;
  let redis: RedisServer;
  let emulator: Emulator;

  beforeAll(async () => {
    [mongo, redis, emulator] = await Promise.all([startReplicaSet(), startRedisServer(), startEmulator()]);
    writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
    const environment = {
      MONGODB_URL: freshDatabase(mongo.url),
      REDIS_URL: redis.url,
      PUSH_ALLOWED_HOSTS: emulator.allowedHost,
      PUSH_CA_FILE: join(folder, 'ca.pem'),
      VAPID_SUBJECT: 'mailto:test@example.com',
      WORKER_CONCURRENCY: String(CONCURRENCY),
      ATTEMPT_TIMEOUT_MS: '5000',
      RETRY_BASE_MS: '50',
      RETRY_MAX_MS: '1000',
    };
    // At the same time, as an orchestrator would: the secrets and indexes are made once all the same.
    services.push(
      ...(await Promise.all(Array.from({ length: PROCESSES }, () => startServiceProcess({ folder, environment })))),
    );
    alive = [...services];
  }, 120_000);

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop('SIGKILL')));
    await Promise.all([mongo.stop(), redis.stop(), emulator.close()]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** As a back end behind a load balancer: whoever lives answers, and what fails is tried again. */
  const call = async (...args: Parameters<SignedClient>): Promise<Answer> => {
    for (;;) {
      const service = alive[Math.floor(Math.random() * alive.length)]!;
      try {
        const answer = await signedClient(service.address, service.secret)(...args);
        if (answer.status < 500) return answer;
      } catch {
        // Killed in the middle of the call.
      }
      await wait(100);
    }
  };

  /** Those that were taken. */
  const taken = () => emulator.pushes.filter(({ status }) => status === 201);

  const accept = async (userIds: readonly string[]): Promise<string[]> => {
    const sends = Array.from({ length: NOTIFICATIONS }, async (_, index) => {
      const body = { type: 'cluster', title: `number ${index}`, user_ids: userIds };
      const headers = { 'Idempotency-Key': `cluster-${userIds[0]}-${index}` };
      const answer = await call('POST', '/v1/notifications', { body, headers });
      expect(answer.status).toBe(202);
      return String(answer.body.id);
    });
    return Promise.all(sends);
  };

  const leave = async (service: ServiceProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    alive = alive.filter((each) => each !== service);
    await service.stop(signal);
  };

  const pushed = (share: number) => until(`${share} of all pushes`, () => taken().length >= DELIVERIES * share, 60_000);

  it('send a subscription one push at a time, however many come at once', async () => {
    const device = emulator.createDevice({ name: 'one', behaviour: [{ delayMs: 20 }] });
    expect((await call('POST', '/v1/subscriptions', { body: { user_id: 'one', ...device.subscription } })).status).toBe(
      201,
    );
    await accept(['one']);
    await until('all have come', () => device.received.length === NOTIFICATIONS, 60_000);
    expect(device.requests.filter(({ othersUnderWay }) => othersUnderWay > 0)).toEqual([]);
    expect(device.requests).toHaveLength(NOTIFICATIONS);
    emulator.reset();
  }, 90_000);

  it('let no more through to one user than a cap says, however many come at once', async () => {
    const device = emulator.createDevice({ name: 'capped' });
    await call('POST', '/v1/subscriptions', { body: { user_id: 'capped', ...device.subscription } });
    const rule = { cap: { limit: 3, per_seconds: 3600 } };
    expect((await call('PUT', '/v1/types/news.capped', { body: rule })).status).toBeLessThan(300);
    // Processes read what was said of types once a second.
    await wait(1500);
    const body = { type: 'news.capped', title: 'x', user_ids: ['capped'] };
    const sends = Array.from({ length: 60 }, () => call('POST', '/v1/notifications', { body }));
    const ids = (await Promise.all(sends)).map((answer) => String(answer.body.id));
    const states = new Map<string, number>();
    for (const id of ids) {
      const notification = async () => (await call('GET', `/v1/notifications/${id}`)).body;
      await until(`${id} is completed`, async () => (await notification()).status === 'completed', 60_000);
      const { body: page } = await call('GET', `/v1/notifications/${id}/suppressions`);
      const [first = { reason: 'delivered' }] = page.items as { reason: string }[];
      states.set(first.reason, (states.get(first.reason) ?? 0) + 1);
    }
    expect(Object.fromEntries(states)).toEqual({ delivered: 3, capped: 57 });
    expect(device.received).toHaveLength(3);
    emulator.reset();
  }, 120_000);

  it(`lose none of ${DELIVERIES} deliveries, whatever is killed`, async () => {
    for (let user = 0; user < USERS; user += 1) {
      const device = emulator.createDevice({ name: `device-${user}`, behaviour: [{ delayMs: user % 20 }] });
      devices.push(device);
      const body = { user_id: `u${user}`, ...device.subscription };
      expect((await call('POST', '/v1/subscriptions', { body })).status).toBe(201);
    }
    for (let user = 0; user < REFUSED; user += 1) {
      const device = emulator.createDevice({ name: `refused-${user}`, behaviour: [{ status: 400 }] });
      const body = { user_id: `r${user}`, ...device.subscription };
      expect((await call('POST', '/v1/subscriptions', { body })).status).toBe(201);
    }
    const refused = Array.from({ length: REFUSED }, (_, user) => `r${user}`);
    const accepted = accept([...devices.map((_, user) => `u${user}`), ...refused]);
    await pushed(0.1);
    await leave(services[0]!, 'SIGKILL');
    await pushed(0.3);
    const flusher = new Redis(redis.url);
    await flusher.flushall();
    await flusher.quit();
    await pushed(0.5);
    await (await mongo.primary()).kill('SIGKILL');
    await pushed(0.7);
    await leave(services[1]!, 'SIGTERM');

    const ids = await accepted;
    expect(new Set(ids).size).toBe(NOTIFICATIONS);
    for (const id of ids) {
      await until(
        `${id} is completed`,
        async () => {
          const { body } = await call('GET', `/v1/notifications/${id}`);
          return body.status === 'completed';
        },
        ALL_FINAL_WITHIN_MS,
      );
      const { body } = await call('GET', `/v1/notifications/${id}`);
      expect(body.counts).toMatchObject({ delivered: USERS, failed: REFUSED });
    }
    const times = new Map<string, number>();
    for (const { device, payload } of taken()) {
      const key = `${device} ${payload}`;
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    expect(times.size).toBe(DELIVERIES);
    const duplicates = taken().length - DELIVERIES;
    process.stdout.write(`   ${duplicates} of ${DELIVERIES} pushes went out twice\n`);
    expect(duplicates).toBeLessThanOrEqual(CONCURRENCY * PROCESSES);
    expect(emulator.pushes.filter(({ othersUnderWay }) => othersUnderWay > 0)).toEqual([]);
    const { body: dead } = await call('GET', '/v1/dead-letters?limit=200');
    const failed = (dead.items as { id: string }[]).map(({ id }) => id);
    expect(failed).toHaveLength(REFUSED * NOTIFICATIONS);
    await until('all events have their numbers', () =>
      eventsAgree(ids, failed, call).then(
        () => true,
        () => false,
      ),
    );
    await eventsAgree(ids, failed, call);
  }, 300_000);
});
