import type { Values } from '../../../domain/content/wording.ts';
import { type DeadKind, deadKindOf } from '../../../domain/delivery/dead-kind.ts';
import type { Attempt, Delivery, DeliveryState, EndReason, Replay } from '../../../domain/delivery/delivery.ts';
import type { Settlement } from '../../../domain/delivery/settlement.ts';
import type { DeliveryVariant } from '../../../domain/experiment/experiment.ts';
import { markDelivered } from '../experiment/marks.ts';
import type { Database } from '../file/driver.ts';
import { bookOf } from '../tally/book.ts';
import { numberOfPriority, priorityOf } from './priority-number.ts';

export type DeliveryRow = {
  readonly id: string;
  readonly notification_id: string;
  readonly subscription_id: string;
  readonly user_id: string;
  readonly origin: string;
  readonly topic: string | null;
  readonly sent_order: string | null;
  readonly lane: number;
  readonly state: DeliveryState;
  readonly version: number;
  readonly due_at: number | null;
  readonly deadline_at: number;
  readonly retry_count: number;
  readonly interruption_count: number;
  readonly attempt_count: number;
  readonly claimed_at: number | null;
  readonly held_at: number | null;
  readonly cap_pattern: string | null;
  readonly variables: string | null;
  readonly variant: string | null;
  readonly reason: EndReason | null;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly attempts: string | null;
  readonly replays: string | null;
};

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    notificationId: row.notification_id,
    subscriptionId: row.subscription_id,
    userId: row.user_id,
    origin: row.origin,
    topic: row.topic,
    sentOrder: row.sent_order,
    priority: priorityOf(row.lane),
    state: row.state,
    version: row.version,
    dueAtMs: row.due_at,
    deadlineAtMs: row.deadline_at,
    retryCount: row.retry_count,
    interruptionCount: row.interruption_count,
    attemptCount: row.attempt_count,
    claimedAtMs: row.claimed_at,
    heldAtMs: row.held_at,
    capPattern: row.cap_pattern,
    ...(row.variables !== null && { values: JSON.parse(row.variables) as Values }),
    ...(row.variant !== null && { variant: JSON.parse(row.variant) as DeliveryVariant }),
    reason: row.reason,
    attempts: row.attempts === null ? [] : (JSON.parse(row.attempts) as Attempt[]),
    replays: row.replays === null ? [] : (JSON.parse(row.replays) as Replay[]),
    createdAtMs: row.created_at,
    endedAtMs: row.ended_at,
  };
}

/** The condition that a delivery is in one of these states. */
export function isIn(states: readonly DeliveryState[]): string {
  return `state IN (${states.map((state) => `'${state}'`).join(', ')})`;
}

export function readDelivery(database: Database, id: string): Delivery | null {
  const row = database.first<DeliveryRow>('SELECT * FROM deliveries WHERE id = ?', [id]);
  return row === undefined ? null : toDelivery(row);
}

/** One that exists already stays as it is. */
export function insertDelivery(database: Database, delivery: Delivery): void {
  const inserted = database.run(
    `INSERT INTO deliveries (id, notification_id, subscription_id, user_id, origin, topic, sent_order, lane, state, version, due_at, deadline_at,
       retry_count, interruption_count, attempt_count, claimed_at, held_at, cap_pattern, reason, created_at, ended_at,
       attempts, replays, variables, variant, dead_kind)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    [
      delivery.id,
      delivery.notificationId,
      delivery.subscriptionId,
      delivery.userId,
      delivery.origin,
      delivery.topic,
      delivery.sentOrder,
      numberOfPriority(delivery.priority),
      delivery.state,
      delivery.version,
      delivery.dueAtMs,
      delivery.deadlineAtMs,
      delivery.retryCount,
      delivery.interruptionCount,
      delivery.attemptCount,
      delivery.claimedAtMs,
      delivery.heldAtMs,
      delivery.capPattern,
      delivery.reason,
      delivery.createdAtMs,
      delivery.endedAtMs,
      logText(delivery.attempts),
      logText(delivery.replays),
      delivery.values === undefined ? null : JSON.stringify(delivery.values),
      delivery.variant === undefined ? null : JSON.stringify(delivery.variant),
      kindOf(database, delivery),
    ],
  );
  if (inserted > 0) bookOf(database).made(delivery);
}

/** Writes all that may change in a delivery's life. False when its version had moved on. */
export function settleDelivery(database: Database, settlement: Settlement): boolean {
  const { version, after } = settlement;
  const changed = database.run(
    `UPDATE deliveries SET state = ?, version = version + 1, due_at = ?, deadline_at = ?, retry_count = ?,
       interruption_count = ?, attempt_count = ?, claimed_at = ?, held_at = ?,
       reason = ?, ended_at = ?, attempts = ?, replays = ?, dead_kind = ?
     WHERE id = ? AND version = ?`,
    [
      after.state,
      after.dueAtMs,
      after.deadlineAtMs,
      after.retryCount,
      after.interruptionCount,
      after.attemptCount,
      after.claimedAtMs,
      after.heldAtMs,
      after.reason,
      after.endedAtMs,
      logText(after.attempts),
      logText(after.replays),
      kindOf(database, after),
      after.id,
      version,
    ],
  );
  if (changed > 0) bookOf(database).settled(settlement);
  if (changed > 0 && after.variant !== undefined && after.state === 'delivered') markDelivered(database, after.id);
  return changed > 0;
}

/** Null for all but dead letters. */
function kindOf(database: Database, delivery: Delivery): DeadKind | null {
  if (delivery.state !== 'failed') return null;
  const found = database.first<{ type: string }>('SELECT type FROM notifications WHERE id = ?', [
    delivery.notificationId,
  ]);
  return deadKindOf(delivery, found?.type ?? null);
}

/** Null for an empty log, so that a query can tell without reading JSON. */
function logText(entries: readonly unknown[]): string | null {
  return entries.length === 0 ? null : JSON.stringify(entries);
}
