import { DELIVERY_STATES, type DeliveryState } from '../../../domain/delivery/delivery.ts';
import { PRIORITIES, type Priority } from '../../../domain/notification/priority.ts';
import type { Rollup } from '../../../domain/tally/rollup.ts';
import type { RollupQuery, TallyStore } from '../../tally-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { numberOfPriority } from '../tables/priority-number.ts';
import { readTallies, setRight } from './recount.ts';

export function sqliteTallies(database: Database, commits: GroupCommit): TallyStore {
  return {
    read: () => commits.read(() => ({ tallies: readTallies(database), isCounted: true })),
    oldestDue: (nowMs) => commits.read(() => oldestDue(database, nowMs)),
    rollups: (query) => commits.read(() => rollups(database, query)),
    settled: (query) => commits.read(() => settled(database, query)),
    isRecountDue: async () => false,
    recount: () => commits.write(1, () => setRight(database)),
  };
}

/** The first of the index. One whose lease a process that is gone left behind has no time of its own. */
function oldestDue(database: Database, nowMs: number): Record<Priority, number | null> {
  const first = (priority: Priority) =>
    database.first<{ due_at: number }>(
      `SELECT due_at FROM deliveries WHERE lane = ? AND due_at IS NOT NULL AND due_at > 0 AND due_at <= ?
       ORDER BY due_at LIMIT 1`,
      [numberOfPriority(priority), nowMs],
    )?.due_at ?? null;
  return Object.fromEntries(PRIORITIES.map((priority) => [priority, first(priority)])) as Record<
    Priority,
    number | null
  >;
}

type RollupRow = Pick<Rollup, 'state' | 'outcome' | 'count'> & {
  readonly at: number;
  readonly push_service: Rollup['service'];
  readonly latency_ms: number;
};

function rollups(database: Database, { span, fromMs, untilMs }: RollupQuery): readonly Rollup[] {
  return database
    .all<RollupRow>(
      `SELECT at, push_service, state, outcome, count, latency_ms FROM rollups
       WHERE span = ? AND at >= ? AND at < ? ORDER BY at`,
      [span, fromMs, untilMs],
    )
    .map(({ at, push_service, state, outcome, count, latency_ms }) => ({
      atMs: at,
      service: push_service,
      state,
      outcome,
      count,
      latencyMs: latency_ms,
    }));
}

const SUMS_BY_STATE = DELIVERY_STATES.map((state) => `sum(count) FILTER (WHERE state = '${state}') AS ${state}`).join();

/** Added up by SQLite, along the index: a week has five thousand rows, and each that is handed over costs. */
function settled(
  database: Database,
  { span, fromMs, untilMs }: RollupQuery,
): readonly Pick<Rollup, 'state' | 'count'>[] {
  const sums = database.first<Readonly<Record<DeliveryState, number | null>>>(
    `SELECT ${SUMS_BY_STATE} FROM rollups WHERE span = ? AND at >= ? AND at < ?`,
    [span, fromMs, untilMs],
  );
  return DELIVERY_STATES.flatMap((state) => {
    const count = sums?.[state] ?? null;
    return count === null ? [] : [{ state, count }];
  });
}
