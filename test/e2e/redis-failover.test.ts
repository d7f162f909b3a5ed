import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { describeWithRedis } from '../support/redis.ts';
import { type RedisPair, startRedisPair } from '../support/redis-pair.ts';
import { until } from '../support/until.ts';

/** What operators are promised. */
const GOES_ON_WITHIN_MS = 10_000;
const PATIENCE_MS = 40_000;
const FLOOD = 300;

type Readiness = {
  readonly status: string;
  readonly problems: { readonly store: string | null; readonly queue: string };
};

describeWithRedis('a service process, and Redis behind a stable address', () => {
  let folder: string;
  let pair: RedisPair;
  let emulator: Emulator;
  let service: ServiceProcess;

  beforeAll(async () => {
    emulator = await startEmulator();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-failover-'));
    pair = await startRedisPair();
    const environment = { ...trusting(emulator, folder), REDIS_URL: pair.url, REGISTRATIONS_PER_MINUTE: '6000' };
    service = await startServiceProcess({ folder, environment });
    for (const userId of ['ada', 'grace', 'alan']) {
      const body = { user_id: userId, ...emulator.createDevice().subscription };
      expect((await call('POST', '/v1/subscriptions', body)).status).toBe(201);
    }
  }, 60_000);
  afterEach(async () => {
    await service.stop('SIGKILL');
    await pair.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => emulator.close());

  const call = (method: string, path: string, body?: object) =>
    signedClient(service.address, service.secret)(method, path, body === undefined ? {} : { body });
  const readiness = async (): Promise<Readiness> =>
    (await (await fetch(`${service.address}/readyz`)).json()) as Readiness;
  const notify = async (userId: string, more: object = {}): Promise<string> => {
    const accepted = await call('POST', '/v1/notifications', { type: 't', title: 'x', user_ids: [userId], ...more });
    expect(accepted.status).toBe(202);
    return accepted.body.id as string;
  };
  const isDelivered = async (id: string): Promise<boolean> => {
    const { body } = await call('GET', `/v1/notifications/${id}`);
    return (body.counts as Record<string, number> | undefined)?.delivered === 1;
  };

  it('goes on sending within ten seconds of a failover in a flood, loses nothing, and says meanwhile what is wrong', async () => {
    const flood: string[] = [];
    const users = ['ada', 'grace'];
    for (let sent = 0; sent < FLOOD; sent += 50) {
      const batch = Array.from({ length: 50 }, (_, at) => notify(users[at % 2]!, { priority: 'low' }));
      flood.push(...(await Promise.all(batch)));
    }
    await pair.switchRoles();
    await until('it says so', async () => (await readiness()).status === 'degraded');
    expect((await readiness()).problems).toMatchObject({
      store: null,
      queue: expect.stringMatching(/Redis is a read-only replica/),
    });
    const meanwhile = await notify('alan');
    pair.moveAddress();
    const movedAtMs = Date.now();
    const afterwards = await notify('alan', { priority: 'high' });
    await until('a new one is delivered', () => isDelivered(afterwards), GOES_ON_WITHIN_MS);
    await until('one accepted meanwhile is delivered', () => isDelivered(meanwhile), GOES_ON_WITHIN_MS);
    expect(Date.now() - movedAtMs).toBeLessThan(GOES_ON_WITHIN_MS);
    await until('it is ready', async () => (await readiness()).status === 'ready');
    const last = flood.at(-1)!;
    await until('the last of the flood is delivered', () => isDelivered(last), PATIENCE_MS);
    for (const id of flood) await until(`${id} is delivered`, () => isDelivered(id), PATIENCE_MS);
  }, 120_000);

  it('accepts while Redis has no memory left, says so, and sends once there is some', async () => {
    await pair.primary().config('SET', 'maxmemory', '1');
    const accepted = await notify('ada');
    await until('it says so', async () => (await readiness()).status === 'degraded');
    expect((await readiness()).problems.queue).toMatch(/maxmemory.*raise it/);
    await pair.primary().config('SET', 'maxmemory', '0');
    await until('it is delivered', () => isDelivered(accepted), GOES_ON_WITHIN_MS);
    await until('it is ready', async () => (await readiness()).status === 'ready');
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 60_000);
});
