import { contentWithoutWords } from '../../../domain/erasure/traces.ts';
import type { NotificationContent } from '../../../domain/notification/notification.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { forgetValues } from '../notification/recipient-values.ts';

/** See `ErasureStore.emptyContents`. */
export function emptyContents(database: Database, ids: readonly string[]): number {
  const rows = database.all<{ id: string; content: string }>(
    `SELECT id, content FROM notifications WHERE id IN (SELECT value FROM json_each(?))
     AND user_count = 1 AND fan_out_cursor IS NULL AND due_at IS NULL`,
    [textList(ids)],
  );
  return rows.filter(({ id, content }) => empty(database, id, content)).length;
}

/** Of one that names the person and nobody else, and is still to go out, or to end: nobody gets it any more. */
export function emptyWaiting(database: Database, id: string): number {
  const row = database.first<{ content: string }>('SELECT content FROM notifications WHERE id = ?', [id]);
  forgetValues(database, id);
  return row !== undefined && empty(database, id, row.content) ? 1 : 0;
}

/** False where it said nothing. */
function empty(database: Database, id: string, content: string): boolean {
  const without = JSON.stringify(contentWithoutWords(JSON.parse(content) as NotificationContent));
  if (without === content) return false;
  return database.run('UPDATE notifications SET content = ? WHERE id = ?', [without, id]) > 0;
}
