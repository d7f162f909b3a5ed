import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { createAgingReader } from '../../src/intake/aging.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createAger } from '../../src/upkeep/ager.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
let folder: string;
let clock: FakeClock;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-ager-'));
  clock = createFakeClock(NOW_MS);
  store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const told: BellhopEvent[] = [];
const agerOf = (of: Pick<Store, 'subscriptions' | 'facts'> = store) => {
  const events = createEvents((error) => {
    throw error;
  });
  events.subscribe((event) => told.push(event));
  return createAger({ store: of, events, clock, pageSize: 2, few: 1 });
};
const register = async (daysAgo: number) => {
  const atMs = NOW_MS - daysAgo * DAY_MS;
  await store.subscriptions.register({ ...sampleSubscription(), createdAtMs: atMs, updatedAtMs: atMs });
};
const counted = async () => (await createAgingReader(store.facts)())?.services.other;

it('counts active subscriptions page by page, once a day', async () => {
  expect(await createAgingReader(store.facts)()).toBeNull();
  for (const days of [300, 260, 100, 1, 0]) await register(days);
  const ager = agerOf();
  const started = ager.start();
  for (let page = 0; page < 2; page += 1) {
    await until('a page was counted', async () => clock.waiting() > 0);
    clock.advance(20);
  }
  await started;
  const first = { overdue: 1, within_30_days: 1, within_90_days: 0, within_180_days: 1, later: 2 };
  expect(await counted()).toEqual(first);
  await register(0);
  clock.advance(23 * 3_600_000);
  await ager.stop();
  expect(await counted()).toEqual(first);
});

it('counts few each hour', async () => {
  await register(0);
  const ager = agerOf();
  await ager.start();
  expect(await counted()).toMatchObject({ later: 1 });
  await register(0);
  clock.advance(3_600_000);
  await until('they are counted again', async () => (await counted())?.later === 2);
  await ager.stop();
});

it('tells that it failed', async () => {
  const subscriptions = { ...store.subscriptions, list: () => Promise.reject(new Error('away')) };
  const ager = agerOf({ ...store, subscriptions });
  await ager.start();
  await ager.stop();
  expect(told).toMatchObject([{ type: 'part.failed', part: 'ager' }]);
});
