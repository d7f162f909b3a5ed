import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { assign } from '../../src/domain/experiment/assignment.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { atFullSize } from '../support/full-size.ts';
import { callAnyOf, killOneOf, type Services } from '../support/killed-services.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const USERS = Array.from({ length: 120 }, (_, index) => `user-${index}`);
/** The shortest that a test may take. */
const DECIDED_AFTER_SECONDS = 60;
const WITHIN_MS = 150_000;
const EXPERIMENT = { key: 'subject', holdout_percent: 10, test_percent: 50 };
const VARIANTS = [
  { key: 'short', weight: 2, title: 'Sale' },
  { key: 'long', weight: 1, title: 'The sale of the year' },
];

type Delivery = { readonly user_id: string; readonly variant: string | null; readonly state: string };

let folder: string;
let emulator: Emulator;
let services: Services;
let environment: Record<string, string>;

const start = () => startServiceProcess({ folder, environment });

const call = callAnyOf(() => services);
const killOne = () => killOneOf(services, start);

async function everyItem<Item>(path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const { body } = await call('GET', `${path}?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
    items.push(...(body.items as Item[]));
    cursor = body.next_cursor;
  }
  return items;
}

/** What the experiment has for each user, by the hash alone. */
function lots(): ReadonlyMap<string, string> {
  const { key, holdout_percent: holdoutPercent, test_percent: testPercent } = EXPERIMENT;
  const lotOf = (user: string): string => {
    const lot = assign({ key, holdoutPercent, testPercent, variants: VARIANTS }, user);
    return lot.kind === 'variant' ? lot.key : lot.kind;
  };
  return new Map(USERS.map((user) => [user, lotOf(user)]));
}

/** Kills in the middle of the test’s fan-out, around the decision, and in the middle of what follows from it. */
async function decidedOnce(): Promise<void> {
  for (const [index, user] of USERS.entries()) {
    const device = emulator.createDevice({ name: user, behaviour: [{ delayMs: 20 + index }] });
    expect((await call('POST', '/v1/subscriptions', { body: { user_id: user, ...device.subscription } })).status).toBe(
      201,
    );
  }
  const experiment = { ...EXPERIMENT, decide_after_seconds: DECIDED_AFTER_SECONDS, if_inconclusive: 'send_heaviest' };
  const body = { type: 't', title: 'x', user_ids: USERS, variants: VARIANTS, experiment, ttl_seconds: 3600 };
  const { status, body: accepted } = await call('POST', '/v1/notifications', {
    body,
    headers: { 'Idempotency-Key': 'once' },
  });
  expect(status, JSON.stringify(accepted)).toBe(202);
  const id = String(accepted.id);
  await until('the test goes out', () => emulator.pushes.length > 10, WITHIN_MS);
  await killOne();
  await killOne();
  const named = (name: string) => [...lots().values()].filter((lot) => lot === name).length;
  const tested = named('short') + named('long');
  // What follows begins with the decision: the kill comes at its first push, or before.
  await until(
    'it is decided',
    () => emulator.pushes.filter(({ status: is }) => is !== null).length > tested + 2,
    WITHIN_MS,
  );
  await killOne();
  const get = async () => (await call('GET', `/v1/notifications/${id}`)).body;
  await until('it is completed', async () => (await get()).status === 'completed', WITHIN_MS);
  const deliveries = await everyItem<Delivery>(`/v1/notifications/${id}/deliveries`);
  expect(deliveries.map((one) => one.user_id).toSorted()).toEqual(
    USERS.filter((user) => lots().get(user) !== 'holdout').toSorted(),
  );
  for (const { user_id: user, variant, state } of deliveries) {
    const lot = lots().get(user);
    expect([user, variant, state]).toEqual([user, lot === 'waiting' ? 'short' : lot, 'delivered']);
  }
  expect((await get()).suppressed).toMatchObject({ holdout: named('holdout') });
  const attempts = await everyItem<{ outcome: string }>(`/v1/notifications/${id}/attempts`);
  const interrupted = attempts.filter(({ outcome }) => outcome === 'interrupted').length;
  expect(emulator.pushes.filter(({ status: is }) => is !== null).length - deliveries.length).toBeLessThanOrEqual(
    interrupted,
  );
  const decided = async () =>
    (await call('GET', '/v1/events?after=0&limit=200')).body.items as readonly { type: string; data: unknown }[];
  await until('the event is read', async () => (await decided()).some(({ type }) => type === 'experiment.decided'));
  expect((await decided()).filter(({ type }) => type === 'experiment.decided')).toMatchObject([
    { data: { experiment_key: 'subject', notification_id: id, winner: null, sends: 'short' } },
  ]);
  const counts = (await call('GET', '/v1/experiments/subject')).body;
  expect(counts).toMatchObject({
    decided_sends: 'short',
    is_counting: false,
    variants: VARIANTS.map(({ key }) => ({ key, users: named(key), delivered: named(key) })),
  });
}

// Sixty seconds of waiting each, since no test may be shorter.
describe.runIf(atFullSize(1, 0) === 1)('a test of variants, under kill -9', () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-experiment-crash-'));
    emulator = await startEmulator();
    services = [];
    environment = {
      ...trusting(emulator, folder),
      ATTEMPT_TIMEOUT_MS: '3000',
      RETRY_BASE_MS: '50',
      RETRY_MAX_MS: '500',
      TRACKING: 'shown,clicked',
    };
  });
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service?.stop('SIGKILL')));
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives each user their variant once, and is decided once, on the embedded store', async () => {
    services.push(await start());
    await decidedOnce();
  }, 400_000);

  describeWithMongod('on three processes with MongoDB and Redis', () => {
    it('gives each user their variant once, and is decided once', async () => {
      const [mongod, redis] = await Promise.all([startMongod(), startRedisServer()]);
      try {
        Object.assign(environment, { MONGODB_URL: freshDatabase(mongod.url), REDIS_URL: redis.url });
        services.push(...(await Promise.all([start(), start(), start()])));
        await decidedOnce();
      } finally {
        await Promise.all(services.splice(0).map((service) => service?.stop('SIGKILL')));
        await Promise.all([mongod.stop(), redis.stop()]);
      }
    }, 500_000);
  });
});
