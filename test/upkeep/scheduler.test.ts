import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { sampleSchedule } from '../contract/schedule-contract.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';
import { scheduleProcess } from '../support/schedule-process.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;
let folder: string;
let clock: FakeClock;
let store: Store;
let process: ReturnType<typeof scheduleProcess>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-scheduler-'));
  clock = createFakeClock();
  store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
  process = scheduleProcess(store, clock);
});
afterEach(async () => {
  await process.scheduler.stop();
  await store.close();
  rmSync(folder, { recursive: true });
});

const sent = () => process.told.filter(({ type }) => type === 'schedule.sent');

it('is woken at the very instant, and sets no timer beyond its next tick', async () => {
  await store.schedules.put(sampleSchedule({ nextAtMs: NOW_MS + 1500 }));
  await store.schedules.put(sampleSchedule({ key: 'later', nextAtMs: NOW_MS + MINUTE_MS }));
  await process.scheduler.start();
  expect(clock.waiting()).toBe(2);
  // The minute has not come, so nothing is made of it: what is due was moved here by hand.
  clock.advance(1499);
  expect(clock.waiting()).toBe(2);
  clock.advance(1);
  await until('it has looked', async () => (await store.schedules.get('morning'))?.nextAtMs === NOW_MS + MINUTE_MS);
});

it('holds to what another process was told just before the time, though nobody woke it', async () => {
  await store.schedules.put(sampleSchedule({ nextAtMs: NOW_MS + MINUTE_MS }));
  await store.schedules.put(sampleSchedule({ key: 'paused', nextAtMs: NOW_MS + MINUTE_MS }));
  clock.advance(MINUTE_MS - 1);
  await process.scheduler.start();
  const kept = (await store.schedules.get('paused')) ?? sampleSchedule();
  expect(await store.schedules.put({ ...kept, isPaused: true, nextAtMs: null })).toBe(true);
  clock.advance(1);
  await until('the other is sent', () => sent().length > 0);
  expect(sent()).toMatchObject([{ scheduleKey: 'morning' }]);
});

it('does nothing where there is no schedule, and can be stopped before it was started, and twice', async () => {
  await process.scheduler.stop();
  await process.scheduler.start();
  expect(clock.waiting()).toBe(1);
  await process.scheduler.stop();
  await process.scheduler.stop();
  expect([clock.waiting(), process.told]).toEqual([0, []]);
});

it('settles all others where one cannot be settled', async () => {
  const broken = { cron: 'never so', nextAtMs: NOW_MS };
  await store.schedules.put(sampleSchedule({ key: 'a', ...broken }));
  await store.schedules.put(sampleSchedule({ key: 'b', nextAtMs: NOW_MS + MINUTE_MS }));
  clock.advance(MINUTE_MS);
  await process.scheduler.tick();
  expect(sent()).toMatchObject([{ scheduleKey: 'b', atMs: NOW_MS + MINUTE_MS }]);
  expect(process.told).toContainEqual(expect.objectContaining({ type: 'part.failed', part: 'scheduler' }));
});
