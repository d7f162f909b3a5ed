import type { NotificationContent } from '../../../domain/notification/notification.ts';
import { type DeletedTemplate, MOST_LOOKED_AT, namedUntilMs, unnamed } from '../../deleted-templates.ts';
import type { Database } from '../file/driver.ts';

const TEMPLATES_AT_ONCE = 100;

/** Deletes the texts of templates deleted before the instant that no notification names. What says that they were deleted stays. */
export function deleteTexts(database: Database, beforeMs: number): void {
  const deleted = withTexts(database, beforeMs);
  if (deleted.length === 0) return;
  const rows = database.all<{ content: string }>('SELECT content FROM notifications WHERE accepted_at < ? LIMIT ?', [
    namedUntilMs(deleted),
    MOST_LOOKED_AT + 1,
  ]);
  const contents = rows.map(({ content }) => JSON.parse(content) as NotificationContent);
  for (const { key, version } of unnamed(deleted, contents))
    database.run('DELETE FROM templates WHERE key = ? AND version < ? AND wording IS NOT NULL', [key, version]);
}

function withTexts(database: Database, beforeMs: number): readonly DeletedTemplate[] {
  const rows = database.all<{ key: string; version: number; created_at: number }>(
    `SELECT key, version, created_at FROM templates AS one WHERE wording IS NULL AND created_at < ?
       AND version = (SELECT max(version) FROM templates AS other WHERE other.key = one.key)
       AND EXISTS (SELECT 1 FROM templates AS other WHERE other.key = one.key AND other.wording IS NOT NULL) LIMIT ?`,
    [beforeMs, TEMPLATES_AT_ONCE],
  );
  return rows.map(({ key, version, created_at: deletedAtMs }) => ({ key, version, deletedAtMs }));
}
