import { OPEN_STATES } from '../../../domain/delivery/delivery.ts';
import { notificationCompleted } from '../../../domain/event/event-drafts.ts';
import type { ExperimentOutcome } from '../../../domain/experiment/experiment.ts';
import { deliveryIdPrefix } from '../../../domain/ids.ts';
import type { Milestones } from '../../../domain/notification/milestones.ts';
import type {
  Notification,
  NotificationContent,
  NotificationStatus,
  Urgency,
} from '../../../domain/notification/notification.ts';
import type { SendAt } from '../../../domain/notification/send-at.ts';
import { LAST_ID } from '../../cursor.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { isIn } from './delivery-rows.ts';
import { priorityOf } from './priority-number.ts';

export type NotificationRow = {
  readonly id: string;
  readonly type: string;
  readonly lane: number;
  readonly ttl_seconds: number;
  readonly urgency: Urgency;
  readonly topic: string | null;
  readonly user_count: number;
  readonly status: NotificationStatus;
  readonly accepted_at: number;
  readonly fan_out_cursor: string | null;
  readonly content: string;
  readonly send_at: string | null;
  readonly due_at: number | null;
  readonly last_wave_at: number | null;
  readonly released_users: number | null;
  readonly cancelled_at: number | null;
  readonly decided: string | null;
};

export function toNotification(row: NotificationRow): Notification {
  return {
    id: row.id,
    content: JSON.parse(row.content) as NotificationContent,
    priority: priorityOf(row.lane),
    ttlSeconds: row.ttl_seconds,
    urgency: row.urgency,
    topic: row.topic,
    userCount: row.user_count,
    status: row.status,
    acceptedAtMs: row.accepted_at,
    sendAt: row.send_at === null ? null : (JSON.parse(row.send_at) as SendAt),
    dueAtMs: row.due_at,
    lastWaveAtMs: row.last_wave_at,
    releasedUsers: row.released_users,
    cancelledAtMs: row.cancelled_at,
    ...(row.decided !== null && { decided: JSON.parse(row.decided) as ExperimentOutcome }),
  };
}

export function readNotification(database: Database, id: string): Notification | null {
  const row = database.first<NotificationRow>('SELECT * FROM notifications WHERE id = ?', [id]);
  return row === undefined ? null : toNotification(row);
}

type MilestoneRow = Readonly<Record<'fan_out_began_at' | 'fan_out_ended_at' | 'completed_at', number | null>>;

/** Null where there is no such notification. */
export function readMilestones(database: Database, id: string): Milestones | null {
  const sql = 'SELECT fan_out_began_at, fan_out_ended_at, completed_at FROM notifications WHERE id = ?';
  const row = database.first<MilestoneRow>(sql, [id]);
  if (row === undefined) return null;
  return {
    fanOutBeganAtMs: row.fan_out_began_at,
    fanOutEndedAtMs: row.fan_out_ended_at,
    completedAtMs: row.completed_at,
  };
}

/** Those that there are. */
export function readNotifications(database: Database, ids: readonly string[]): Notification[] {
  const sql = 'SELECT * FROM notifications WHERE id IN (SELECT value FROM json_each(?))';
  return database.all<NotificationRow>(sql, [textList(ids)]).map(toNotification);
}

/** The bounds between which every delivery id of one notification lies. */
export function deliveryRange(notificationId: string): readonly [from: string, to: string] {
  const prefix = deliveryIdPrefix(notificationId);
  return [prefix, `${prefix}${LAST_ID}`];
}

/**
 * `sending` becomes `completed` where every delivery is final, and no wave is to come. What was called off stays so, and it is noted once
 * that all has ended. Two statements: one for both, which gives the status back, takes twice as long as the first, and that mostly suffices.
 */
export function completeIfFinal(database: Database, id: string): void {
  const hasEnded = `due_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE ${isIn(OPEN_STATES)} AND id BETWEEN ? AND ?)`;
  const values = [outboxOf(database).now(), id, ...deliveryRange(id)];
  const completed = database.run(
    `UPDATE notifications SET status = 'completed', completed_at = ? WHERE id = ? AND status = 'sending' AND ${hasEnded}`,
    values,
  );
  if (completed > 0) {
    announceCompleted(database, id);
    return;
  }
  const ended = database.run(
    `UPDATE notifications SET completed_at = ?
     WHERE id = ? AND status = 'cancelled' AND completed_at IS NULL AND ${hasEnded}`,
    values,
  );
  if (ended > 0) announceCompleted(database, id, 'cancelled');
}

/** Of all of its deliveries the last has just ended. */
export function announceCompleted(
  database: Database,
  id: string,
  status: 'completed' | 'cancelled' = 'completed',
): void {
  const outbox = outboxOf(database);
  if (outbox.tells('notification.completed')) outbox.add(notificationCompleted(id, outbox.now(), status));
}

/** One of its deliveries is no longer final. */
export function reopenNotification(database: Database, id: string): void {
  database.run(
    `UPDATE notifications SET status = 'sending', completed_at = NULL WHERE id = ? AND status = 'completed'`,
    [id],
  );
}
