import type { Person } from '../../../domain/user/person.ts';
import type { User } from '../../../domain/user/user.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { readUser, toUser, type UserRow } from '../tables/user-rows.ts';

/** Of those of whom something was said. */
export function usersById(database: Database, ids: readonly string[]): ReadonlyMap<string, User> {
  const [first, second] = ids;
  if (first === undefined) return new Map();
  if (second === undefined) {
    const user = readUser(database, first);
    return user === null ? new Map() : new Map([[first, user]]);
  }
  const rows = database.all<UserRow>('SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))', [
    textList(ids),
  ]);
  return new Map(rows.map((row) => [row.id, toUser(row)]));
}

/** With the zones of their newest devices, where gates may ask for them. */
export function personsById(database: Database, ids: readonly string[]): ReadonlyMap<string, Person> {
  const persons = new Map<string, Person>();
  for (const [id, user] of usersById(database, [...new Set(ids)])) {
    const needsZone = user.quietHours !== null && user.timeZone === null;
    persons.set(id, { user, deviceZone: needsZone ? newestZone(database, id) : null });
  }
  return persons;
}

function newestZone(database: Database, userId: string): string | null {
  const row = database.first<{ time_zone: string }>(
    `SELECT time_zone FROM subscriptions WHERE user_id = ? AND retired_at IS NULL AND time_zone IS NOT NULL
     ORDER BY updated_at DESC, id DESC LIMIT 1`,
    [userId],
  );
  return row?.time_zone ?? null;
}
