import type { CapUse } from '../../../domain/audience/fan-out.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import type { CapOfPattern } from '../../../domain/notification-type/type-policy.ts';
import type { Database } from '../file/driver.ts';
import { deliveryRange } from '../tables/notification-rows.ts';

/** When other notifications that count under the cap went to the user, within its stretch, oldest first. */
export function capUses(
  database: Database,
  { pattern, perSeconds }: CapOfPattern,
  { userId, notificationId }: { readonly userId: string; readonly notificationId: string },
  nowMs: number,
): readonly number[] {
  return database
    .all<{ at: number }>(
      `SELECT at FROM cap_uses WHERE user_id = ? AND pattern = ? AND at > ? AND notification_id <> ? ORDER BY at`,
      [userId, pattern, nowMs - perSeconds * 1000, notificationId],
    )
    .map(({ at }) => at);
}

/** One notification to one user counts once, however often its page is repeated. */
export function takeCaps(database: Database, uses: readonly CapUse[], notificationId: string, nowMs: number): void {
  for (const { userId, pattern } of uses) {
    database.run(
      `INSERT INTO cap_uses (user_id, pattern, notification_id, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (user_id, pattern, notification_id) DO NOTHING`,
      [userId, pattern, notificationId, nowMs],
    );
  }
}

/** Where none of a notification's deliveries to a user is left that was delivered, or may be yet, it does not count. */
export function giveCapBack(database: Database, { notificationId, userId, capPattern }: Delivery): void {
  if (capPattern === null) return;
  database.run(
    `DELETE FROM cap_uses WHERE user_id = ? AND pattern = ? AND notification_id = ? AND NOT EXISTS (
       SELECT 1 FROM deliveries INDEXED BY deliveries_user
       WHERE user_id = ? AND id BETWEEN ? AND ? AND (state = 'delivered' OR due_at IS NOT NULL))`,
    [userId, capPattern, notificationId, userId, ...deliveryRange(notificationId)],
  );
}
