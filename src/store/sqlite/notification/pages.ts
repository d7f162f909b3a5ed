import type { PagePlan, PlanPage } from '../../../domain/audience/fan-out.ts';
import { isListed, type ListedReason, type Suppression } from '../../../domain/audience/suppression.ts';
import { notificationSuppressed } from '../../../domain/event/event-drafts.ts';
import { hasSeveralWaves } from '../../../domain/experiment/variant-content.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { TypePolicy } from '../../../domain/notification-type/type-policy.ts';
import { countByReason } from '../audience/suppression-counts.ts';
import { outboxOf } from '../event/outbox.ts';
import { markMade } from '../experiment/marks.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { insertDelivery } from '../tables/delivery-rows.ts';
import { capUses, takeCaps } from './caps.ts';

/** What a page of a fan-out comes to. Within the commit that keeps it, so that caps are counted one page after another. */
export function planWithCaps(
  database: Database,
  plan: PlanPage,
  { id: notificationId }: Notification,
  { cap }: Pick<TypePolicy, 'cap'>,
  nowMs: number,
): PagePlan {
  return plan((userId) => (cap === null ? [] : capUses(database, cap, { userId, notificationId }, nowMs)));
}

/** Deliveries, suppressions and uses of a cap. What exists already stays as it is. */
export function keepPlan(database: Database, notification: Notification, plan: PagePlan, nowMs: number): void {
  for (const delivery of plan.deliveries) insertDelivery(database, delivery);
  if (notification.content.experiment !== undefined) markMade(database, plan.deliveries);
  takeCaps(database, plan.capUses, notification.id, nowMs);
  keepSuppressions(database, notification, plan.suppressions, nowMs);
}

/**
 * Those without a device, or missed, are kept as a list, since there may be as many as a caller names: a row for each would cost a call
 * more than all else that it writes. Of a notification in several waves each is a row, by which later waves know that they were decided.
 */
function keepSuppressions(
  database: Database,
  notification: Notification,
  suppressions: readonly Suppression[],
  nowMs: number,
): void {
  const { id: notificationId } = notification;
  const isOften = hasSeveralWaves(notification);
  const lists = new Map<ListedReason, string[]>();
  for (const { userId, reason, detail, atMs } of suppressions) {
    if (!isOften && isListed(reason)) {
      const list = lists.get(reason);
      if (list === undefined) lists.set(reason, [userId]);
      else list.push(userId);
    } else {
      database.run(
        `INSERT INTO suppressions (notification_id, user_id, reason, detail, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (notification_id, user_id) DO NOTHING`,
        [notificationId, userId, reason, JSON.stringify(detail), atMs],
      );
    }
  }
  for (const [reason, userIds] of lists) keepList(database, { notificationId, reason, userIds, atMs: nowMs });
}

/** How many got nothing, and why, once nobody of the audience is left to decide about. */
export function announceSuppressed(database: Database, notificationId: string): void {
  const outbox = outboxOf(database);
  if (!outbox.tells('notification.suppressed')) return;
  outbox.add(notificationSuppressed(notificationId, countByReason(database, notificationId), outbox.now()));
}

/** Suppresses many users for the same reason. */
export function keepList(
  database: Database,
  {
    notificationId,
    reason,
    userIds,
    atMs,
  }: {
    readonly notificationId: string;
    readonly reason: ListedReason;
    readonly userIds: readonly string[];
    readonly atMs: number;
  },
): void {
  database.run('INSERT INTO unreached (notification_id, reason, user_ids, user_count, at) VALUES (?, ?, ?, ?, ?)', [
    notificationId,
    reason,
    textList(userIds),
    userIds.length,
    atMs,
  ]);
}
