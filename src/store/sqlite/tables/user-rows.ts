import type { QuietHours } from '../../../domain/user/quiet-hours.ts';
import type { Preferences, User } from '../../../domain/user/user.ts';
import type { Database } from '../file/driver.ts';

export type UserRow = {
  readonly id: string;
  readonly time_zone: string | null;
  readonly locale: string | null;
  readonly tags: string;
  readonly preferences: string;
  readonly quiet_hours: string | null;
  readonly paused_until: number | null;
  readonly paused_since: number | null;
  readonly created_at: number;
  readonly updated_at: number;
};

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    timeZone: row.time_zone,
    locale: row.locale,
    tags: JSON.parse(row.tags) as string[],
    preferences: JSON.parse(row.preferences) as Preferences,
    quietHours: row.quiet_hours === null ? null : (JSON.parse(row.quiet_hours) as QuietHours),
    pausedUntilMs: row.paused_until,
    pausedSinceMs: row.paused_since,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export function readUser(database: Database, id: string): User | null {
  const row = database.first<UserRow>('SELECT * FROM users WHERE id = ?', [id]);
  return row === undefined ? null : toUser(row);
}

/** The row, and what the tags' tables say of it. `before` is what the row was. */
export function writeUser(database: Database, before: User | null, user: User): void {
  database.run(
    `INSERT INTO users (id, time_zone, locale, tags, preferences, quiet_hours, paused_until, paused_since, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET time_zone = excluded.time_zone, locale = excluded.locale, tags = excluded.tags,
       preferences = excluded.preferences, quiet_hours = excluded.quiet_hours, paused_until = excluded.paused_until,
       paused_since = excluded.paused_since, updated_at = excluded.updated_at`,
    [
      user.id,
      user.timeZone,
      user.locale,
      JSON.stringify(user.tags),
      JSON.stringify(user.preferences),
      user.quietHours === null ? null : JSON.stringify(user.quietHours),
      user.pausedUntilMs,
      user.pausedSinceMs,
      user.createdAtMs,
      user.updatedAtMs,
    ],
  );
  const had = new Set(before?.tags ?? []);
  const has = new Set(user.tags);
  for (const tag of has) if (!had.has(tag)) addTag(database, tag, user.id);
  for (const tag of had) if (!has.has(tag)) removeTag(database, tag, user.id);
}

function addTag(database: Database, tag: string, userId: string): void {
  database.run('INSERT INTO user_tags (tag, user_id) VALUES (?, ?)', [tag, userId]);
  database.run(
    'INSERT INTO tags (tag, user_count) VALUES (?, 1) ON CONFLICT (tag) DO UPDATE SET user_count = user_count + 1',
    [tag],
  );
}

function removeTag(database: Database, tag: string, userId: string): void {
  database.run('DELETE FROM user_tags WHERE tag = ? AND user_id = ?', [tag, userId]);
  database.run('UPDATE tags SET user_count = user_count - 1 WHERE tag = ?', [tag]);
  database.run('DELETE FROM tags WHERE tag = ? AND user_count <= 0', [tag]);
}
