import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { systemClock } from '../../src/clock.ts';
import type { Attempt } from '../../src/domain/delivery/delivery.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { openMongoStore } from '../../src/store/mongodb/mongodb-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { atFullSize } from '../support/full-size.ts';
import { callAnyOf, type Services } from '../support/killed-services.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';
import { type Crowd, deliveriesOf, refuseAll, registerCrowd } from './refused-crowd.ts';

const USERS = atFullSize(2000, 200);
const NOTIFICATIONS = atFullSize(50, 20);
const DEAD_LETTERS = USERS * NOTIFICATIONS;
/** Worked on between two looks at whether the action was called off. */
const PAGE = 400;
const PATIENCE_MS = atFullSize(3_600_000, 60_000);

let folder: string;
let emulator: Emulator;
let services: Services;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-bulk-crash-'));
  emulator = await startEmulator();
  services = [];
  environment = trusting(emulator, folder);
});
afterEach(async () => {
  await Promise.all(services.map((service) => service?.stop('SIGKILL')));
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = callAnyOf(() => services);
const start = () => startServiceProcess({ folder, environment });
const kill = async (place: number): Promise<void> => {
  const victim = services[place];
  services[place] = null;
  await victim?.stop('SIGKILL');
};

/** Nobody is at work meanwhile: a process that found a notification half made would go on with it. */
async function seeded(open: () => Promise<Store>): Promise<{ readonly crowd: Crowd; readonly ids: readonly string[] }> {
  services.push(await start());
  const crowd = await registerCrowd(emulator, call, USERS);
  await services.pop()?.stop('SIGTERM');
  return { crowd, ids: await looking(open(), (store) => refuseAll(store, crowd, NOTIFICATIONS)) };
}

async function looking<Seen>(opened: Promise<Store>, look: (store: Store) => Promise<Seen>): Promise<Seen> {
  const store = await opened;
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

const REPLAY = { action: 'replay', filter: { type: 't' } };

/** How many a replay would look at now. */
async function planned(): Promise<number> {
  const startedAtMs = performance.now();
  const { body } = await call('POST', '/v1/bulk-actions', { body: { ...REPLAY, dry_run: true } });
  expect(performance.now() - startedAtMs).toBeLessThan(1000);
  expect(body.is_at_least).toBe(false);
  return body.total_count as number;
}

type Shown = { state: string; done_count: number; replayed_count: number };

/** Begins to replay what is planned. Whoever looks at how far it got never sees less than before. */
async function begin() {
  const before = await planned();
  const begun = await call('POST', '/v1/bulk-actions', { body: REPLAY });
  expect(begun.body).toMatchObject({ state: 'running', total_count: before, total_is_at_least: false });
  const id = begun.body.id as string;
  let latest = 0;
  const look = async (): Promise<Shown> => {
    const shown = (await call('GET', `/v1/bulk-actions/${id}`)).body as Shown;
    expect(shown.done_count).toBeGreaterThanOrEqual(latest);
    latest = shown.done_count;
    return shown;
  };
  const reached = (count: number) =>
    until(`${count} are done`, async () => (await look()).done_count >= count, PATIENCE_MS);
  const ended = (state: string) =>
    until(`it is ${state}`, async () => (await look()).state === state, PATIENCE_MS).then(look);
  return { id, look, reached, ended };
}

/** Called off in the middle: it stops within a page, and what it had not reached stays as it was. Gives how many it had. */
async function callOffInTheMiddle(): Promise<number> {
  const { id, reached, ended } = await begin();
  await reached(1);
  const { status, body } = await call('POST', `/v1/bulk-actions/${id}/cancel`);
  expect([status, body.state]).toEqual([200, 'cancelling']);
  const { replayed_count: replayed } = await ended('cancelled');
  expect(replayed).toBeLessThanOrEqual((body.done_count as number) + PAGE);
  expect(replayed).toBeLessThan(DEAD_LETTERS);
  expect(await planned()).toBe(DEAD_LETTERS - replayed);
  const left = (await call('GET', '/v1/dead-letters?limit=200')).body.items as Record<string, unknown>[];
  const asTheyWere = { state: 'failed', reason: 'rejected', attempt_count: 1 };
  expect(left).toHaveLength(Math.min(200, DEAD_LETTERS - replayed));
  for (const one of left) expect(one).toMatchObject(asTheyWere);
  return replayed;
}

/** Every dead letter has been replayed once, by one of the two, whether it has been sent by now or not. */
async function eachReplayedOnce(store: Store, ids: readonly string[], of: readonly [string, number][]): Promise<void> {
  const items = await deliveriesOf(store, ids);
  expect(items.filter(({ replays }) => replays.length !== 1)).toEqual([]);
  for (const [id, count] of of) {
    expect(items.filter(({ replays }) => replays[0]?.byAction === id)).toHaveLength(count);
  }
}

/** Each has been sent again once, but for pushes that were cut short. */
async function eachSentOnce(store: Store, ids: readonly string[], { devices }: Crowd): Promise<void> {
  const items = await deliveriesOf(store, ids);
  // The push service may have taken one of which nobody has read the answer.
  const wasCutShort = ({ httpStatus }: Pick<Attempt, 'httpStatus'>) => httpStatus === null;
  const came = items.map(({ state, attempts }) => [
    state,
    ...attempts.filter((attempt) => !wasCutShort(attempt)).map(({ outcome }) => outcome),
  ]);
  expect([items.length, [...new Set(came.map(String))]]).toEqual([DEAD_LETTERS, ['delivered,rejected,delivered']]);
  const cutShort = items.flatMap(({ attempts }) => attempts).filter(wasCutShort).length;
  const received = devices.map((device) => device.received.length);
  expect(Math.min(...received)).toBeGreaterThanOrEqual(NOTIFICATIONS);
  expect(received.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(DEAD_LETTERS + cutShort);
}

async function allCompleted(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const status = async () => (await call('GET', `/v1/notifications/${id}`)).body.status;
    await until(`${id} is delivered`, async () => (await status()) === 'completed', PATIENCE_MS);
  }
}

describe(`a bulk replay of ${DEAD_LETTERS} on the embedded store`, () => {
  const open = () => openSqliteStore({ path: join(folder, 'data', 'bellhop.db'), clock: systemClock });

  it(
    'called off, begun anew and killed in the middle: started again, it replays each once',
    async () => {
      const { crowd, ids } = await seeded(open);
      services.push(await start());
      expect(await planned()).toBe(DEAD_LETTERS);
      const early = await callOffInTheMiddle();
      const first = (await call('GET', '/v1/bulk-actions')).body.items as { id: string }[];

      const { id, reached, ended } = await begin();
      await reached(atFullSize((DEAD_LETTERS - early) / 3, 1));
      await kill(0);
      await looking(open(), async (store) => {
        expect(await store.bulkActions.underWay()).toMatchObject({ id, state: 'running' });
        const kinds = await store.deliveries.deadKinds(null);
        expect(kinds).not.toEqual([]);
      });
      services[0] = await start();
      expect((await ended('completed')).replayed_count).toBe(DEAD_LETTERS - early);
      await allCompleted(ids);
      await services[0]?.stop('SIGTERM');
      await looking(open(), async (store) => {
        await eachReplayedOnce(store, ids, [
          [first[0]?.id ?? '', early],
          [id, DEAD_LETTERS - early],
        ]);
        await eachSentOnce(store, ids, crowd);
      });
    },
    PATIENCE_MS * 4,
  );
});

describeWithMongod(`a bulk replay of ${DEAD_LETTERS} on two processes with MongoDB and Redis`, () => {
  let stop: () => Promise<unknown>;
  let redis: Redis;
  const open = () =>
    openMongoStore({ url: environment.MONGODB_URL ?? '', clock: systemClock, retentionDays: 90, alone: null });
  /** Who has the lease of the loop that does bulk actions. */
  const leader = () => redis.get('bellhop:leader:bulk_actions');

  beforeEach(async () => {
    const [mongod, server] = await Promise.all([startMongod(), startRedisServer()]);
    redis = new Redis(server.url);
    stop = () => Promise.all([mongod.stop(), server.stop()]);
    Object.assign(environment, { MONGODB_URL: freshDatabase(mongod.url), REDIS_URL: server.url });
  }, 120_000);
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service?.stop('SIGKILL')));
    redis.disconnect();
    await stop();
  });

  it(
    'called off, begun anew; the other goes on where one is killed, and each is replayed once',
    async () => {
      const { crowd, ids } = await seeded(open);
      services.push(await start());
      await until('the first process has the bulk actions', async () => (await leader()) !== null);
      const atIt = await leader();
      services.push(await start());
      expect(await planned()).toBe(DEAD_LETTERS);
      const early = await callOffInTheMiddle();
      const first = (await call('GET', '/v1/bulk-actions')).body.items as { id: string }[];

      const { id, look, reached, ended } = await begin();
      await reached(atFullSize((DEAD_LETTERS - early) / 3, 1));
      expect(await leader()).toBe(atIt);
      await kill(0);
      expect((await look()).state).toBe('running');
      await reached(atFullSize(((DEAD_LETTERS - early) * 2) / 3, DEAD_LETTERS - early));
      expect(await leader()).not.toBe(atIt);
      if (atFullSize(1, 0) === 1) {
        // Both are gone, and one is started again.
        await kill(1);
        services[0] = await start();
      }
      expect((await ended('completed')).replayed_count).toBe(DEAD_LETTERS - early);
      if (atFullSize(1, 0) === 1) await allCompleted(ids);
      await looking(open(), async (store) => {
        await eachReplayedOnce(store, ids, [
          [first[0]?.id ?? '', early],
          [id, DEAD_LETTERS - early],
        ]);
        if (atFullSize(1, 0) === 1) await eachSentOnce(store, ids, crowd);
      });
    },
    PATIENCE_MS * 4,
  );
});
