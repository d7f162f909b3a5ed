import type { SuppressionDetail, SuppressionReason } from '../../../domain/audience/release.ts';
import { isListed, type ListedReason, type Suppression } from '../../../domain/audience/suppression.ts';
import { decodeName, decodeParts, encodeName, encodeParts, invalidCursor, LAST_ID, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import { decodeText } from '../../stored-text.ts';
import type { SuppressionStore } from '../../suppression-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { textList } from '../file/sql-value.ts';
import { sqliteSuppressionCounts } from './suppression-counts.ts';

export function sqliteSuppressions(database: Database, commits: GroupCommit): SuppressionStore {
  return {
    list: (query) => commits.read(() => list(database, query)),
    listOfUser: (query) => commits.read(() => listOfUser(database, query)),
    get: (notificationId, userId) => get(database, commits, notificationId, userId),
    ...sqliteSuppressionCounts(database, commits),
  };
}

type Row = {
  readonly notification_id: string;
  readonly user_id: string;
  readonly reason: SuppressionReason;
  readonly detail: string;
  readonly at: number;
};

function toSuppression({ notification_id, user_id, reason, detail, at }: Row): Suppression {
  return {
    notificationId: notification_id,
    userId: user_id,
    reason,
    detail: JSON.parse(detail) as SuppressionDetail,
    atMs: at,
  };
}

type ListQuery = Parameters<SuppressionStore['list']>[0];

/** Where a listing has got to: after a user who has a row; or, once those are through, after a user of a list. */
type Place = { readonly userId: string } | { readonly list: number; readonly index: number };

type Placed = { readonly suppression: Suppression; readonly place: Place };

/** First those that have a row each, in order of user; then those that are in lists, list by list. */
function list(database: Database, { notificationId, reason, cursor, limit }: ListQuery): Page<Suppression> {
  const place = placeOf(cursor);
  const asked = { notificationId, reason };
  const inRows = 'userId' in place ? rowsAfter(database, asked, place.userId, limit + 1) : [];
  const wanted = reason === null || isListed(reason) ? limit + 1 - inRows.length : 0;
  const from = 'userId' in place ? { list: 0, index: -1 } : place;
  const page = toPage(
    [...inRows, ...listedAfter(database, asked, from, wanted)],
    limit,
    (one) => one,
    ({ place: next }) => encodeParts('userId' in next ? [next.userId] : [next.list, next.index]),
  );
  return { items: page.items.map(({ suppression }) => suppression), next: page.next };
}

function placeOf(cursor: string | null): Place {
  if (cursor === null) return { userId: '' };
  const [first, index, ...rest] = decodeParts(cursor);
  if (typeof first === 'string' && index === undefined) return { userId: first };
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(index) || rest.length > 0) throw invalidCursor();
  return { list: first as number, index: index as number };
}

function rowsAfter(
  database: Database,
  { notificationId, reason }: Pick<ListQuery, 'notificationId' | 'reason'>,
  userId: string,
  limit: number,
): Placed[] {
  // Left alone, SQLite walks all users for the few that have the reason.
  const [index, and, values] =
    reason === null ? ['', '', []] : ['INDEXED BY suppressions_reason', 'AND reason = ?', [reason]];
  return database
    .all<Row>(
      `SELECT * FROM suppressions ${index} WHERE notification_id = ? AND user_id > ? ${and} ORDER BY user_id LIMIT ?`,
      [notificationId, userId, ...values, limit],
    )
    .map((row) => ({ suppression: toSuppression(row), place: { userId: row.user_id } }));
}

type ListRow = {
  readonly id: number;
  readonly user_ids: string;
  readonly at: number;
  readonly reason: ListedReason;
};

