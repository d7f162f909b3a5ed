import { type SuppressionCounts, suppressionCountsOf } from '../../../domain/audience/suppression.ts';
import type { Cancelling } from '../../notification-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Database } from '../file/driver.ts';
import { completeIfFinal, deliveryRange, readNotification } from '../tables/notification-rows.ts';
import { namedUsers } from './audiences.ts';
import { announceSuppressed, keepList } from './pages.ts';
import { forgetValues } from './recipient-values.ts';

/** See `NotificationStore.cancel`. Without a cursor no page of it is made any more. */
export function cancel(database: Database, id: string, nowMs: number): Cancelling | null {
  const changed = database.run(
    `UPDATE notifications SET status = 'cancelled', cancelled_at = ?, due_at = ?, following_at = NULL, fan_out_cursor = NULL, audience = NULL
     WHERE id = ? AND status IN ('scheduled', 'accepted', 'sending')`,
    [nowMs, nowMs, id],
  );
  const notification = readNotification(database, id);
  if (notification === null) return null;
  if (changed > 0) return { kind: 'cancelled', notification };
  return { kind: notification.status === 'cancelled' ? 'repeated' : 'completed', notification };
}

/** See `FanOutStore.endCancelled`. Nobody else is at a page of it: a page is one commit. `before`: as `suppressedBefore` has it. */
export function endCancelled(database: Database, id: string, nowMs: number, before: SuppressionCounts): void {
  const sql = "SELECT 1 FROM notifications WHERE id = ? AND status = 'cancelled' AND due_at IS NOT NULL";
  if (database.first(sql, [id]) === undefined) return;
  const named = namedUsers(database, id);
  const decided = named.length === 0 ? new Set<string>() : decidedUsers(database, id);
  const userIds = named.filter((userId) => !decided.has(userId));
  if (userIds.length > 0) keepList(database, { notificationId: id, reason: 'cancelled', userIds, atMs: nowMs });
  database.run('UPDATE notifications SET due_at = NULL, user_ids = NULL WHERE id = ?', [id]);
  announceSuppressed(database, id, suppressionCountsOf([['cancelled', userIds.length]]), before);
  database.run('DELETE FROM audiences WHERE notification_id = ?', [id]);
  forgetValues(database, id);
  // Where a push is under way, its settlement says so.
  completeIfFinal(database, id);
}

/** Who has deliveries or a suppression. */
function decidedUsers(database: Database, id: string): ReadonlySet<string> {
  const rows = [
    ...database.all<{ user_id: string }>('SELECT user_id FROM deliveries WHERE id BETWEEN ? AND ?', [
      ...deliveryRange(id),
    ]),
    ...database.all<{ user_id: string }>('SELECT user_id FROM suppressions WHERE notification_id = ?', [id]),
  ];
  const lists = database.all<{ user_ids: string }>('SELECT user_ids FROM unreached WHERE notification_id = ?', [id]);
  const listed = lists.flatMap(({ user_ids: userIds }) => (JSON.parse(userIds) as string[]).map(decodeText));
  return new Set([...rows.map(({ user_id: userId }) => userId), ...listed]);
}
