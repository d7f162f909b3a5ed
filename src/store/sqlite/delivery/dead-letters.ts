import type { DeadKind } from '../../../domain/delivery/dead-kind.ts';
import type { DeadLetterScope } from '../../../domain/delivery/dead-letter-filter.ts';
import { decodeId, decodePlace, placeOfDeadLetter, toPage } from '../../cursor.ts';
import type {
  DeadLetterCountQuery,
  DeadLetterCounts,
  DeadLetterQuery,
  DeliveryStore,
  SkimmedDeadLetter,
} from '../../delivery-store.ts';
import type { Page } from '../../page.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { type SqlValue, textList } from '../file/sql-value.ts';
import { deliveryRange } from '../tables/notification-rows.ts';

export function sqliteDeadLetters(
  database: Database,
  commits: GroupCommit,
): Pick<DeliveryStore, 'deadKinds' | 'skimFailed' | 'countFailed'> {
  return {
    deadKinds: (notificationId) => commits.read(() => deadKinds(database, notificationId)),
    skimFailed: (query) => commits.read(() => skimFailed(database, query)),
    countFailed: (query) => countFailed(database, commits, query),
  };
}

/** From one kind to the next along the index. */
function deadKinds(database: Database, notificationId: string | null): readonly DeadKind[] {
  const next = `SELECT min(dead_kind) AS kind FROM deliveries INDEXED BY ${notificationId === null ? 'deliveries_dead_kind' : 'deliveries_dead_of'}
     WHERE state = 'failed' ${notificationId === null ? '' : 'AND notification_id = ?'} AND dead_kind > ?`;
  const kinds: DeadKind[] = [];
  for (let last = ''; ; ) {
    const of = notificationId === null ? [last] : [notificationId, last];
    const found = database.first<{ kind: string | null }>(next, of)?.kind ?? null;
    if (found === null) return kinds;
    kinds.push(found);
    last = found;
  }
}

type Row = { readonly id: string; readonly ended_at: number };
type Condition = readonly [sql: string, ...values: readonly SqlValue[]];

function skimFailed(database: Database, { scope, kinds, cursor, limit }: DeadLetterQuery): Page<SkimmedDeadLetter> {
  const after = afterPlace(scope, cursor);
  const ofOne = (index: string, more: readonly Condition[]): readonly Row[] => {
    const [where, ...values] = joined([...scopeOf(scope), ...after, ...more]);
    return database.all<Row>(
      `SELECT id, ended_at FROM deliveries INDEXED BY ${index} WHERE ${where} ORDER BY ${orderOf(scope)} LIMIT ?`,
      [...values, limit + 1],
    );
  };
  const rows = kinds === null || scope.userId !== null ? ofOne(indexOfAll(scope), of(kinds)) : merged();
  return toPage(
    rows,
    limit,
    ({ id, ended_at: endedAtMs }) => ({ id, endedAtMs }),
    (deadLetter) => placeOfDeadLetter(scope, deadLetter),
  );
  /** The first of each kind: among them are the first of all. */
  function merged(): readonly Row[] {
    const found = (kinds ?? []).flatMap((kind) => ofOne(indexOfKind(scope), [['dead_kind = ?', kind]]));
    return found.sort(scope.notificationId === null ? byEnd : byId);
  }
}

function byEnd(one: Row, other: Row): number {
  return other.ended_at - one.ended_at || byId(other, one);
}

function byId(one: Pick<Row, 'id'>, other: Pick<Row, 'id'>): number {
  return one.id < other.id ? -1 : 1;
}

function orderOf({ notificationId }: DeadLetterScope): string {
  return notificationId === null ? 'ended_at DESC, id DESC' : 'id';
}

/** Left alone, SQLite prefers the index of states and sorts every dead letter for each page. */
function indexOfAll({ userId, notificationId }: DeadLetterScope): string {
  if (userId !== null) return notificationId === null ? 'deliveries_failed_user' : 'deliveries_user';
  return notificationId === null ? 'deliveries_failed' : 'deliveries_state';
}

