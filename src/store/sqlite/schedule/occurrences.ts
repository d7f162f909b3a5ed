import { isOccurrenceId } from '../../../domain/ids.ts';
import type { Occurrence } from '../../../domain/schedule/occurrence.ts';
import { decodeId, LAST_ID, toPage } from '../../cursor.ts';
import type { OccurrenceQuery } from '../../schedule-store.ts';
import type { Database } from '../file/driver.ts';

/** What was kept of the same moment before, by a step that counted fewer missed ones, is replaced. */
export function keepOccurrence(database: Database, occurrence: Occurrence): void {
  const { id, scheduleId, recordedAtMs } = occurrence;
  database.run(
    `INSERT INTO occurrences (id, schedule_id, recorded_at, occurrence) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET recorded_at = excluded.recorded_at, occurrence = excluded.occurrence`,
    [id, scheduleId, recordedAtMs, JSON.stringify(occurrence)],
  );
}

export function keepLatest(database: Database, occurrence: Occurrence, key: string): void {
  const sql = 'UPDATE schedules SET latest = ? WHERE key = ? AND id = ?';
  database.run(sql, [JSON.stringify(occurrence), key, occurrence.scheduleId]);
}

export function listOccurrences(database: Database, { scheduleId, cursor, limit }: OccurrenceQuery) {
  const rows = database.all<{ occurrence: string }>(
    'SELECT occurrence FROM occurrences WHERE schedule_id = ? AND id < ? ORDER BY id DESC LIMIT ?',
    [scheduleId, decodeId(cursor, isOccurrenceId) ?? LAST_ID, limit + 1],
  );
  const toOccurrence = ({ occurrence }: { occurrence: string }) => JSON.parse(occurrence) as Occurrence;
  return toPage(rows, limit, toOccurrence, ({ id }) => id);
}
