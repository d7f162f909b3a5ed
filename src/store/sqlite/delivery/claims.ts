import { type Delivery, isWaiting } from '../../../domain/delivery/delivery.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { Claim, Claimed } from '../../delivery-store.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { type DeliveryRow, toDelivery } from '../tables/delivery-rows.ts';
import { type NotificationRow, toNotification } from '../tables/notification-rows.ts';
import { type SubscriptionRow, toSubscription } from '../tables/subscription-rows.ts';

type Lease = Pick<Claim, 'nowMs' | 'leaseUntilMs'>;
type Taken = { readonly before: Delivery; readonly notification: Notification };

/** A few statements for the whole batch: a call of SQLite costs more than a row does. */
export function claimAll(database: Database, claims: readonly Claim[]): (Claimed | null)[] {
  const waiting = readById<DeliveryRow, Delivery>(database, 'deliveries', claims.map(idOf), toDelivery);
  const notifications = readById<NotificationRow, Notification>(
    database,
    'notifications',
    [...waiting.values()].map(({ notificationId }) => notificationId),
    toNotification,
  );
  const taken = claims.map((claim) => take(claim, waiting, notifications));
  const subscriptions = readById<SubscriptionRow, Subscription>(
    database,
    'subscriptions',
    taken.flatMap((one) => (one === null ? [] : [one.before.subscriptionId])),
    toSubscription,
  );
  markSending(database, claims, taken);
  return taken.map((one) => {
    if (one === null) return null;
    const { before } = one;
    const subscription = subscriptions.get(before.subscriptionId) ?? null;
    const isSuperseded = before.topic !== null && hasNewer(database, before);
    return { ...one, version: before.version + 1, subscription, isSuperseded };
  });
}

/** Takes it out of `waiting`: a second claim in the same batch comes too late. */
function take(
  { deliveryId, attempt }: Claim,
  waiting: Map<string, Delivery>,
  notifications: ReadonlyMap<string, Notification>,
): Taken | null {
  const before = waiting.get(deliveryId);
  if (before === undefined || !isWaiting(before.state) || before.attemptCount !== attempt - 1) return null;
  const notification = notifications.get(before.notificationId);
  if (notification === undefined) return null;
  waiting.delete(deliveryId);
  return { before, notification };
}

function readById<Row extends { readonly id: string }, Value>(
  database: Database,
  table: 'deliveries' | 'notifications' | 'subscriptions',
  ids: readonly string[],
  read: (row: Row) => Value,
): Map<string, Value> {
  const list = textList([...new Set(ids)]);
  const rows = database.all<Row>(`SELECT * FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, [list]);
  return new Map(rows.map((row) => [row.id, read(row)]));
}

/** One statement for each lease: the claims of one batch were mostly asked for in the same millisecond. */
function markSending(database: Database, claims: readonly Claim[], taken: readonly (Taken | null)[]): void {
  const byLease = new Map<string, { readonly lease: Lease; readonly ids: string[] }>();
  for (const [index, claim] of claims.entries()) {
    if (taken[index] === null) continue;
    const key = `${claim.nowMs} ${claim.leaseUntilMs}`;
    const same = byLease.get(key);
    if (same === undefined) byLease.set(key, { lease: claim, ids: [claim.deliveryId] });
    else same.ids.push(claim.deliveryId);
  }
  for (const { lease, ids } of byLease.values()) {
    database.run(
      `UPDATE deliveries SET state = 'sending', version = version + 1, attempt_count = attempt_count + 1,
         claimed_at = ?, due_at = ? WHERE id IN (SELECT value FROM json_each(?))`,
      [lease.nowMs, lease.leaseUntilMs, textList(ids)],
    );
  }
}

/** ULIDs sort by time, and so do the notifications they name. */
function hasNewer(database: Database, { subscriptionId, topic, notificationId }: Delivery): boolean {
  const newer = database.first(
    'SELECT 1 FROM deliveries WHERE subscription_id = ? AND topic = ? AND notification_id > ? LIMIT 1',
    [subscriptionId, topic, notificationId],
  );
  return newer !== undefined;
}

function idOf({ deliveryId }: Claim): string {
  return deliveryId;
}
