import { scheduleMissed } from '../../../domain/event/event-drafts.ts';
import type { Occurrence } from '../../../domain/schedule/occurrence.ts';
import type { Schedule } from '../../../domain/schedule/schedule.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { Acceptance } from '../../notification-store.ts';
import type { OccurrenceCommit, OccurrenceResult, ScheduleStore } from '../../schedule-store.ts';
import { readSchedule, storedSchedule } from '../../stored-schedule.ts';
import { outboxOf } from '../event/outbox.ts';
import { mayUseExperiment } from '../experiment/experiments.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { accept, rowsOf } from '../notification/acceptance.ts';
import { readNotification } from '../tables/notification-rows.ts';
import { keepLatest, keepOccurrence, listOccurrences } from './occurrences.ts';

type ScheduleRow = {
  readonly key: string;
  readonly id: string;
  readonly version: number;
  readonly next_at: number | null;
  readonly last_at: number | null;
  readonly latest: string | null;
  readonly said: string;
};

export function sqliteSchedules(database: Database, commits: GroupCommit): ScheduleStore {
  return {
    get: (key) => commits.read(() => read(database, key)),
    list: (page) => commits.read(() => list(database, page)),
    put: (schedule) => commits.write(1, () => put(database, schedule)),
    delete: (key, only) => commits.erase(1, () => remove(database, key, only)),
    due: (untilMs, limit) => commits.read(() => due(database, untilMs, limit)),
    nextDueMs: () =>
      commits.read(
        () =>
          database.first<{ at: number | null }>('SELECT min(next_at) AS at FROM schedules WHERE next_at IS NOT NULL')
            ?.at ?? null,
      ),
    commit: (step) =>
      commits.write(2 + (step.acceptance === null ? 0 : rowsOf(step.acceptance)), () => commit(database, step)),
    trigger: (acceptance, occurrence, key) =>
      commits.write(2 + rowsOf(acceptance), () => trigger(database, acceptance, occurrence, key)),
    occurrences: (query) => commits.read(() => listOccurrences(database, query)),
  };
}

function read(database: Database, key: string): Schedule | null {
  const row = database.first<ScheduleRow>('SELECT * FROM schedules WHERE key = ?', [key]);
  return row === undefined ? null : toSchedule(row);
}

function list(database: Database, { cursor, limit }: Parameters<ScheduleStore['list']>[0]) {
  const rows = database.all<ScheduleRow>('SELECT * FROM schedules WHERE key > ? ORDER BY key LIMIT ?', [
    decodeName(cursor),
    limit + 1,
  ]);
  return toPage(rows, limit, toSchedule, ({ key }) => encodeName(key));
}

function put(database: Database, schedule: Schedule): boolean {
  const { key, id, version, nextAtMs, lastAtMs, latest, said } = storedSchedule(schedule);
  const values = [id, version + 1, nextAtMs, lastAtMs, latest, said, key];
  const written =
    version === 0
      ? database.run(
          `INSERT INTO schedules (id, version, next_at, last_at, latest, said, key) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (key) DO NOTHING`,
          values,
        )
      : database.run(
          `UPDATE schedules SET id = ?, version = ?, next_at = ?, last_at = ?, latest = ?, said = ?
           WHERE key = ? AND id = ? AND version = ?`,
          [...values, id, version],
        );
  return written > 0;
}

function remove(database: Database, key: string, only?: Pick<Schedule, 'id' | 'version'>): boolean {
  if (only === undefined) return database.run('DELETE FROM schedules WHERE key = ?', [key]) > 0;
  const sql = 'DELETE FROM schedules WHERE key = ? AND id = ? AND version = ?';
  return database.run(sql, [key, only.id, only.version]) > 0;
}

function due(database: Database, untilMs: number, limit: number): Schedule[] {
  return database
    .all<ScheduleRow>('SELECT * FROM schedules WHERE next_at <= ? ORDER BY next_at LIMIT ?', [untilMs, limit])
    .map(toSchedule);
}

/** All of it in the caller’s transaction. */
function commit(database: Database, step: OccurrenceCommit): OccurrenceResult {
  const { schedule, acceptance, occurrences, nextAtMs, lastAtMs } = step;
  const { key, id, version } = schedule;
  // Another use of the experiment came between: whoever looks again is told why.
  if (acceptance !== null && !mayUseExperiment(database, acceptance.notification)) return { kind: 'lost' };
  const moved = database.run(
    'UPDATE schedules SET version = version + 1, next_at = ?, last_at = ? WHERE key = ? AND id = ? AND version = ?',
    [nextAtMs, lastAtMs, key, id, version],
  );
  if (moved === 0) return { kind: 'lost' };
  for (const occurrence of occurrences) {
    keepOccurrence(database, occurrence);
    outboxOf(database).add(scheduleMissed(key, occurrence));
  }
  const latest = occurrences.at(-1);
  if (latest !== undefined) keepLatest(database, latest, key);
  if (acceptance === null || readNotification(database, acceptance.notification.id) !== null) {
    return { kind: 'kept', accepted: null };
  }
  const accepted = accept(database, acceptance);
  return { kind: 'kept', accepted: accepted.kind === 'accepted' ? accepted : null };
}

function trigger(database: Database, acceptance: Acceptance, occurrence: Occurrence, key: string) {
  const result = accept(database, acceptance);
  if (result.kind === 'accepted') {
    keepOccurrence(database, occurrence);
    keepLatest(database, occurrence, key);
  }
  return result;
}

function toSchedule({ next_at: nextAtMs, last_at: lastAtMs, key, id, version, latest, said }: ScheduleRow): Schedule {
  return readSchedule({ key, id, version, nextAtMs, lastAtMs, underWay: null, latest, said });
}
