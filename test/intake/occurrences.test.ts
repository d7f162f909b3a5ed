import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { type Collections, collectionsOf } from '../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../src/store/mongodb/mongodb-store.ts';
import { mongoSchedules } from '../../src/store/mongodb/schedule/schedules.ts';
import { trackOperations } from '../../src/store/mongodb/server/operations.ts';
import type { ScheduleStore } from '../../src/store/schedule-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { everyPage } from '../contract/fresh-store.ts';
import { sampleSchedule } from '../contract/schedule-contract.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { NOW_MS } from '../support/samples.ts';
import { scheduleProcess } from '../support/schedule-process.ts';
import { seededRandom } from '../support/seeded.ts';

const MINUTE_MS = 60_000;
const PROCESSES = 3;
const TIMES = 1000;
/** Fewer where a time takes ten writes to a server. */
const TIMES_ON_MONGODB = atFullSize(TIMES, 300);
/** Of a death at each boundary of a write, before it and after it. */
const CHANCE = 0.04;

/** Throws where its process dies here, and ever after. */
type Fate = () => void;

/** Every write of this object is a boundary at which its process may die: before it is done, or with it done and no answer. */
function mortal<Target extends object>(target: Target, writes: readonly string[], fate: Fate): Target {
  return new Proxy(target, {
    get(of, name) {
      const value = Reflect.get(of, name);
      if (typeof value !== 'function') return value;
      if (!writes.includes(String(name))) return value.bind(of);
      return async (...given: unknown[]) => {
        fate();
        const answer = await value.apply(of, given);
        fate();
        return answer;
      };
    },
  });
}

const died = () => new Error('this process is dead');

/** Runs a schedule of every minute on processes that die again and again, and gives what came of it. */
async function liveThrough(clock: FakeClock, store: Store, schedulesOf: (fate: Fate) => ScheduleStore, times: number) {
  const random = seededRandom(times);
  let deaths = 0;
  const bear = () => {
    let isDead = false;
    const fate = () => {
      if (!isDead && random() < CHANCE) {
        isDead = true;
        deaths += 1;
      }
      if (isDead) throw died();
    };
    const process = scheduleProcess({ ...store, schedules: schedulesOf(fate) }, clock);
    return { process, isDead: () => isDead };
  };
  const schedule = sampleSchedule({ nextAtMs: NOW_MS + MINUTE_MS });
  await store.schedules.put(schedule);
  let alive = Array.from({ length: PROCESSES }, bear);
  for (let time = 1; time <= times; time += 1) {
    clock.advance(NOW_MS + time * MINUTE_MS - clock.now());
    while (((await store.schedules.nextDueMs()) ?? 0) <= clock.now()) {
      await Promise.allSettled(alive.map(({ process }) => process.scheduler.tick()));
      alive = alive.map((one) => (one.isDead() ? bear() : one));
    }
  }
  await Promise.all(alive.map(({ process }) => process.scheduler.stop()));
  const query = { userId: null, type: null, status: null, fromMs: null, untilMs: null };
  const { items: notifications } = await everyPage((cursor) =>
    store.notifications.list({ ...query, cursor, limit: 200 }),
  );
  const { items: occurrences } = await everyPage((cursor) =>
    store.schedules.occurrences({ scheduleId: schedule.id, cursor, limit: 200 }),
  );
  return { times, deaths, notifications, occurrences };
}

function expectEachOnce({ times, deaths, notifications, occurrences }: Awaited<ReturnType<typeof liveThrough>>): void {
  const timesMs = Array.from({ length: times }, (_, index) => NOW_MS + (index + 1) * MINUTE_MS);
  expect(deaths).toBeGreaterThan(times / 20);
  expect(notifications.map(({ acceptedAtMs }) => acceptedAtMs).sort()).toEqual(timesMs);
  expect(occurrences.map(({ atMs, status }) => [atMs, status])).toEqual(
    timesMs.map((atMs) => [atMs, 'sent']).reverse(),
  );
  expect(new Set(occurrences.map(({ notificationId }) => notificationId))).toEqual(
    new Set(notifications.map(({ id }) => id)),
  );
}

describe(`${TIMES} times of a schedule, on ${PROCESSES} processes that die at every boundary`, () => {
  it('are each made once on SQLite', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-occurrences-'));
    const clock = createFakeClock();
    const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
    expectEachOnce(await liveThrough(clock, store, (fate) => mortal(store.schedules, ['commit'], fate), TIMES));
    await store.close();
    rmSync(folder, { recursive: true });
  }, 120_000);
});

describeWithMongod(
  `${TIMES_ON_MONGODB} times of a schedule, on ${PROCESSES} processes that die at every boundary`,
  () => {
    let server: Mongod;
    beforeAll(async () => {
      server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    }, 60_000);
    afterAll(() => server.stop());

    it('are each made once on MongoDB', async () => {
      const url = freshDatabase(server.url);
      const clock = createFakeClock();
      const store = await openMongoStore({ url, clock, retentionDays: 3650, alone: null });
      const client = new MongoClient(url);
      const collections = collectionsOf(client.db());
      const writes = ['insertOne', 'updateOne', 'replaceOne'];
      const schedulesOf = (fate: Fate): ScheduleStore => {
        const { schedules, notifications, occurrences } = collections;
        const dying: Collections = {
          ...collections,
          schedules: mortal(schedules, writes, fate),
          notifications: mortal(notifications, writes, fate),
          occurrences: mortal(occurrences, writes, fate),
        };
        return mongoSchedules(dying, trackOperations(8000));
      };
      expectEachOnce(await liveThrough(clock, store, schedulesOf, TIMES_ON_MONGODB));
      await client.close();
      await store.close();
    }, 240_000);
  },
);
