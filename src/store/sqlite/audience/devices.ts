import type { Recipient } from '../../../domain/audience/audience.ts';
import type { Lookup } from '../../audience-cursor.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import type { SubscriptionRow } from '../tables/subscription-rows.ts';

type ActiveRow = Pick<SubscriptionRow, 'id' | 'user_id' | 'endpoint' | 'locale' | 'time_zone' | 'updated_at'>;
const COLUMNS = 'id, user_id, endpoint, locale, time_zone, updated_at';

/** What is looked up for a page: active devices, in order of user and id. */
export function activeOf(database: Database, { userIds, after, limit }: Lookup): readonly Recipient[] {
  const [first, second] = userIds;
  const isOfOne = first !== undefined && second === undefined && (after === null || after.userId === first);
  return isOfOne
    ? ofOneUser(database, first, after?.subscriptionId ?? '', limit)
    : ofUsers(database, userIds, after, limit);
}

/** However many there are: a user comes whole. */
export function allOf(database: Database, { after }: Lookup, userId: string): readonly Recipient[] {
  return ofOneUser(database, userId, after?.userId === userId ? after.subscriptionId : '', -1);
}

/** All active devices of these users. */
export function devicesOf(database: Database, userIds: readonly string[]): readonly Recipient[] {
  return ofUsers(database, userIds, null, -1);
}

/** A negative limit is none. */
function ofUsers(
  database: Database,
  userIds: readonly string[],
  after: Lookup['after'],
  limit: number,
): readonly Recipient[] {
  const from = after ?? { userId: '', subscriptionId: '' };
  return database
    .all<ActiveRow>(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE retired_at IS NULL AND user_id IN (SELECT value FROM json_each(?) WHERE value >= ?)
         AND (user_id, id) > (?, ?)
       ORDER BY user_id, id LIMIT ?`,
      [textList(userIds), from.userId, from.userId, from.subscriptionId, limit],
    )
    .map(toRecipient);
}

/** The usual audience, for which the list is not worth its reading. */
function ofOneUser(database: Database, userId: string, afterId: string, limit: number): readonly Recipient[] {
  return database
    .all<ActiveRow>(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE retired_at IS NULL AND user_id = ? AND id > ? ORDER BY id LIMIT ?`,
      [userId, afterId, limit],
    )
    .map(toRecipient);
}

function toRecipient({ id, user_id, endpoint, locale, time_zone, updated_at }: ActiveRow): Recipient {
  return { id, userId: user_id, endpoint, locale, timeZone: time_zone, updatedAtMs: updated_at };
}
