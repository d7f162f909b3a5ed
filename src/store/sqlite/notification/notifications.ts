import { namedIn } from '../../../domain/audience/audience.ts';
import { decodePlace, encodePlace, placeOfComing, toPage } from '../../cursor.ts';
import type { CallQuery, NotificationQuery, NotificationStore, OfCall } from '../../notification-store.ts';
import { notificationsOfUser, type UserDeliveryIds } from '../../notifications-of-user.ts';
import type { PageRequest } from '../../page.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { type SqlValue, textList } from '../file/sql-value.ts';
import {
  type NotificationRow,
  readMilestones,
  readNotification,
  readNotifications,
  toNotification,
} from '../tables/notification-rows.ts';
import { accept, repeated, rowsOf, USERS_PER_ROW } from './acceptance.ts';
import { cancel } from './cancelling.ts';
import type { FanOutMemory } from './fan-out-memory.ts';

export function sqliteNotifications(database: Database, commits: GroupCommit, memory: FanOutMemory): NotificationStore {
  return {
    async accept(acceptance) {
      const { notification, audience } = acceptance;
      const result = await commits.write(rowsOf(acceptance), () => accept(database, acceptance));
      const isToFanOut = result.kind === 'accepted' && result.fannedOut === null && notification.sendAt === null;
      if (isToFanOut && namedIn(audience).length <= USERS_PER_ROW) memory.noteAccepted(notification, audience);
      return result;
    },
    repeated: (idempotency, nowMs) => commits.read(() => repeated(database, idempotency, nowMs)),
    cancel(id, nowMs) {
      memory.take(id);
      return commits.write(1, () => cancel(database, id, nowMs));
    },
    get: (id) => commits.read(() => readNotification(database, id)),
    milestones: (id) => commits.read(() => readMilestones(database, id)),
    getMany: (ids) => commits.read(() => readNotifications(database, ids)),
    coming: (query) => commits.read(() => coming(database, query)),
    ofCall: (query) => commits.read(() => ofCall(database, query)),
    async list(query) {
      const { userId } = query;
      return userId === null
        ? commits.read(() => list(database, query))
        : notificationsOfUser(
            { ...query, userId },
            {
              deliveryIds: (of) => commits.read(() => deliveryIds(database, of)),
              getMany: (ids) => commits.read(() => readNotifications(database, ids)),
            },
          );
    },
  };
}

function ofCall(database: Database, { keys, requestId, limit }: CallQuery): OfCall {
  const byKey = database.all<{ id: string }>(
    'SELECT notification_id AS id FROM idempotency_keys WHERE key IN (SELECT value FROM json_each(?)) LIMIT ?',
    [textList(keys), limit],
  );
  const byRequest = database.all<{ id: string }>(
    `SELECT id FROM notifications INDEXED BY notifications_request WHERE request_id = ? AND request_id IS NOT NULL
     ORDER BY id DESC LIMIT ?`,
    [requestId, limit],
  );
  return { byKey: byKey.map(({ id }) => id), byRequest: byRequest.map(({ id }) => id) };
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
    `SELECT * FROM notifications INDEXED BY ${indexFor(query)} WHERE ${conditions.join(' AND ')} ORDER BY accepted_at DESC, id DESC LIMIT ?`,
    [...values, limit + 1],
  );
  return toPage(rows, limit, toNotification, ({ acceptedAtMs, id }) => encodePlace({ atMs: acceptedAtMs, id }));
}

/** Nearly all of a type are completed, and of the other states there are few. Left alone, SQLite takes either. */
function indexFor({ type, status }: NotificationQuery): string {
  if (type !== null && (status === null || status === 'completed')) return 'notifications_type';
  return status === null ? 'notifications_accepted' : 'notifications_status';
}

function deliveryIds(database: Database, { userId, atLeast, below, limit }: UserDeliveryIds): string[] {
  return database
    .all<{ id: string }>(
      `SELECT id FROM deliveries INDEXED BY deliveries_user WHERE user_id = ? AND id >= ? AND id < ?
       ORDER BY id DESC LIMIT ?`,
      [userId, atLeast, below, limit],
    )
    .map(({ id }) => id);
}

function coming(database: Database, { cursor, limit }: PageRequest) {
  const { atMs, id } = cursor === null ? { atMs: 0, id: '' } : decodePlace(cursor);
  const rows = database.all<NotificationRow>(
    `SELECT * FROM notifications INDEXED BY notifications_due WHERE due_at IS NOT NULL AND status = 'scheduled' AND (due_at, id) > (?, ?)
     ORDER BY due_at, id LIMIT ?`,
    [atMs, id, limit + 1],
  );
  return toPage(rows, limit, toNotification, placeOfComing);
}
