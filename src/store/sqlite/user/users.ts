import type { User } from '../../../domain/user/user.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { TagCount, UserStore } from '../../user-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { capUses } from '../notification/caps.ts';
import { readUser, toUser, type UserRow, writeUser } from '../tables/user-rows.ts';
import { personsById } from './persons.ts';

/** A user's row, and a few of tags. */
const ROWS_OF_A_USER = 6;
/** Changes of so many users are one commit. */
const USERS_AT_ONCE = 50;

export function sqliteUsers(database: Database, commits: GroupCommit): UserStore {
  return {
    get: (id) => commits.read(() => readUser(database, id)),
    change: (blank, change) => commits.write(ROWS_OF_A_USER, () => changeOne(database, blank, change)),
    async changeMany(blanks, change) {
      for (let start = 0; start < blanks.length; start += USERS_AT_ONCE) {
        const some = blanks.slice(start, start + USERS_AT_ONCE);
        await commits.write(some.length * ROWS_OF_A_USER, () => {
          for (const blank of some) changeOne(database, blank, change);
        });
      }
    },
    list: (query) => commits.read(() => list(database, query)),
    tags: (query) => commits.read(() => tags(database, query)),
    async capUses(userId, cap, { atMs, exceptId }) {
      const other = { userId, notificationId: exceptId ?? '' };
      const uses = await commits.read(() => capUses(database, cap, other, atMs));
      return uses.filter((useMs) => useMs <= atMs);
    },
    persons: (ids) => commits.read(() => personsById(database, ids)),
  };
}

function changeOne(database: Database, blank: User, change: (user: User) => User): User {
  const before = readUser(database, blank.id);
  const after = change(before ?? blank);
  writeUser(database, before, after);
  return after;
}

function list(database: Database, { tag, cursor, limit }: Parameters<UserStore['list']>[0]) {
  const after = decodeName(cursor);
  const rows =
    tag === null
      ? database.all<UserRow>('SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?', [after, limit + 1])
      : database.all<UserRow>(
          `SELECT users.* FROM user_tags JOIN users ON users.id = user_tags.user_id
           WHERE tag = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
          [tag, after, limit + 1],
        );
  return toPage(rows, limit, toUser, ({ id }) => encodeName(id));
}

function tags(database: Database, { cursor, limit }: Parameters<UserStore['tags']>[0]) {
  const rows = database.all<{ tag: string; user_count: number }>(
    'SELECT tag, user_count FROM tags WHERE tag > ? ORDER BY tag LIMIT ?',
    [decodeName(cursor), limit + 1],
  );
  return toPage(
    rows,
    limit,
    ({ tag, user_count }): TagCount => ({ tag, userCount: user_count }),
    ({ tag }) => encodeName(tag),
  );
}
