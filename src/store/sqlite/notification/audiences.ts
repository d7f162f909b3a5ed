import type { Database } from '../file/driver.ts';

/** The users that a notification names, beside it or in a row of their own; none once it is fanned out, or where it names none. */
export function namedUsers(database: Database, id: string): readonly string[] {
  const beside = 'SELECT user_ids FROM notifications WHERE id = ?';
  const apart = 'SELECT user_ids FROM audiences WHERE notification_id = ?';
  const found =
    database.first<{ user_ids: string | null }>(beside, [id])?.user_ids ??
    database.first<{ user_ids: string }>(apart, [id])?.user_ids ??
    '[]';
  return JSON.parse(found) as string[];
}
