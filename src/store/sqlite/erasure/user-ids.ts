import type { UserIdPage } from '../../erasure-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Database } from '../file/driver.ts';
import { readWaiting, waitingIds } from './lists.ts';

const IDS_AT_ONCE = 1000;
const LISTS_AT_ONCE = 50;

/** Reads on from a place. `last` null: that was the end of it. */
type Source = (
  database: Database,
  after: string,
) => { readonly userIds: readonly string[]; readonly last: string | null };

/** Each in the order of an index. */
const SOURCES: readonly Source[] = [
  ofColumn('SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?'),
  ofColumn(
    'SELECT DISTINCT user_id AS id FROM subscriptions INDEXED BY subscriptions_user WHERE user_id > ? ORDER BY user_id LIMIT ?',
  ),
  ofColumn(
    'SELECT DISTINCT user_id AS id FROM deliveries INDEXED BY deliveries_user WHERE user_id > ? ORDER BY user_id LIMIT ?',
  ),
  ofColumn(
    'SELECT DISTINCT user_id AS id FROM suppressions INDEXED BY suppressions_user WHERE user_id > ? ORDER BY user_id LIMIT ?',
  ),
  ofColumn('SELECT DISTINCT user_id AS id FROM cap_uses WHERE user_id > ? ORDER BY user_id LIMIT ?'),
  ofColumn(
    'SELECT DISTINCT user_id AS id FROM experiment_marks INDEXED BY experiment_marks_user WHERE user_id > ? ORDER BY user_id LIMIT ?',
  ),
  ofWaitingLists,
  ofSuppressionLists,
];

/** See `ErasureStore.userIds`. */
export function userIdsFrom(database: Database, cursor: string | null): UserIdPage {
  const [place, after] = cursor === null ? [0, ''] : (JSON.parse(cursor) as [number, string]);
  const source = SOURCES[place];
  if (source === undefined) return { userIds: [], next: null };
  const { userIds, last } = source(database, after);
  const next: [number, string] = last === null ? [place + 1, ''] : [place, last];
  return { userIds, next: next[0] < SOURCES.length ? JSON.stringify(next) : null };
}

function ofColumn(sql: string): Source {
  return (database, after) => {
    const userIds = database.all<{ id: string }>(sql, [after, IDS_AT_ONCE]).map(({ id }) => id);
    return { userIds, last: userIds.length < IDS_AT_ONCE ? null : (userIds.at(-1) ?? null) };
  };
}

function ofWaitingLists(database: Database, after: string): ReturnType<Source> {
  const { ids, next } = waitingIds(database, after === '' ? null : after);
  const userIds = ids.flatMap((id) => {
    const { beside, apart, audience } = readWaiting(database, id) ?? { beside: null, apart: null, audience: null };
    const excluded = (JSON.parse(audience ?? '{}') as { excludedIds?: readonly string[] }).excludedIds ?? [];
    return [...(JSON.parse(beside ?? apart ?? '[]') as string[]), ...excluded];
  });
  return { userIds, last: next };
}

function ofSuppressionLists(database: Database, after: string): ReturnType<Source> {
  const rows = database.all<{ id: number; user_ids: string }>(
    'SELECT id, user_ids FROM unreached WHERE id > ? ORDER BY id LIMIT ?',
    [Number(after), LISTS_AT_ONCE],
  );
  const userIds = rows.flatMap((row) => (JSON.parse(row.user_ids) as string[]).map(decodeText));
  const last = rows.length < LISTS_AT_ONCE ? undefined : rows.at(-1);
  return { userIds, last: last === undefined ? null : String(last.id) };
}
