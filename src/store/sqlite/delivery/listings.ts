import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type DeliveryFilter, isAskedFor, isUnfiltered } from '../../../domain/delivery/delivery-filter.ts';
import { deliveryIdsBetween, ID_PREFIXES } from '../../../domain/ids.ts';
import { decodeId } from '../../cursor.ts';
import type { DeliveryStore, OfNotificationQuery, OfUserQuery } from '../../delivery-store.ts';
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
): Pick<DeliveryStore, 'listByNotification' | 'listByUser'> {
  return {
    listByNotification: async (query) => listByNotification(database, commits, query),
    listByUser: async (query) => listByUser(database, commits, query),
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
    read: pieces(database, commits, { ...rest, state: null }, limit, (afterId) => [sql, [afterId, ...values]]),
    toCursor: idOf,
    cursorAt: asItIs,
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
    read: pieces(database, commits, filter, limit, (below) => [sql, [userId, atLeast, below]]),
    toCursor: idOf,
    cursorAt: asItIs,
  });
}

type Statement = readonly [sql: string, values: readonly SqlValue[]];

/** Reads of a listing, from an id on, what fits the filter. */
function pieces(
  database: Database,
  commits: GroupCommit,
  filter: DeliveryFilter,
  limit: number,
  statement: (from: string) => Statement,
): (from: string) => Promise<Piece<Delivery>> {
  const atOnce = isUnfiltered(filter) ? limit + 1 : READ_AT_ONCE;
  return async (from) => {
    const [sql, values] = statement(from);
    const select = `SELECT * FROM deliveries ${sql} LIMIT ?`;
    const read = await commits.read(() => database.all<DeliveryRow>(select, [...values, atOnce]).map(toDelivery));
    return {
      items: read.filter((delivery) => isAskedFor(filter, delivery)),
      next: read.length < atOnce ? null : (read.at(-1)?.id ?? null),
    };
  };
}

function idOf({ id }: Delivery): string {
  return id;
}

function asItIs(id: string): string {
  return id;
}
