import type { Audience, Recipient } from '../../../domain/audience/audience.ts';
import { type Lookup, lookupAt, pageOf } from '../../audience-cursor.ts';
import type { AudienceCursor, AudienceStore, RecipientPage } from '../../audience-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { textList } from '../file/sql-value.ts';
import type { SubscriptionRow } from '../tables/subscription-rows.ts';

export function sqliteAudiences(database: Database, commits: GroupCommit): AudienceStore {
  return {
    recipients: (audience, cursor, limit) => commits.read(() => recipients(database, audience, cursor, limit)),
  };
}

/** See `AudienceStore.recipients`. */
export function recipients(
  database: Database,
  audience: Audience,
  cursor: AudienceCursor | null,
  limit: number,
): RecipientPage {
  const lookup = lookupAt(audience, cursor, limit);
  return pageOf(audience, lookup, activeOf(database, lookup));
}

function activeOf(database: Database, { userIds, after, limit }: Lookup): readonly Recipient[] {
  const [first, second] = userIds;
  const isOfOne = first !== undefined && second === undefined && (after === null || after.userId === first);
  const rows = isOfOne
    ? ofOneUser(database, first, after?.subscriptionId ?? '', limit)
    : ofUsers(database, userIds, after, limit);
  return rows.map(({ id, user_id: userId, endpoint }) => ({ id, userId, endpoint }));
}

type ActiveRow = Pick<SubscriptionRow, 'id' | 'user_id' | 'endpoint'>;

function ofUsers(database: Database, userIds: readonly string[], after: Lookup['after'], limit: number): ActiveRow[] {
  const from = after ?? { userId: '', subscriptionId: '' };
  return database.all<ActiveRow>(
    `SELECT id, user_id, endpoint FROM subscriptions
     WHERE retired_at IS NULL AND user_id IN (SELECT value FROM json_each(?) WHERE value >= ?)
       AND (user_id, id) > (?, ?)
     ORDER BY user_id, id LIMIT ?`,
    [textList(userIds), from.userId, from.userId, from.subscriptionId, limit],
  );
}

/** The usual audience, for which the list is not worth its reading. */
function ofOneUser(database: Database, userId: string, afterId: string, limit: number): ActiveRow[] {
  return database.all<ActiveRow>(
    `SELECT id, user_id, endpoint FROM subscriptions
     WHERE retired_at IS NULL AND user_id = ? AND id > ? ORDER BY id LIMIT ?`,
    [userId, afterId, limit],
  );
}
