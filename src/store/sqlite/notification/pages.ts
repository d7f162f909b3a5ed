import type { PagePlan, PlanPage } from '../../../domain/audience/fan-out.ts';
import type { Suppression } from '../../../domain/audience/suppression.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { TypePolicy } from '../../../domain/notification-type/type-policy.ts';
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
export function keepPlan(database: Database, { id }: Notification, plan: PagePlan, nowMs: number): void {
  for (const delivery of plan.deliveries) insertDelivery(database, delivery);
  takeCaps(database, plan.capUses, id, nowMs);
  keepSuppressions(database, id, plan.suppressions, nowMs);
}

/**
 * Those without a device are kept as a list, since there may be as many as a caller names: a row for each would cost a call more than
 * all else that it writes.
 */
function keepSuppressions(
  database: Database,
  notificationId: string,
  suppressions: readonly Suppression[],
  nowMs: number,
): void {
  if (suppressions.length === 0) return;
  const unreached: string[] = [];
  for (const { userId, reason, detail, atMs } of suppressions) {
    if (reason === 'no_subscription') unreached.push(userId);
    else {
      database.run(
        `INSERT INTO suppressions (notification_id, user_id, reason, detail, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (notification_id, user_id) DO NOTHING`,
        [notificationId, userId, reason, JSON.stringify(detail), atMs],
      );
    }
  }
  if (unreached.length === 0) return;
  database.run('INSERT INTO unreached (notification_id, user_ids, user_count, at) VALUES (?, ?, ?, ?)', [
    notificationId,
    textList(unreached),
    unreached.length,
    nowMs,
  ]);
}
