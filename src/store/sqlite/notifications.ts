import { FAN_OUT_START } from '../../domain/audience.ts';
import type { Notification } from '../../domain/notification.ts';
import { decodePlace, encodePlace, toPage } from '../cursor.ts';
import { cursorText } from '../fan-out-cursor.ts';
import type { AcceptResult, Idempotency, NotificationQuery, NotificationStore } from '../notification-store.ts';
import type { Database } from './driver.ts';
import { sqliteFanOuts } from './fan-outs.ts';
import type { GroupCommit } from './group-commit.ts';
import { laneOf } from './lane-number.ts';
import { type NotificationRow, readNotification, toNotification } from './notification-rows.ts';
import type { SqlValue } from './sql-value.ts';

/** An audience this large weighs as much in a commit as one more row, and gets a row of its own. */
const USERS_PER_ROW = 100;

export function sqliteNotifications(database: Database, commits: GroupCommit): NotificationStore {
  const fanOuts = sqliteFanOuts(database, commits);
  return {
    async accept(notification, userIds, idempotency) {
      const rows = 2 + Math.ceil(userIds.length / USERS_PER_ROW);
      const result = await commits.write(rows, () => accept(database, notification, userIds, idempotency));
      if (result.kind === 'accepted' && isSmall(userIds)) fanOuts.remember(notification, userIds);
      return result;
    },
    get: (id) => commits.read(() => readNotification(database, id)),
    list: (query) => commits.read(() => list(database, query)),
    fanOut: fanOuts.fanOut,
    commitFanOut: fanOuts.commitFanOut,
    unfinishedFanOuts: fanOuts.unfinishedFanOuts,
  };
}

function accept(
  database: Database,
  notification: Notification,
  userIds: readonly string[],
  idempotency: Idempotency | null,
): AcceptResult {
  const earlier = idempotency === null ? null : firstCall(database, idempotency, notification.acceptedAtMs);
  if (earlier !== null) return earlier;
  const { id, content } = notification;
  const audience = JSON.stringify(userIds);
  database.run(
    `INSERT INTO notifications (id, type, lane, ttl_seconds, urgency, topic, user_count, status, accepted_at,
       fan_out_cursor, content, user_ids) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      content.type,
      laneOf(notification.priority),
      notification.ttlSeconds,
      notification.urgency,
      notification.topic,
      notification.userCount,
      notification.status,
      notification.acceptedAtMs,
      cursorText(FAN_OUT_START),
      JSON.stringify(content),
      isSmall(userIds) ? audience : null,
    ],
  );
  if (!isSmall(userIds)) {
    database.run('INSERT INTO audiences (notification_id, user_ids) VALUES (?, ?)', [id, audience]);
  }
  if (idempotency !== null) {
    database.run(
      `INSERT INTO idempotency_keys (key, body_digest, notification_id, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET body_digest = excluded.body_digest,
         notification_id = excluded.notification_id, expires_at = excluded.expires_at`,
      [idempotency.key, idempotency.bodyDigest, id, idempotency.expiresAtMs],
    );
  }
  return { kind: 'accepted' };
}

function isSmall(userIds: readonly string[]): boolean {
  return userIds.length <= USERS_PER_ROW;
}

function firstCall(database: Database, idempotency: Idempotency, nowMs: number): AcceptResult | null {
  const kept = database.first<{ body_digest: string; notification_id: string }>(
    'SELECT body_digest, notification_id FROM idempotency_keys WHERE key = ? AND expires_at > ?',
    [idempotency.key, nowMs],
  );
  if (kept === undefined) return null;
  if (kept.body_digest !== idempotency.bodyDigest) return { kind: 'key_reused' };
  const notification = readNotification(database, kept.notification_id);
  return notification === null ? null : { kind: 'repeated', notification };
}

function list(database: Database, query: NotificationQuery) {
  const { type, status, fromMs, untilMs, cursor, limit } = query;
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const where = (condition: string, ...given: SqlValue[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  if (type !== null) where('type = ?', type);
  if (status !== null) where('status = ?', status);
  where('accepted_at >= ?', fromMs ?? 0);
  where('accepted_at < ?', untilMs ?? Number.MAX_SAFE_INTEGER);
  if (cursor !== null) {
    const { atMs, id } = decodePlace(cursor);
    where('(accepted_at, id) < (?, ?)', atMs, id);
  }
  const rows = database.all<NotificationRow>(
    `SELECT * FROM notifications WHERE ${conditions.join(' AND ')} ORDER BY accepted_at DESC, id DESC LIMIT ?`,
    [...values, limit + 1],
  );
  return toPage(rows, limit, toNotification, ({ acceptedAtMs, id }) => encodePlace({ atMs: acceptedAtMs, id }));
}
