import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type DeliveryFilter, isAskedFor, isUnfiltered } from '../../../domain/delivery/delivery-filter.ts';
import { deliveryIdsBetween, ID_PREFIXES } from '../../../domain/ids.ts';
import { decodeId, decodePlace, encodePlace, type Place, placeOfDeadLetter, toPage } from '../../cursor.ts';
import type {
  DeadLetterQuery,
  DeadLetterSkim,
  DeliveryStore,
  OfNotificationQuery,
  OfUserQuery,
  SkimmedDeadLetter,
} from '../../delivery-store.ts';
import { filteredPage, type Piece, READ_AT_ONCE } from '../../filtered-page.ts';
import type { Page } from '../../page.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { SqlValue } from '../file/sql-value.ts';
import { type DeliveryRow, toDelivery } from '../tables/delivery-rows.ts';
import { deliveryRange } from '../tables/notification-rows.ts';

export function sqliteDeliveryListings(
  database: Database,
  commits: GroupCommit,
): Pick<DeliveryStore, 'listByNotification' | 'listByUser' | 'listFailed' | 'skimFailed'> {
  return {
    listByNotification: async (query) => listByNotification(database, commits, query),
    listByUser: async (query) => listByUser(database, commits, query),
    listFailed: async (query) => listFailed(database, commits, query),
    skimFailed: (query) => commits.read(() => skimFailed(database, query)),
  };
}

function listByNotification(database: Database, commits: GroupCommit, query: OfNotificationQuery) {
  const { notificationId, userId, attempted, filter, cursor, limit } = query;
  const { state, ...rest } = filter;
  const [start, end] = deliveryRange(notificationId);
  const where = [
    'id > ? AND id < ?',
    ...(userId === null ? [] : ['user_id = ?']),
    ...(state === null ? [] : ['state = ?']),
    ...(attempted ? ['attempts IS NOT NULL'] : []),
  ];
  const values = [end, ...(userId === null ? [] : [userId]), ...(state === null ? [] : [state])];
  const sql = `${userId === null ? '' : 'INDEXED BY deliveries_user'} WHERE ${where.join(' AND ')} ORDER BY id`;
  return filteredPage({
    limit,
    from: decodeId(cursor, (id) => id.startsWith(start)) ?? start,
    read: pieces(database, commits, { ...rest, state: null }, limit, (afterId) => [sql, [afterId, ...values]], idOf),
    toCursor: idOf,
  });
}

function listByUser(database: Database, commits: GroupCommit, query: OfUserQuery): Promise<Page<Delivery>> {
  const { userId, fromMs, untilMs, filter, cursor, limit } = query;
  const [atLeast, end] = deliveryIdsBetween(fromMs, untilMs);
  const after = decodeId(cursor, (id) => id.startsWith(ID_PREFIXES.delivery)) ?? end;
  const sql = 'INDEXED BY deliveries_user WHERE user_id = ? AND id >= ? AND id < ? ORDER BY id DESC';
  return filteredPage({
    limit,
    from: after < end ? after : end,
    read: pieces(database, commits, filter, limit, (below) => [sql, [userId, atLeast, below]], idOf),
    toCursor: idOf,
  });
}

type SkimmedRow = Pick<DeliveryRow, 'id' | 'reason' | 'origin' | 'ended_at'> & {
  readonly type: string | null;
  readonly remedy: string | null;
};

function skimFailed(database: Database, query: DeadLetterSkim): Page<SkimmedDeadLetter> {
  const { filter, limit } = query;
  const [sql, values] = filter.notificationId === null ? skimByTime(query) : skimOfNotification(query);
  // Neither is read where nobody asks: each takes longer than all the rest of the row.
  const type = filter.type === null ? 'NULL' : '(SELECT type FROM notifications WHERE id = notification_id)';
  const remedy = filter.remedy === null ? 'NULL' : `json_extract(attempts, '$[#-1].remedy')`;
  const rows = database.all<SkimmedRow>(
    `SELECT id, reason, origin, ended_at, ${type} AS type, ${remedy} AS remedy FROM deliveries ${sql} LIMIT ?`,
    [...values, limit + 1],
  );
  return toPage(
    rows,
    limit,
    ({ ended_at: endedAtMs, ...row }) => ({ ...row, endedAtMs }),
    (deadLetter) => placeOfDeadLetter(filter, deadLetter),
  );
}

