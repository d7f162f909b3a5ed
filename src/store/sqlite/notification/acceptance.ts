import { deliveriesFor } from '../../../domain/audience/fan-out.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type Idempotency, judgeRepetition, type KeptKey } from '../../../domain/notification/idempotency.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { Acceptance, AcceptResult } from '../../notification-store.ts';
import { recipients } from '../audience/recipients.ts';
import type { Database } from '../file/driver.ts';
import { insertDelivery } from '../tables/delivery-rows.ts';
import { deliveryRange, readNotification } from '../tables/notification-rows.ts';
import { numberOfPriority } from '../tables/priority-number.ts';

/** An audience this large weighs as much in a commit as one more row, and gets a row of its own. */
export const USERS_PER_ROW = 100;
/** So few are fanned out in the commit that accepts them. */
const MOST_USERS_AT_ONCE = 10;
const MOST_DEVICES_AT_ONCE = 50;

/** About how many rows it writes. */
export function rowsOf({ audience: { userIds }, mayFanOutNow }: Acceptance): number {
  const devices = mayFanOutNow && userIds.length <= MOST_USERS_AT_ONCE ? userIds.length : 0;
  return 2 + devices + Math.ceil(userIds.length / USERS_PER_ROW);
}

export function accept(database: Database, acceptance: Acceptance): AcceptResult {
  const { notification, idempotency } = acceptance;
  const earlier = idempotency === null ? null : answerTo(database, idempotency, notification.acceptedAtMs);
  if (earlier !== null) return earlier;
  const deliveries = deliveriesOf(database, acceptance);
  insertNotification(database, acceptance, deliveries);
  for (const delivery of deliveries ?? []) insertDelivery(database, delivery);
  if (idempotency !== null) keepKey(database, idempotency, notification.id);
  return { kind: 'accepted', deliveries };
}

/** Null where the fan-out is yet to come: it may not be done now, or is more than one commit should bear. */
function deliveriesOf(database: Database, acceptance: Acceptance): readonly Delivery[] | null {
  const { notification, audience, mayFanOutNow } = acceptance;
  if (!mayFanOutNow || audience.userIds.length > MOST_USERS_AT_ONCE) return null;
  const { subscriptions, next } = recipients(database, audience, null, MOST_DEVICES_AT_ONCE + 1);
  return next === null ? deliveriesFor(notification, subscriptions, notification.acceptedAtMs) : null;
}

function insertNotification(
  database: Database,
  { notification, audience: { userIds } }: Acceptance,
  deliveries: readonly Delivery[] | null,
): void {
  const { id, content } = notification;
  const remaining = deliveries === null ? JSON.stringify(userIds) : null;
  const isSmall = userIds.length <= USERS_PER_ROW;
  database.run(
    `INSERT INTO notifications (id, type, lane, ttl_seconds, urgency, topic, user_count, status, accepted_at,
       fan_out_cursor, content, user_ids) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      content.type,
      numberOfPriority(notification.priority),
      notification.ttlSeconds,
      notification.urgency,
      notification.topic,
      notification.userCount,
      deliveries === null ? notification.status : statusWith(deliveries),
      notification.acceptedAtMs,
      deliveries === null ? AUDIENCE_START : null,
      JSON.stringify(content),
      isSmall ? remaining : null,
    ],
  );
  if (isSmall || remaining === null) return;
  database.run('INSERT INTO audiences (notification_id, user_ids) VALUES (?, ?)', [id, remaining]);
}

function keepKey(database: Database, { key, bodyDigest, expiresAtMs }: Idempotency, id: string): void {
  database.run(
    `INSERT INTO idempotency_keys (key, body_digest, notification_id, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET body_digest = excluded.body_digest,
       notification_id = excluded.notification_id, expires_at = excluded.expires_at`,
    [key, bodyDigest, id, expiresAtMs],
  );
}

/** The answer to a call that is not the first with its key. */
function answerTo(database: Database, idempotency: Idempotency, nowMs: number): AcceptResult | null {
  const repetition = judgeRepetition(readKey(database, idempotency.key), idempotency, nowMs);
  if (repetition.kind !== 'repeated') return repetition.kind === 'first' ? null : { kind: repetition.kind };
  const notification = readNotification(database, repetition.notificationId);
  if (notification === null) return null;
  return { kind: 'repeated', notification, reachedUsers: reachedAtOnce(database, notification) };
}

/** How many users got deliveries in the commit of acceptance; null where the fan-out was left to the worker. */
function reachedAtOnce(
  database: Database,
  { id, topic, userCount, acceptedAtMs, status }: Notification,
): number | null {
  if (status === 'accepted' || topic !== null || userCount > MOST_USERS_AT_ONCE) return null;
  const made = database.all<{ user_id: string; created_at: number }>(
    'SELECT user_id, created_at FROM deliveries WHERE id BETWEEN ? AND ? LIMIT ?',
    [...deliveryRange(id), MOST_DEVICES_AT_ONCE + 1],
  );
  const isAtOnce = made.length <= MOST_DEVICES_AT_ONCE && made.every((one) => one.created_at === acceptedAtMs);
  return isAtOnce ? new Set(made.map((one) => one.user_id)).size : null;
}

function readKey(database: Database, key: string): KeptKey | null {
  const sql = 'SELECT body_digest, notification_id, expires_at FROM idempotency_keys WHERE key = ?';
  const row = database.first<{ body_digest: string; notification_id: string; expires_at: number }>(sql, [key]);
  if (row === undefined) return null;
  return { bodyDigest: row.body_digest, notificationId: row.notification_id, expiresAtMs: row.expires_at };
}
