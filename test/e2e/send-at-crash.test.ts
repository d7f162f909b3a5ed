import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { callAnyOf, killOneOf, type Services } from '../support/killed-services.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const USERS = Array.from({ length: 40 }, (_, index) => `user-${index}`);
const NOTIFICATIONS = 5;
const AHEAD_MS = 4000;
/** A first look, which has those for whom the time has passed, and the wave of the others. */
const ZONES = ['Etc/UTC', 'Asia/Tokyo'];
const WITHIN_MS = 90_000;

let folder: string;
let emulator: Emulator;
let services: Services;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-send-at-crash-'));
  emulator = await startEmulator();
  services = [];
  environment = { ...trusting(emulator, folder), ATTEMPT_TIMEOUT_MS: '3000', RETRY_BASE_MS: '50', RETRY_MAX_MS: '500' };
});
afterEach(async () => {
  await Promise.all(services.map((service) => service?.stop('SIGKILL')));
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startServiceProcess({ folder, environment });

const call = callAnyOf(() => services);
const killOne = () => killOneOf(services, start);

async function registerAll(): Promise<void> {
  for (const [index, user] of USERS.entries()) {
    const device = emulator.createDevice({ name: user, behaviour: [{ delayMs: 20 + index }] });
    const body = { user_id: user, ...device.subscription, time_zone: ZONES[index % 2] };
    expect((await call('POST', '/v1/subscriptions', { body })).status).toBe(201);
  }
}

/** Half of them at an instant, half by the clocks of users; half to whom they name, half to everybody. */
async function schedule(atMs: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const instant = new Date(atMs).toISOString();
  for (let index = 0; index < NOTIFICATIONS; index += 1) {
    const sendAt = index % 2 === 0 ? instant : { local: instant.slice(0, 19), if_passed: 'send_now' };
    const whom = index % 4 < 2 ? { user_ids: [...USERS, 'nobody'] } : { audience: { everyone: true } };
    const body = { type: 't', title: 'now', send_at: sendAt, ...whom };
    const headers = { 'Idempotency-Key': `${instant} ${index}` };
    const answer = await call('POST', '/v1/notifications', { body, headers });
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    ids.push(String(answer.body.id));
  }
  return ids;
}

/** How often each device was shown each of these, as the push service counts. */
function shown(ids: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { status, device, payload } of emulator.pushes) {
    if (status === null) continue;
    const { notification_id: id } = JSON.parse(payload ?? '{}') as { notification_id: string };
    if (ids.includes(id)) times.set(`${id} ${device}`, (times.get(`${id} ${device}`) ?? 0) + 1);
  }
  return times;
}

async function interrupted(ids: readonly string[]): Promise<number> {
  let found = 0;
  for (const id of ids) {
    const { body } = await call('GET', `/v1/notifications/${id}/attempts?limit=200`);
    found += (body.items as { outcome: string }[]).filter(({ outcome }) => outcome === 'interrupted').length;
  }
  return found;
}

/** Kills around the time, and in the middle of sending. */
async function eachOnce(kills: number): Promise<void> {
  await registerAll();
  const atMs = Date.now() + AHEAD_MS;
  const ids = await schedule(atMs);
  for (let kill = 0; kill < kills; kill += 1) {
    if (kill === 0) await until('the time has come', () => emulator.pushes.length > USERS.length * 3, WITHIN_MS);
    await wait(randomInt(5, 300));
    await killOne();
  }
  for (const id of ids) {
    const get = async () => (await call('GET', `/v1/notifications/${id}`)).body;
    await until(`${id} is completed`, async () => (await get()).status === 'completed', WITHIN_MS);
    const { user_count: users, suppressed, counts } = await get();
    const stopped = Object.values(suppressed as Record<string, number>).reduce((sum, count) => sum + count, 0);
    expect(Number(users) - stopped).toBe(USERS.length);
    expect(counts).toMatchObject({ delivered: USERS.length, total: USERS.length });
  }
  const times = shown(ids);
  expect([...times.keys()].toSorted()).toEqual(ids.flatMap((id) => USERS.map((user) => `${id} ${user}`)).toSorted());
  const twice = [...times.values()].reduce((sum, count) => sum + count - 1, 0);
  const onRecord = await interrupted(ids);
  process.stdout.write(`   ${kills} kills, ${times.size} pushes, ${twice} twice, ${onRecord} interrupted on record\n`);
  expect(twice).toBeLessThanOrEqual(onRecord);
}

type Answered = { delivered: number; in_flight: number; cancelled: number; ended_otherwise: number };

/** One process is killed while all are called off. */
async function nothingAfterwards(): Promise<void> {
  await registerAll();
  const ids = await schedule(Date.now() + AHEAD_MS);
  await until('some is sent', () => emulator.pushes.length > USERS.length * 3, WITHIN_MS);
  const killed = killOne();
  const answers = await Promise.all(
    ids.map(async (id) => {
      const { status, body } = await call('POST', `/v1/notifications/${id}/cancel`);
      expect([200, 409], JSON.stringify(body)).toContain(status);
      return { id, said: status === 200 ? (body as Answered) : null };
    }),
  );
  await killed;
  for (const { id, said } of answers.filter((one) => one.said !== null)) {
    const get = async () => (await call('GET', `/v1/notifications/${id}`)).body;
    const open = ({ counts }: Record<string, unknown>) => {
      const { pending, held, sending, retrying } = counts as Record<string, number>;
      return [pending, held, sending, retrying].reduce((sum = 0, count = 0) => sum + count, 0);
    };
    await until(`${id} has ended`, async () => open(await get()) === 0, WITHIN_MS);
    const { status, counts } = await get();
    expect(status).toBe('cancelled');
    const { delivered } = counts as { delivered: number };
    expect(delivered).toBeLessThanOrEqual(said!.delivered + said!.in_flight);
    const pushes = [...shown([id]).values()].reduce((sum, count) => sum + count, 0);
    expect(pushes).toBeLessThanOrEqual(said!.delivered + said!.in_flight + (await interrupted([id])));
  }
  const cancelled = answers.map(({ said }) => said?.cancelled ?? 0).reduce((sum, count) => sum + count, 0);
  const inFlight = answers.map(({ said }) => said?.in_flight ?? 0).reduce((sum, count) => sum + count, 0);
  process.stdout.write(`   ${shown(ids).size} pushes; called off while ${cancelled} waited, ${inFlight} under way\n`);
}

describe('what is sent later, under kill -9, on the embedded store', () => {
  beforeEach(async () => {
    services.push(await start());
  });

  it('comes to each device once', () => eachOnce(3), 240_000);
  it('does not come after it was called off', nothingAfterwards, 240_000);
});

describeWithMongod('what is sent later, under kill -9, on three processes with MongoDB and Redis', () => {
  let stop: () => Promise<unknown>;
  beforeEach(async () => {
    const [mongod, redis] = await Promise.all([startMongod(), startRedisServer()]);
    stop = () => Promise.all([mongod.stop(), redis.stop()]);
    Object.assign(environment, { MONGODB_URL: freshDatabase(mongod.url), REDIS_URL: redis.url });
    services.push(...(await Promise.all([start(), start(), start()])));
  }, 120_000);
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service?.stop('SIGKILL')));
    await stop();
  });

  it('comes to each device once', () => eachOnce(4), 300_000);
  it('does not come after it was called off', nothingAfterwards, 300_000);
});
