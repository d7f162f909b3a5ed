import { afterEach, beforeEach, expect, it } from 'vitest';
import { wallClockMs } from '../../src/domain/time/zone.ts';
import { fanOutJobOf } from '../../src/queue/job-queue.ts';
import { sampleSchedule } from '../contract/schedule-contract.ts';
import { NOW_MS } from '../support/samples.ts';
import { scheduleProcess } from '../support/schedule-process.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../support/simulated-engine.ts';

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
/** The first to get to a local time, the last but one, and some between; one by half an hour, one by three quarters. */
const ZONES = ['Pacific/Kiritimati', 'Asia/Kathmandu', 'Asia/Kolkata', 'Europe/Berlin', 'UTC', 'Pacific/Pago_Pago'];

let engine: SimulatedEngine;
beforeEach(async () => {
  engine = await startSimulatedEngine();
});
afterEach(() => engine.dispose());

it('is sent to each user once a day, when clocks show the time where they live', async () => {
  const zoneOf = new Map<string, string>();
  for (const timeZone of ZONES) zoneOf.set(await engine.device(timeZone, { timeZone }), timeZone);
  const { scheduler } = scheduleProcess(engine.store, engine.clock);
  const notification = { type: 't', title: 'x', audience: { everyone: true } };
  await engine.store.schedules.put(
    sampleSchedule({
      cron: '0 9 * * *',
      timeZone: 'recipient',
      notification,
      nextAtMs: NOW_MS + DAY_MS - 6 * 3_600_000,
    }),
  );
  for (let atMs = NOW_MS; atMs <= NOW_MS + 4 * DAY_MS; atMs += QUARTER_MS) {
    await engine.runUntil(atMs);
    await scheduler.tick();
    // As the rescuer does.
    const found = await engine.store.fanOuts.due(atMs, 100);
    engine.jobs.push(...found.map((one) => fanOutJobOf(one, [], atMs)));
    await engine.runUntil(atMs);
  }
  await scheduler.stop();
  const shown = engine.pushes.map(({ subscriptionId, atMs }) => {
    const zone = zoneOf.get(subscriptionId) ?? '';
    return `${zone} ${new Date(wallClockMs(zone, atMs)).toISOString().slice(0, 16)}`;
  });
  const days = ['2026-01-02', '2026-01-03', '2026-01-04'];
  const due = days.flatMap((day) => ZONES.map((zone) => `${zone} ${day}T09:00`));
  // The fifth has begun where the sun rises first.
  expect(shown.filter((text) => !text.includes('2026-01-05')).sort()).toEqual(due.sort());
  expect(new Set(shown).size).toBe(shown.length);
});