function indexOfKind({ notificationId }: DeadLetterScope): string {
  return notificationId === null ? 'deliveries_dead_kind' : 'deliveries_dead_of';
}

function of(kinds: readonly DeadKind[] | null): readonly Condition[] {
  return kinds === null ? [] : [['dead_kind IN (SELECT value FROM json_each(?))', textList(kinds)]];
}

/** A condition that is not needed would have the row read that the index spares. */
function scopeOf({ userId, notificationId, fromMs, untilMs }: DeadLetterScope): readonly Condition[] {
  return [
    [`state = 'failed'`],
    ...(userId === null ? [] : [['user_id = ?', userId] as const]),
    ...(notificationId === null ? [] : [ofNotification(notificationId)]),
    ...(fromMs === null ? [] : [['ended_at >= ?', fromMs] as const]),
    ...(untilMs === null ? [] : [['ended_at < ?', untilMs] as const]),
  ];
}

function ofNotification(notificationId: string): Condition {
  const [start, end] = deliveryRange(notificationId);
  return ['notification_id = ? AND id > ? AND id < ?', notificationId, start, end];
}

function afterPlace({ notificationId }: DeadLetterScope, cursor: string | null): readonly Condition[] {
  if (cursor === null) return [];
  if (notificationId !== null) {
    const [start] = deliveryRange(notificationId);
    return [['id > ?', decodeId(cursor, (id) => id.startsWith(start)) ?? start]];
  }
  const { atMs, id } = decodePlace(cursor);
  return [['(ended_at, id) < (?, ?)', atMs, id]];
}

function joined(conditions: readonly Condition[]): Condition {
  return [conditions.map(([sql]) => sql).join(' AND '), ...conditions.flatMap(([, ...values]) => values)];
}

/** Counted in one turn of the event loop. */
const COUNTED_AT_ONCE = 10_000;

async function countFailed(
  database: Database,
  commits: GroupCommit,
  { scope, kinds, most }: DeadLetterCountQuery,
): Promise<DeadLetterCounts> {
  const counts = new Map<DeadKind, number>();
  const index = scope.userId === null ? indexOfKind(scope) : indexOfAll(scope);
  let left = most;
  for (const kind of kinds) {
    let count = 0;
    for (let cursor: string | null = null, isLast = false; !isLast && left > 0; ) {
      const after: readonly Condition[] = [...scopeOf(scope), ...afterPlace(scope, cursor), ['dead_kind = ?', kind]];
      const piece = { index, scope, after: joined(after), take: Math.min(COUNTED_AT_ONCE, left) };
      const counted = await commits.read(() => countPiece(database, piece));
      count += counted.count;
      left -= counted.count;
      cursor = counted.next;
      isLast = cursor === null;
      // On this store nothing else would have its turn before the end.
      await new Promise(setImmediate);
    }
    if (count > 0) counts.set(kind, count);
  }
  return { counts, isAtLeast: left === 0 };
}

type Piece = {
  readonly index: string;
  readonly scope: DeadLetterScope;
  readonly after: Condition;
  /** The most that are counted. */
  readonly take: number;
};

/** `next`: the last of them, where there are as many as are taken; what comes after it is counted from there. */
function countPiece(
  database: Database,
  { index, scope, after: [where, ...values], take }: Piece,
): { readonly count: number; readonly next: string | null } {
  const from = `FROM deliveries INDEXED BY ${index} WHERE ${where} ORDER BY ${orderOf(scope)}`;
  const last = database.first<Row>(`SELECT id, ended_at ${from} LIMIT 1 OFFSET ?`, [...values, take - 1]);
  if (last !== undefined)
    return { count: take, next: placeOfDeadLetter(scope, { id: last.id, endedAtMs: last.ended_at }) };
  const rest = database.first<{ count: number }>(`SELECT count(*) AS count FROM (SELECT 1 ${from} LIMIT ?)`, [
    ...values,
    take,
  ]);
  return { count: rest?.count ?? 0, next: null };
}
