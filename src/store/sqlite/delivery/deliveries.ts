import { type Delivery, WAITING_STATES } from '../../../domain/delivery/delivery.ts';
import { DuePage } from '../../../domain/delivery/due-page.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import type { DeliveryStore, DueDelivery, DueQuery } from '../../delivery-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { textList } from '../file/sql-value.ts';
import { type DeliveryRow, isIn, readDelivery, toDelivery } from '../tables/delivery-rows.ts';
import { deliveryRange } from '../tables/notification-rows.ts';
import { numberOfPriority } from '../tables/priority-number.ts';
import { sqliteDeliveryCounts } from './counts.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import { sqliteDeliveryListings } from './listings.ts';
import { sqliteTransitions } from './transitions.ts';

type OutdatedQuery = Parameters<DeliveryStore['outdated']>[0];

export function sqliteDeliveries(database: Database, commits: GroupCommit): DeliveryStore {
  return {
    ...sqliteTransitions(database, commits),
    ...sqliteDeliveryListings(database, commits),
    ...sqliteDeadLetters(database, commits),
    get: (id) => commits.read(() => readDelivery(database, id)),
    getMany: (ids) => commits.read(() => getMany(database, ids)),
    ...sqliteDeliveryCounts(database, commits),
    waitingOf: (notificationId, limit) => commits.read(() => waitingOf(database, notificationId, limit)),
    due: (query) => due(database, commits, query),
    outdated: (query) => commits.read(() => outdated(database, query)),
  };
}

/** The leases of a process that is gone are over. `claimed_at` stays: the interrupted attempt is yet to be recorded. */
export function releaseLeases(database: Database): void {
  database.run(`UPDATE deliveries SET due_at = 0 WHERE state = 'sending'`);
}

function getMany(database: Database, ids: readonly string[]): readonly Delivery[] {
  const sql = 'SELECT * FROM deliveries WHERE id IN (SELECT value FROM json_each(?))';
  return database.all<DeliveryRow>(sql, [textList(ids)]).map(toDelivery);
}

type DueRow = Pick<DeliveryRow, 'id' | 'user_id' | 'origin' | 'attempt_count' | 'deadline_at'> & {
  readonly row: number;
  readonly state: DueDelivery['state'];
  readonly due_at: number;
};

/** Read in one turn of the event loop: ten thousand would hold everything else up for about 25 ms. */
const DUE_AT_ONCE = 1000;

/** In order of the index alone, which ends in the row's number: ids would have to be sorted. */
async function due(database: Database, commits: GroupCommit, query: DueQuery): Promise<DueDelivery[]> {
  const page = new DuePage<DueDelivery>(query);
  const limit = Math.min(DUE_AT_ONCE, query.limit);
  let last: DueRow | null = null;
  while (page.isOpen) {
    if (last !== null) await new Promise(setImmediate);
    const after: DueRow | null = last;
    const rows: DueRow[] = await commits.read(() => dueAfter(database, { ...query, limit }, after));
    for (const row of rows) if (page.isOpen) page.add(toDue(row, query.priority));
    last = rows.at(-1) ?? null;
    if (rows.length < limit) break;
  }
  return [...page.all()];
}

function toDue(row: DueRow, priority: Priority): DueDelivery {
  return {
    id: row.id,
    userId: row.user_id,
    origin: row.origin,
    priority,
    state: row.state,
    attemptCount: row.attempt_count,
    deadlineAtMs: row.deadline_at,
    dueAtMs: row.due_at,
  };
}

function dueAfter(database: Database, { priority, untilMs, limit }: DueQuery, after: DueRow | null): DueRow[] {
  return database.all<DueRow>(
    `SELECT rowid AS row, id, user_id, origin, state, attempt_count, deadline_at, due_at FROM deliveries
     WHERE lane = ? AND due_at IS NOT NULL AND due_at <= ? AND (due_at, rowid) > (?, ?)
     ORDER BY due_at, rowid LIMIT ?`,
    [numberOfPriority(priority), untilMs, after?.due_at ?? -1, after?.row ?? 0, limit],
  );
}

function outdated(database: Database, { order, topic, subscriptionIds }: OutdatedQuery): Delivery[] {
  return database
    .all<DeliveryRow>(
      `SELECT * FROM deliveries INDEXED BY deliveries_waiting_topic
       WHERE subscription_id IN (SELECT value FROM json_each(?)) AND topic = ? AND topic IS NOT NULL
         AND due_at IS NOT NULL AND ${isIn(WAITING_STATES)} AND coalesce(sent_order, notification_id) < ?`,
      [textList(subscriptionIds), topic, order],
    )
    .map(toDelivery);
}

function waitingOf(database: Database, notificationId: string, limit: number): Delivery[] {
  return database
    .all<DeliveryRow>(
      `SELECT * FROM deliveries INDEXED BY deliveries_state WHERE ${isIn(WAITING_STATES)} AND id BETWEEN ? AND ? LIMIT ?`,
      [...deliveryRange(notificationId), limit],
    )
    .map(toDelivery);
}
