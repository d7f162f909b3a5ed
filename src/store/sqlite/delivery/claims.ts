import { type Claim, claimedFields, grantClaims } from '../../../domain/delivery/claim.ts';
import { type Delivery, orderOf } from '../../../domain/delivery/delivery.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import { NOBODY_KNOWN } from '../../../domain/user/person.ts';
import type { Claimed } from '../../delivery-store.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { type DeliveryRow, toDelivery } from '../tables/delivery-rows.ts';
import { type NotificationRow, toNotification } from '../tables/notification-rows.ts';
import { type SubscriptionRow, toSubscription } from '../tables/subscription-rows.ts';
import { bookOf } from '../tally/book.ts';
import { personsById } from '../user/persons.ts';

type Taken = { readonly before: Delivery; readonly notification: Notification };

/** A few statements for the whole batch: a call of SQLite costs more than a row does. */
export function claimAll(database: Database, claims: readonly Claim[]): (Claimed | 'busy' | null)[] {
  const found = readById<DeliveryRow, Delivery>(database, 'deliveries', claims.map(idOf), toDelivery);
  const granted = grantClaims(claims, found, leasesBeside(database, [...found.values()]));
  const notifications = readById<NotificationRow, Notification>(
    database,
    'notifications',
    granted.flatMap((before) => (isGranted(before) ? before.notificationId : [])),
    toNotification,
  );
  const taken = granted.map((before): Taken | 'busy' | null => {
    if (!isGranted(before)) return before;
    const notification = notifications.get(before.notificationId);
    return notification === undefined ? null : { before, notification };
  });
  const subscriptions = readById<SubscriptionRow, Subscription>(
    database,
    'subscriptions',
    taken.flatMap((one) => (isGranted(one) ? one.before.subscriptionId : [])),
    toSubscription,
  );
  const persons = personsById(
    database,
    taken.flatMap((one) => (isGranted(one) ? one.before.userId : [])),
  );
  writeClaims(
    database,
    claims.filter((_, index) => isGranted(taken[index] ?? null)),
  );
  const book = bookOf(database);
  for (const one of taken) if (isGranted(one)) book.moved(one.before.priority, one.before.state, 'sending');
  return taken.map((one) => {
    if (!isGranted(one)) return one;
    const { before } = one;
    const subscription = subscriptions.get(before.subscriptionId) ?? null;
    const isSuperseded = before.topic !== null && hasNewer(database, before);
    const person = persons.get(before.userId) ?? NOBODY_KNOWN;
    return { ...one, version: before.version + 1, subscription, isSuperseded, person };
  });
}

/** Of subscriptions with a push under way, the end of its lease. Within the claim's transaction, so nobody claims meanwhile. */
function leasesBeside(database: Database, found: readonly Delivery[]): ReadonlyMap<string, number> {
  const subscriptionIds = textList([...new Set(found.map(({ subscriptionId }) => subscriptionId))]);
  const rows = database.all<{ readonly subscription_id: string; readonly until: number }>(
    `SELECT subscription_id, max(due_at) AS until FROM deliveries INDEXED BY deliveries_sending
     WHERE state = 'sending' AND subscription_id IN (SELECT value FROM json_each(?)) GROUP BY subscription_id`,
    [subscriptionIds],
  );
  return new Map(rows.map(({ subscription_id: subscriptionId, until }) => [subscriptionId, until]));
}

function isGranted<Granted extends object>(granted: Granted | 'busy' | null): granted is Granted {
  return granted !== null && granted !== 'busy';
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

/** One statement for those that say the same: the claims of one batch were mostly asked for in the same millisecond. */
function writeClaims(database: Database, claims: readonly Claim[]): void {
  const alike = new Map<string, { readonly claim: Claim; readonly ids: string[] }>();
  for (const claim of claims) {
    const key = `${claim.attempt} ${claim.nowMs} ${claim.leaseUntilMs}`;
    const group = alike.get(key) ?? { claim, ids: [] };
    group.ids.push(claim.deliveryId);
    alike.set(key, group);
  }
  for (const { claim, ids } of alike.values()) {
    const { state, attemptCount, claimedAtMs, dueAtMs } = claimedFields(claim);
    database.run(
      `UPDATE deliveries SET state = ?, version = version + 1, attempt_count = ?, claimed_at = ?, due_at = ?
       WHERE id IN (SELECT value FROM json_each(?))`,
      [state, attemptCount, claimedAtMs, dueAtMs, textList(ids)],
    );
  }
}

/** ULIDs sort by time, and so do the notifications they name. What was sent later than accepted has an order of its own. */
function hasNewer(database: Database, delivery: Delivery): boolean {
  const { subscriptionId, topic } = delivery;
  const order = orderOf(delivery);
  const newer = database.first(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_topic WHERE subscription_id = ? AND topic = ?
         AND topic IS NOT NULL AND notification_id > ? AND sent_order IS NULL)
       OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_sent_order WHERE subscription_id = ? AND topic = ?
         AND sent_order > ?)`,
    [subscriptionId, topic, order, subscriptionId, topic, order],
  );
  return newer !== undefined;
}

function idOf({ deliveryId }: Claim): string {
  return deliveryId;
}
