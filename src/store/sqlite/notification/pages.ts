import type { PagePlan, PlanPage } from '../../../domain/audience/fan-out.ts';
import { SUPPRESSION_REASONS, type SuppressionReason } from '../../../domain/audience/release.ts';
import {
  isListed,
  type ListedReason,
  type Suppression,
  type SuppressionCounts,
  suppressionCountsOf,
} from '../../../domain/audience/suppression.ts';
import { notificationSuppressed } from '../../../domain/event/event-drafts.ts';
import { hasSeveralWaves } from '../../../domain/experiment/variant-content.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { TypePolicy } from '../../../domain/notification-type/type-policy.ts';
import { countInPieces } from '../audience/suppression-counts.ts';
import { outboxOf } from '../event/outbox.ts';
import { markMade } from '../experiment/marks.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
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

/** Deliveries, suppressions and uses of a cap. What exists already stays as it is. Gives how many were suppressed by it. */
export function keepPlan(
  database: Database,
  notification: Notification,
  plan: PagePlan,
  nowMs: number,
): SuppressionCounts {
  for (const delivery of plan.deliveries) insertDelivery(database, delivery);
  if (notification.content.experiment !== undefined) markMade(database, plan.deliveries);
  takeCaps(database, plan.capUses, notification.id, nowMs);
  return keepSuppressions(database, notification, plan.suppressions, nowMs);
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
): SuppressionCounts {
  const { id: notificationId } = notification;
  const isOften = hasSeveralWaves(notification);
  const lists = new Map<ListedReason, string[]>();
  const kept: (readonly [SuppressionReason, number])[] = [];
  for (const { userId, reason, detail, atMs } of suppressions) {
    if (!isOften && isListed(reason)) {
      const list = lists.get(reason);
      if (list === undefined) lists.set(reason, [userId]);
      else list.push(userId);
    } else {
      const count = database.run(
        `INSERT INTO suppressions (notification_id, user_id, reason, detail, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (notification_id, user_id) DO NOTHING`,
        [notificationId, userId, reason, JSON.stringify(detail), atMs],
      );
      kept.push([reason, count]);
    }
  }
  for (const [reason, userIds] of lists) {
    keepList(database, { notificationId, reason, userIds, atMs: nowMs });
    kept.push([reason, userIds.length]);
  }
  return suppressionCountsOf(kept);
}

/**
 * How many a notification has suppressed up to now, where that is told: counted in pieces, before the commit that tells it with what it
 * adds itself. Nobody else adds any meanwhile: that commit is the only one that is still to come.
 */
export async function suppressedBefore(
  database: Database,
  commits: GroupCommit,
  notificationId: string,
): Promise<SuppressionCounts> {
  const isTold = outboxOf(database).tells('notification.suppressed');
  return isTold ? countInPieces(database, commits, notificationId) : NONE;
}

const NONE = suppressionCountsOf([]);

/** How many got nothing, and why, once nobody of the audience is left to decide about: those from before, and those of this commit. */
export function announceSuppressed(
  database: Database,
  notificationId: string,
  added: SuppressionCounts,
  before: SuppressionCounts = NONE,
): void {
  const outbox = outboxOf(database);
  if (!outbox.tells('notification.suppressed')) return;
  const counts = suppressionCountsOf(SUPPRESSION_REASONS.map((reason) => [reason, before[reason] + added[reason]]));
  outbox.add(notificationSuppressed(notificationId, counts, outbox.now()));
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
