import { lookupAt, membersOf, pageUpTo, usersFound, wantedOf } from '../../audience-cursor.ts';
import type { AudienceCursor, AudiencePage, AudienceStore } from '../../audience-store.ts';
import { type Candidates, merged, type WalkReads, walk } from '../../audience-walk.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { usersById } from '../user/persons.ts';
import { activeOf, allOf, devicesOf } from './devices.ts';

export function sqliteAudiences(database: Database, commits: GroupCommit): AudienceStore {
  const reads: WalkReads = {
    anybody: (after, limit) => commits.read(() => anybody(database, after, limit)),
    alongTags: (tags, after, limit) => commits.read(() => alongTags(database, tags, after, limit)),
    usersOfTags: (tags) => commits.read(() => usersOfTags(database, tags)),
    users: (ids) => commits.read(() => usersById(database, ids)),
    devices: (userIds) => commits.read(() => devicesOf(database, userIds)),
  };
  return {
    members: (query) => {
      const { audience, cursor, limit } = query;
      return audience.kind === 'user_ids'
        ? commits.read(() => wantedOf(query, membersNamed(database, audience.userIds, cursor, limit)))
        : walk({ ...query, audience }, reads);
    },
  };
}

/** The users named, in the order in which stores keep them, each with all active devices. */
export function membersNamed(
  database: Database,
  userIds: readonly string[],
  cursor: AudienceCursor | null,
  limit: number,
): AudiencePage {
  const lookup = lookupAt(userIds, cursor, limit);
  const found = usersFound(userIds, lookup, activeOf(database, lookup));
  const page = 'moreOf' in found ? pageUpTo(lookup, found.moreOf, allOf(database, lookup, found.moreOf)) : found;
  return { members: membersOf(page, usersById(database, page.userIds)), next: page.next };
}

type IdRow = { readonly id: string };

const WITH_DEVICE = `SELECT DISTINCT user_id AS id FROM subscriptions INDEXED BY subscriptions_active_user
  WHERE retired_at IS NULL AND user_id > ? ORDER BY user_id LIMIT ?`;
const KNOWN = 'SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?';
const OF_TAG = 'SELECT user_id AS id FROM user_tags WHERE tag = ? AND user_id > ? ORDER BY user_id LIMIT ?';

/** See `WalkReads.anybody`. */
function anybody(database: Database, after: string, limit: number): Candidates {
  return merged(
    [WITH_DEVICE, KNOWN].map((sql) => idsOf(database.all<IdRow>(sql, [after, limit]))),
    limit,
  );
}

/** See `WalkReads.alongTags`. */
function alongTags(database: Database, tags: readonly string[], after: string, limit: number): Candidates {
  return merged(
    tags.map((tag) => idsOf(database.all<IdRow>(OF_TAG, [tag, after, limit]))),
    limit,
  );
}

function idsOf(rows: readonly IdRow[]): readonly string[] {
  return rows.map(({ id }) => id);
}

/** See `WalkReads.usersOfTags`. */
function usersOfTags(database: Database, tags: readonly string[]): ReadonlyMap<string, number> {
  const sql = 'SELECT user_count FROM tags WHERE tag = ?';
  return new Map(tags.map((tag) => [tag, database.first<{ user_count: number }>(sql, [tag])?.user_count ?? 0]));
}
