import { PRIORITIES, type Priority } from '../../../domain/notification/priority.ts';
import type { Rollup } from '../../../domain/tally/rollup.ts';
import { TALLY_NAMES, talliesFrom } from '../../../domain/tally/tally.ts';
import type { CountedTallies, RollupQuery, TallyStore } from '../../tally-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { MOST_OVERDUE, ROLLUPS } from '../collections/tally-queries.ts';
import type { Operations } from '../server/operations.ts';
import { ledgerOf } from './ledger.ts';
import { isRecountDue, readKept, recount, sumOf } from './recount.ts';

export function mongoTallies(collections: Collections, operations: Operations): TallyStore {
  return {
    read: () => operations.run(() => read(collections)),
    oldestDue: (nowMs) => operations.run(() => oldestDue(collections, nowMs)),
    rollups: (query) => operations.run(() => rollups(collections, query)),
    settled: (query) => operations.run(() => settled(collections, query)),
    isRecountDue: (nowMs) => operations.run(() => isRecountDue(collections, nowMs)),
    recount: (nowMs) => operations.runLong(() => recount(collections, nowMs)),
  };
}

/** A count that is wrong for a moment may be below none. */
async function read(collections: Collections): Promise<CountedTallies> {
  const kept = await readKept(collections);
  const sum = sumOf(collections, kept);
  const tallies = talliesFrom(new Map(TALLY_NAMES.map((name) => [name, Math.max(0, sum[name])])));
  return { tallies, isCounted: kept.base?.isCounted === true };
}

async function oldestDue({ deliveries }: Collections, nowMs: number): Promise<Record<Priority, number | null>> {
  const first = async (priority: Priority) => {
    const found = await deliveries.findOne(MOST_OVERDUE.filter({ priority, nowMs }), optionsOf(MOST_OVERDUE));
    return [priority, found?.dueAtMs ?? null] as const;
  };
  return Object.fromEntries(await Promise.all(PRIORITIES.map(first))) as Record<Priority, number | null>;
}

/** Those of all processes together, and of this one also what it has not kept yet. */
async function rollups(collections: Collections, query: RollupQuery): Promise<readonly Rollup[]> {
  const { span, fromMs, untilMs } = query;
  const found = await collections.rollups.find(ROLLUPS.filter(query), optionsOf(ROLLUPS)).toArray();
  const own = ledgerOf(collections).unkeptStretches();
  const documents = [
    ...found
      .filter(({ _id }) => !own.has(_id))
      .map(({ atMs, counts, latencyMs }) => ({
        atMs,
        counts: Object.entries(counts),
        latencyMs: new Map(Object.entries(latencyMs)),
      })),
    ...[...own.values()]
      .filter((one) => one.span === span && one.atMs >= fromMs && one.atMs < untilMs)
      .map(({ atMs, counts, latencyMs }) => ({ atMs, counts: [...counts], latencyMs })),
  ];
  const sums = new Map<string, Rollup>();
  for (const { atMs, counts, latencyMs } of documents) {
    for (const [name, count] of counts) {
      const key = `${atMs} ${name}`;
      const [service, state, outcome] = name.split(' ') as [Rollup['service'], Rollup['state'], Rollup['outcome']];
      const before = sums.get(key) ?? { atMs, service, state, outcome, count: 0, latencyMs: 0 };
      const tookMs = before.latencyMs + (latencyMs.get(name) ?? 0);
      sums.set(key, { ...before, count: before.count + count, latencyMs: tookMs });
    }
  }
  return [...sums.values()].sort((one, two) => one.atMs - two.atMs);
}

async function settled(
  collections: Collections,
  query: RollupQuery,
): Promise<readonly Pick<Rollup, 'state' | 'count'>[]> {
  const sums = new Map<Rollup['state'], number>();
  for (const { state, count } of await rollups(collections, query)) sums.set(state, (sums.get(state) ?? 0) + count);
  return [...sums].map(([state, count]) => ({ state, count }));
}
