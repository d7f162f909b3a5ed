import type { DeliveryState } from '../../../domain/delivery/delivery.ts';
import {
  type Miscount,
  TALLY_NAMES,
  type Tallies,
  talliesFrom,
  talliesOf,
  tallyOf,
} from '../../../domain/tally/tally.ts';
import type { Database } from '../file/driver.ts';
import { priorityOf } from '../tables/priority-number.ts';

const COUNTED = 'tallied';

/** Counts what is there already: once after an upgrade or a restore. Within the caller's transaction. */
export function countOnce(database: Database): void {
  const marks = 'SELECT 1 FROM meta WHERE name = ?';
  if (database.first(marks, [COUNTED]) !== undefined) return;
  setRight(database);
  database.run('INSERT INTO meta (name, value) VALUES (?, 1)', [COUNTED]);
}

/** Has the next start count anew. */
export function forgetCounts(database: Database): void {
  database.run('DELETE FROM meta WHERE name = ?', [COUNTED]);
}

/** Counts all rows, within the caller's transaction: nothing changes meanwhile. */
export function setRight(database: Database): readonly Miscount[] {
  const kept = readTallies(database);
  const counted = countRows(database);
  const wrong = TALLY_NAMES.filter((name) => kept[name] !== counted[name]);
  for (const name of wrong) {
    database.run(
      'INSERT INTO tallies (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = excluded.count',
      [name, counted[name]],
    );
  }
  return wrong.map((name) => ({ name, had: kept[name], found: counted[name] }));
}

export function readTallies(database: Database): Tallies {
  const rows = database.all<{ name: string; count: number }>('SELECT name, count FROM tallies');
  return talliesFrom(new Map(rows.map(({ name, count }) => [name, count])));
}

type DeliveryCount = { readonly lane: number; readonly state: DeliveryState; readonly count: number };
type SubscriptionCount = { readonly origin: string; readonly is_quarantined: number; readonly count: number };

function countRows(database: Database): Tallies {
  const counts = new Map<string, number>();
  const add = (name: string, count: number): void => {
    counts.set(name, (counts.get(name) ?? 0) + count);
  };
  const deliveries = database.all<DeliveryCount>(
    'SELECT lane, state, count(*) AS count FROM deliveries GROUP BY lane, state',
  );
  for (const { lane, state, count } of deliveries) add(tallyOf({ priority: priorityOf(lane), state }), count);
  // By what stands before the path: of those there are few, and of endpoints many. An endpoint begins with https://.
  const subscriptions = database.all<SubscriptionCount>(
    `SELECT substr(endpoint, 1, 8 + instr(substr(endpoint, 9), '/')) AS origin,
       quarantined_since IS NOT NULL AS is_quarantined, count(*) AS count
     FROM subscriptions WHERE retired_at IS NULL GROUP BY 1, 2`,
  );
  for (const { origin: endpoint, is_quarantined, count } of subscriptions) {
    for (const name of talliesOf({ endpoint, isActive: true, isQuarantined: is_quarantined === 1 })) add(name, count);
  }
  return talliesFrom(counts);
}