function listedAfter(
  database: Database,
  { notificationId, reason }: Pick<ListQuery, 'notificationId' | 'reason'>,
  from: { readonly list: number; readonly index: number },
  limit: number,
): Placed[] {
  const found: Placed[] = [];
  let { list: id, index } = from;
  const byReason = reason === null ? 'unreached_notification' : 'unreached_reason';
  while (found.length < limit) {
    const row = database.first<ListRow>(
      `SELECT id, user_ids, at, reason FROM unreached INDEXED BY ${byReason} WHERE notification_id = ? AND id >= ?
         ${reason === null ? '' : ' AND reason = ?'} ORDER BY id LIMIT 1`,
      [notificationId, id, ...(reason === null ? [] : [reason])],
    );
    if (row === undefined) return found;
    const userIds = (JSON.parse(row.user_ids) as string[]).map(decodeText);
    for (let next = row.id === id ? index + 1 : 0; next < userIds.length && found.length < limit; next += 1) {
      const suppression = inList(notificationId, userIds[next] ?? '', row);
      found.push({ suppression, place: { list: row.id, index: next } });
    }
    [id, index] = [row.id + 1, -1];
  }
  return found;
}

function inList(notificationId: string, userId: string, { reason, at }: Pick<ListRow, 'reason' | 'at'>): Suppression {
  return { notificationId, userId, reason, detail: {}, atMs: at };
}

function listOfUser(database: Database, { userId, cursor, limit }: Parameters<SuppressionStore['listOfUser']>[0]) {
  const rows = database.all<Row>(
    'SELECT * FROM suppressions WHERE user_id = ? AND notification_id < ? ORDER BY notification_id DESC LIMIT ?',
    [userId, decodeName(cursor) || LAST_ID, limit + 1],
  );
  return toPage(rows, limit, toSuppression, ({ notificationId }) => encodeName(notificationId));
}

/** As it stands in a list, which is a text: lists without it need not be taken apart. Many times as quick. */
function asListed(userId: string): string {
  return textList([userId]).slice(1, -1);
}

/** Lists looked through in one turn of the event loop. Each has the users of a page. */
const LISTS_AT_ONCE = 25;

type Listed = Pick<ListRow, 'at' | 'reason'>;
/** `after`: the last list that was looked at; null where there are no more. */
type ListsLooked = { readonly found: Listed | undefined; readonly after: number | null };

/** By the index where the reason is the user’s own. Lists are in none: those of the notification are looked through, a few at a time. */
async function get(
  database: Database,
  commits: GroupCommit,
  notificationId: string,
  userId: string,
): Promise<Suppression | null> {
  const sql = 'SELECT * FROM suppressions WHERE notification_id = ? AND user_id = ?';
  const row = await commits.read(() => database.first<Row>(sql, [notificationId, userId]));
  if (row !== undefined) return toSuppression(row);
  let after: number | null = 0;
  while (after !== null) {
    const from: number = after;
    if (from > 0) await new Promise(setImmediate);
    const looked: ListsLooked = await commits.read(() => lookThroughLists(database, notificationId, userId, from));
    if (looked.found !== undefined) return inList(notificationId, userId, looked.found);
    after = looked.after;
  }
  return null;
}

function lookThroughLists(database: Database, notificationId: string, userId: string, after: number): ListsLooked {
  const lists =
    'FROM unreached INDEXED BY unreached_notification WHERE notification_id = ? AND id > ? ORDER BY id LIMIT ?';
  const place = [notificationId, after, LISTS_AT_ONCE];
  const found = database.first<Listed>(
    `SELECT at, reason FROM (SELECT * ${lists}) WHERE instr(user_ids, ?) > 0
       AND EXISTS (SELECT 1 FROM json_each(user_ids) WHERE value = ?) LIMIT 1`,
    [...place, asListed(userId), userId],
  );
  const last = database.first<{ count: number; last: number }>(
    `SELECT count(*) AS count, max(id) AS last FROM (SELECT id ${lists})`,
    place,
  );
  return { found, after: last?.count === LISTS_AT_ONCE ? last.last : null };
}