type Statement = readonly [sql: string, values: readonly SqlValue[]];

function skimByTime({ filter, untilMs, cursor }: DeadLetterSkim): Statement {
  const { userId, fromMs } = filter;
  const after = cursor === null ? { atMs: Number.MAX_SAFE_INTEGER, id: '' } : decodePlace(cursor);
  const values = failedValues({ userId, fromMs, untilMs: Math.min(untilMs, filter.untilMs ?? untilMs) });
  return [failedSql(userId), [...values, after.atMs, after.id]];
}

function skimOfNotification({ filter, untilMs, cursor }: DeadLetterSkim): Statement {
  const { userId, fromMs, notificationId } = filter;
  const [start, end] = deliveryRange(notificationId ?? '');
  const sql = `INDEXED BY deliveries_state WHERE state = 'failed' AND id > ? AND id < ?
     ${userId === null ? '' : 'AND user_id = ?'} AND ended_at >= ? AND ended_at < ? ORDER BY id`;
  const values = failedValues({ userId, fromMs, untilMs: Math.min(untilMs, filter.untilMs ?? untilMs) });
  return [sql, [decodeId(cursor, (id) => id.startsWith(start)) ?? start, end, ...values]];
}

/** Left alone, SQLite prefers the index of states and sorts every dead letter for each page. */
function failedSql(userId: string | null): string {
  return `INDEXED BY ${userId === null ? 'deliveries_failed' : 'deliveries_failed_user'}
     WHERE state = 'failed' ${userId === null ? '' : 'AND user_id = ?'} AND ended_at >= ? AND ended_at < ?
     AND (ended_at, id) < (?, ?) ORDER BY ended_at DESC, id DESC`;
}

function failedValues({ userId, fromMs, untilMs }: Pick<DeadLetterQuery, 'userId' | 'fromMs' | 'untilMs'>): SqlValue[] {
  return [...(userId === null ? [] : [userId]), fromMs ?? 0, untilMs ?? Number.MAX_SAFE_INTEGER];
}

function listFailed(database: Database, commits: GroupCommit, query: DeadLetterQuery): Promise<Page<Delivery>> {
  const { userId, fromMs, untilMs, filter, cursor, limit } = query;
  const sql = failedSql(userId);
  const values = failedValues({ userId, fromMs, untilMs });
  return filteredPage({
    limit,
    from: cursor === null ? { atMs: Number.MAX_SAFE_INTEGER, id: '' } : decodePlace(cursor),
    read: pieces(database, commits, filter, limit, ({ atMs, id }) => [sql, [...values, atMs, id]], endOf),
    toCursor: (delivery) => encodePlace(endOf(delivery)),
  });
}

/** Reads of a listing, from a place on, what fits the filter. */
function pieces<From>(
  database: Database,
  commits: GroupCommit,
  filter: DeliveryFilter,
  limit: number,
  statement: (from: From) => Statement,
  placeOf: (delivery: Delivery) => From,
): (from: From) => Promise<Piece<Delivery, From>> {
  const atOnce = isUnfiltered(filter) ? limit + 1 : READ_AT_ONCE;
  return async (from) => {
    const [sql, values] = statement(from);
    const select = `SELECT * FROM deliveries ${sql} LIMIT ?`;
    const read = await commits.read(() => database.all<DeliveryRow>(select, [...values, atOnce]).map(toDelivery));
    const last = read.length < atOnce ? undefined : read.at(-1);
    return {
      items: read.filter((delivery) => isAskedFor(filter, delivery)),
      next: last === undefined ? null : placeOf(last),
    };
  };
}

function idOf({ id }: Delivery): string {
  return id;
}

function endOf({ endedAtMs, id }: Delivery): Place {
  return { atMs: endedAtMs ?? 0, id };
}
