import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import type { Occurrence } from '../../src/domain/schedule/occurrence.ts';
import { readNotificationBody } from '../../src/http/v1/notification-schema.ts';
import { createSchedules } from '../../src/intake/schedules.ts';
import { buildAcceptance } from '../../src/service/acceptance.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createScheduler } from '../../src/upkeep/scheduler.ts';
import type { Account } from './account.ts';

const BERLIN = 'Europe/Berlin';
const SCHEDULE = {
  cron: '0 9 * * 1-5',
  timeZone: BERLIN,
  startsAtMs: null,
  endsAtMs: null,
  notification: { type: 'digest.daily', audience: { everyone: true }, title: 'Good morning' },
  catchUpSeconds: 1800,
  isPaused: false,
};

/** A week of March 2026, in the middle of which clocks in Berlin are set forward; and what must become of its days. */
const WEEK = [
  { untilText: '2026-03-27T12:00:00Z', isUp: true, says: 'Friday passes' },
  {
    untilText: '2026-03-30T12:00:00Z',
    isUp: true,
    says: 'the weekend passes, and clocks are set forward; then Monday',
  },
  { untilText: '2026-03-31T06:00:00Z', isUp: true, says: 'Tuesday begins' },
  { untilText: '2026-04-01T07:20:00Z', isUp: false, says: 'the service is down, until 09:20 on Wednesday' },
  { untilText: '2026-04-01T07:21:00Z', isUp: true, says: 'it is started again' },
  { untilText: '2026-04-02T12:00:00Z', isUp: true, says: 'Thursday passes' },
] as const;
const EXPECTED = [
  '2026-03-27T08:00:00.000Z sent',
  '2026-03-30T07:00:00.000Z sent',
  '2026-03-31T07:00:00.000Z missed',
  '2026-04-01T07:00:00.000Z sent',
  '2026-04-02T07:00:00.000Z sent',
];

/** The scheduler of production on a store of its own, by a clock that is moved by hand: a schedule lives through a week. */
export async function tellSchedules(to: Account, folder: string): Promise<void> {
  to.step('Have a digest sent every weekday at 9 in Berlin, and move a clock through a week of March');
  const world = await startWorld(join(folder, 'schedules.db'), Date.parse('2026-03-26T12:00:00Z'));
  const { store, schedules, scheduler, clock } = world;
  const { nextAtMs } = await schedules.put('weekday-morning', () => ({ ...SCHEDULE, key: 'weekday-morning' }));
  to.check(nextAtMs === Date.parse('2026-03-27T08:00:00Z'), `kept: the first comes on ${timeOf(nextAtMs ?? 0)}`);
  for (const { untilText, isUp, says } of WEEK) {
    to.detail(`${says} …`);
    for (const untilMs = Date.parse(untilText); clock.now() < untilMs; ) {
      clock.moveTo(Math.min(untilMs, isUp ? ((await store.schedules.nextDueMs()) ?? untilMs) : untilMs));
      if (isUp) await scheduler.tick();
    }
  }
  const { items } = await schedules.occurrences('weekday-morning', { cursor: null, limit: 50 });
  const told = items.toReversed();
  for (const [index, occurrence] of told.entries()) {
    const { atMs, status } = occurrence;
    to.check(`${new Date(atMs).toISOString()} ${status}` === EXPECTED[index], inWords(occurrence));
  }
  to.check(told.length === EXPECTED.length, `${told.length} times, each once; what was missed is on record`);
  await scheduler.stop();
  await store.close();
}

function inWords({ atMs, status, recordedAtMs }: Occurrence): string {
  const lateMinutes = Math.round((recordedAtMs - atMs) / 60_000);
  if (status === 'missed') return `${timeOf(atMs)}: missed, nobody was there to send it`;
  return `${timeOf(atMs)}: ${status}${lateMinutes === 0 ? '' : `, ${lateMinutes} minutes late, for the catch-up is 30`}`;
}

/** For example `Mon 30 March, 09:00 in Berlin (07:00 in UTC)`. */
function timeOf(atMs: number): string {
  const by = (timeZone: string, options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(atMs);
  const day = by(BERLIN, { weekday: 'short', day: 'numeric', month: 'long' });
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  return `${day}, ${by(BERLIN, time)} in Berlin (${by('UTC', time)} in UTC)`;
}

async function startWorld(path: string, startMs: number) {
  let nowMs = startMs;
  const clock = {
    now: () => nowMs,
    wakeAt: () => () => {},
    moveTo: (atMs: number) => {
      nowMs = Math.max(nowMs, atMs);
    },
  } satisfies Clock & { moveTo(atMs: number): void };
  const store = await openSqliteStore({ path, clock });
  const events = createEvents((error) => {
    throw error;
  });
  const parts = {
    store,
    events,
    clock,
    queue: { enqueueMany: async () => {} },
    random: Math.random,
    compose: createComposer(null),
    rules: createStandingRules({ store, clock }),
    wordings: createWordings(store.templates),
  };
  const acceptance = buildAcceptance(parts, { serverZone: 'UTC', defaultTtlSeconds: 3600 });
  const { settle } = acceptance.occurrences;
  return {
    store,
    clock,
    schedules: createSchedules({ ...parts, ...acceptance, readBody: readNotificationBody, onChange: () => {} }),
    scheduler: createScheduler({ store: store.schedules, events, clock, settle }),
  };
}
