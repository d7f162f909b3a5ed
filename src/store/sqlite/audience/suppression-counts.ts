import { SUPPRESSION_REASONS, type SuppressionReason } from '../../../domain/audience/release.ts';
import { type SuppressionCounts, suppressionCountsOf } from '../../../domain/audience/suppression.ts';
import type { SomeCounted } from '../../some-counted.ts';
import type { SuppressionStore } from '../../suppression-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

/** Counted in one turn of the event loop: some 3 ms. */
const COUNTED_AT_ONCE = 20_000;

/** Counted of each reason, where not all are. */
const MOST_OF_REASON = 10_000;

/** Lists looked at where not all are counted. Each has the users of a page, and says how many they are. */
const LISTS_AT_ONCE = 100;

/** How many users of a notification got nothing, by reason. */
export function sqliteSuppressionCounts(
  database: Database,
  commits: GroupCommit,
): Pick<SuppressionStore, 'countByReason' | 'countSome'> {
  return {
    countByReason: (notificationId) => countInPieces(database, commits, notificationId),
    countSome: (notificationId) => commits.read(() => countSome(database, notificationId)),
  };
}

type Counted = { readonly reason: SuppressionReason; readonly count: number };

/** See `SuppressionStore.countByReason`. */
export async function countInPieces(
  database: Database,
  commits: GroupCommit,
  notificationId: string,
): Promise<SuppressionCounts> {
  const counted = await commits.read(() => [...countLists(database, notificationId, null)]);
  for (const reason of SUPPRESSION_REASONS) {
    let userId: string | null = '';
    while (userId !== null) {
      const after: string = userId;
      if (after !== '') await new Promise(setImmediate);
      const { count, last } = await commits.read(() => countPiece(database, { notificationId, reason }, after));
      counted.push({ reason, count });
      userId = count < COUNTED_AT_ONCE ? null : last;
    }
  }
  return inAll(counted);
}

function inAll(counted: readonly Counted[]): SuppressionCounts {
  return suppressionCountsOf(counted.map(({ reason, count }) => [reason, count] as const));
}

type Piece = { readonly count: number; readonly last: string | null };

function countPiece(
  database: Database,
  { notificationId, reason }: { readonly notificationId: string; readonly reason: SuppressionReason },
  userId: string,
): Piece {
  const piece = database.first<Piece>(
    `SELECT count(*) AS count, max(user_id) AS last FROM (
       SELECT user_id FROM suppressions INDEXED BY suppressions_reason
       WHERE notification_id = ? AND reason = ? AND user_id > ? ORDER BY user_id LIMIT ?)`,
    [notificationId, reason, userId, COUNTED_AT_ONCE],
  );
  return piece ?? { count: 0, last: null };
}

function countLists(database: Database, notificationId: string, most: number | null): readonly Counted[] {
  return database.all<Counted>(
    'SELECT reason, user_count AS count FROM unreached INDEXED BY unreached_reason WHERE notification_id = ? LIMIT ?',
    [notificationId, most ?? -1],
  );
}

function countSome(database: Database, notificationId: string): SomeCounted<SuppressionCounts> {
  const ofReason = (reason: SuppressionReason) => `SELECT '${reason}' AS reason, count(*) AS count FROM (
    SELECT 1 FROM suppressions INDEXED BY suppressions_reason WHERE notification_id = ? AND reason = '${reason}' LIMIT ?)`;
  const rows = database.all<Counted>(
    SUPPRESSION_REASONS.map(ofReason).join(' UNION ALL '),
    SUPPRESSION_REASONS.flatMap(() => [notificationId, MOST_OF_REASON + 1]),
  );
  const lists = countLists(database, notificationId, LISTS_AT_ONCE + 1);
  const counted = rows.map(({ reason, count }) => ({ reason, count: Math.min(MOST_OF_REASON, count) }));
  return {
    counts: inAll([...counted, ...lists.slice(0, LISTS_AT_ONCE)]),
    isAtLeast: rows.some(({ count }) => count > MOST_OF_REASON) || lists.length > LISTS_AT_ONCE,
  };
}
