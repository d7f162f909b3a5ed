import { DELIVERY_STATES, type DeliveryState } from '../../../domain/delivery/delivery.ts';
import { countsOf, type DeliveryCounts } from '../../../domain/delivery/delivery-counts.ts';
import type { DeliveryStore } from '../../delivery-store.ts';
import { MOST_IN_STATE, type SomeCounted } from '../../some-counted.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { isIn } from '../tables/delivery-rows.ts';
import { deliveryRange } from '../tables/notification-rows.ts';

/** Counted in one turn of the event loop: some 4 ms. */
const COUNTED_AT_ONCE = 20_000;

type Counted = { readonly state: DeliveryState; readonly count: number };

/** How many deliveries of a notification are in each state. */
export function sqliteDeliveryCounts(
  database: Database,
  commits: GroupCommit,
): Pick<DeliveryStore, 'countByState' | 'countSome'> {
  return {
    countByState: (notificationId) => countByState(database, commits, notificationId),
    countSome: (notificationId) => commits.read(() => countSome(database, notificationId)),
  };
}

/** Piece by piece in order of id, which never changes: one that goes from state to state meanwhile is still counted once. */
async function countByState(database: Database, commits: GroupCommit, notificationId: string): Promise<DeliveryCounts> {
  const counts = new Map<DeliveryState, number>();
  const [first, last] = deliveryRange(notificationId);
  let from: string | null = first;
  while (from !== null) {
    if (from !== first) await new Promise(setImmediate);
    const start: string = from;
    const piece = await commits.read(() => {
      const next = startAfter(database, start, last);
      return { next, counted: countPiece(database, start, next ?? last) };
    });
    for (const { state, count } of piece.counted) counts.set(state, (counts.get(state) ?? 0) + count);
    from = piece.next;
  }
  return countsOf(counts);
}

/** Where the piece after the one that begins here begins; null where there is none. */
function startAfter(database: Database, from: string, last: string): string | null {
  const sql = 'SELECT id FROM deliveries WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1 OFFSET ?';
  return database.first<{ id: string }>(sql, [from, last, COUNTED_AT_ONCE])?.id ?? null;
}

/** From here to before `end`: the bound of all, or where the next piece begins, is no delivery of this one. */
function countPiece(database: Database, from: string, end: string): readonly Counted[] {
  return database.all<Counted>(
    `SELECT state, count(*) AS count FROM deliveries INDEXED BY deliveries_state
     WHERE ${isIn(DELIVERY_STATES)} AND id >= ? AND id < ? GROUP BY state`,
    [from, end],
  );
}

/** State by state along the index, so that a state with many hides none with few. */
function countSome(database: Database, notificationId: string): SomeCounted<DeliveryCounts> {
  const range = deliveryRange(notificationId);
  const ofState = (state: DeliveryState) => `SELECT '${state}' AS state, count(*) AS count FROM (
    SELECT 1 FROM deliveries INDEXED BY deliveries_state WHERE state = '${state}' AND id BETWEEN ? AND ? LIMIT ?)`;
  const counted = database.all<Counted>(
    DELIVERY_STATES.map(ofState).join(' UNION ALL '),
    DELIVERY_STATES.flatMap(() => [...range, MOST_IN_STATE + 1]),
  );
  const counts = counted.map(({ state, count }) => [state, Math.min(MOST_IN_STATE, count)] as const);
  return { counts: countsOf(counts), isAtLeast: counted.some(({ count }) => count > MOST_IN_STATE) };
}
