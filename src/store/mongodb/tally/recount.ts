import { setTimeout as wait } from 'node:timers/promises';
import type { Collection, Document } from 'mongodb';
import { correctionsOf, type TallyLook } from '../../../domain/tally/correction.ts';
import { type Miscount, type Tallies, talliesFrom, talliesOf, tallyOf } from '../../../domain/tally/tally.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { type NamedQuery, optionsOf } from '../collections/named-query.ts';
import {
  ACTIVE_BY_SERVICE,
  ENDED_STATES,
  OPEN_STATES_BY_PRIORITY,
  type StateCount,
  TALLIES,
  type TallyDocument,
} from '../collections/tally-queries.ts';
import { KEEP_EVERY_MS, ledgerOf } from './ledger.ts';

/** A process that has not said for so long that it lives is gone. */
const GONE_AFTER_MS = 120_000;
const DAY_MS = 86_400_000;

type Kept = { readonly base: TallyDocument | null; readonly processes: readonly TallyDocument[] };

/** `base`, and what processes have that are not in it. */
export async function readKept({ tallies }: Collections): Promise<Kept> {
  const all = await tallies.find(TALLIES.filter(null), optionsOf(TALLIES)).toArray();
  const base = all.find(({ _id }) => _id === 'base') ?? null;
  return { base, processes: all.filter(({ _id }) => _id !== 'base' && !base?.folded?.includes(_id)) };
}

/** What was kept together with what this process has not kept yet. */
export function sumOf(collections: Collections, { base, processes }: Kept): Tallies {
  const ledger = ledgerOf(collections);
  const sum = new Map<string, number>();
  const others = processes.filter(({ _id }) => _id !== ledger.id).map(({ counts }) => Object.entries(counts));
  for (const entries of [Object.entries(base?.counts ?? {}), ...others, [...ledger.own()]]) {
    for (const [name, count] of entries) sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return talliesFrom(sum);
}

/** Where there is nothing yet, nothing has to be counted. What an earlier version left is counted by the first recount. */
export async function beginTallies({ tallies, deliveries, subscriptions }: Collections, nowMs: number): Promise<void> {
  if ((await tallies.findOne({ _id: 'base' })) !== null) return;
  const found = await Promise.all([deliveries.findOne({}), subscriptions.findOne({})]);
  if (found.some((document) => document !== null)) return;
  const begun = { counts: {}, version: 1, isCounted: true, recountedAtMs: nowMs };
  await tallies.updateOne({ _id: 'base' }, { $setOnInsert: begun }, { upsert: true });
}

/** Never counted; in doubt; a process was killed; or a day has gone by. */
export async function isRecountDue(collections: Collections, nowMs: number): Promise<boolean> {
  const { base, processes } = await readKept(collections);
  if (base === null || base.isCounted !== true || base.isRecountDue === true) return true;
  const others = processes.filter(({ _id }) => _id !== ledgerOf(collections).id);
  return nowMs - (base.recountedAtMs ?? 0) >= DAY_MS || others.some((one) => isKilled(one, nowMs));
}

function isKilled({ beatAtMs = 0, isClosed = false }: TallyDocument, nowMs: number): boolean {
  return !isClosed && nowMs - beatAtMs >= GONE_AFTER_MS;
}

/** Looks twice, since documents change while they are counted, and corrects what both looks say is wrong. */
export async function recount(collections: Collections, nowMs: number): Promise<readonly Miscount[]> {
  await collections.tallies.updateOne({ _id: 'base' }, { $setOnInsert: { counts: {}, version: 1 } }, { upsert: true });
  await foldGone(collections, nowMs);
  const { base, processes } = await readKept(collections);
  const version = base?.version ?? null;
  const isAlone = processes.every(({ _id, isClosed }) => isClosed === true || _id === ledgerOf(collections).id);
  const looks = [await look(collections, isAlone), await look(collections, isAlone)] as const;
  const changes = correctionsOf([looks[0], looks[1]]);
  const corrections = Object.fromEntries(changes.map(([name, by]) => [`counts.${name}`, by]));
  const { matchedCount } = await collections.tallies.updateOne(
    { _id: 'base', version: version ?? { $exists: false } },
    {
      $inc: { ...corrections, version: 1 },
      $set: { isCounted: true, isRecountDue: false, recountedAtMs: nowMs },
    },
  );
  // Another process was at it: what that one found is set right.
  if (matchedCount === 0) return [];
  return changes.map(([name, by]) => ({ name, had: looks[1].after[name], found: looks[1].after[name] + by }));
}

/** What other processes counted before the rows were is kept a second later at the latest. */
async function look(collections: Collections, isAlone: boolean): Promise<TallyLook> {
  const before = sumOf(collections, await readKept(collections));
  const rows = await countRows(collections);
  if (!isAlone) await wait(2 * KEEP_EVERY_MS);
  return { before, rows, after: sumOf(collections, await readKept(collections)) };
}

/**
 * Adds to `base` what processes counted that are gone. At each step a process may die: what is marked takes nothing more, what is in
 * `folded` counts in `base` alone.
 */
async function foldGone(collections: Collections, nowMs: number): Promise<void> {
  const { tallies } = collections;
  for (const { _id, beatAtMs, isClosed = false, isFolded = false } of (await readKept(collections)).processes) {
    const isGone = isClosed || isFolded || nowMs - (beatAtMs ?? 0) >= GONE_AFTER_MS;
    if (!isGone || _id === ledgerOf(collections).id) continue;
    const mark = { $set: { isFolded: true } };
    const marked = await tallies.findOneAndUpdate({ _id, beatAtMs: beatAtMs ?? 0 }, mark, { returnDocument: 'after' });
    if (marked === null) continue;
    const counts = Object.fromEntries(Object.entries(marked.counts).map(([name, count]) => [`counts.${name}`, count]));
    const change = { $inc: { version: 1, ...counts }, $push: { folded: _id } } as Document;
    await tallies.updateOne({ _id: 'base', folded: { $ne: _id } }, change);
  }
  const folded = (await tallies.findOne({ _id: 'base' }))?.folded ?? [];
  if (folded.length === 0) return;
  await tallies.deleteMany({ _id: { $in: [...folded] } });
  await tallies.updateOne({ _id: 'base' }, { $pullAll: { folded: [...folded] } } as Document);
}

async function countRows({ deliveries, subscriptions }: Collections): Promise<Tallies> {
  const counts = new Map<string, number>();
  const add = (name: string, count: number): void => {
    counts.set(name, (counts.get(name) ?? 0) + count);
  };
  const ended = await grouped<StateCount>(deliveries, ENDED_STATES, { state: '$state' });
  const open = await grouped<StateCount>(deliveries, OPEN_STATES_BY_PRIORITY, {
    state: '$state',
    priority: '$priority',
  });
  for (const { _id, count } of [...ended, ...open]) {
    add(tallyOf({ state: _id.state, priority: _id.priority ?? 'normal' }), count);
  }
  type OfOrigin = {
    readonly _id: { readonly head: readonly string[]; readonly since: boolean };
    readonly count: number;
  };
  // By what stands before the path: of those there are few, and of endpoints many.
  const active = await grouped<OfOrigin>(subscriptions, ACTIVE_BY_SERVICE, {
    head: { $slice: [{ $split: ['$endpoint', '/'] }, 3] },
    since: { $gt: ['$quarantinedSinceMs', null] },
  });
  for (const { _id, count } of active) {
    const endpoint = decodeText(`${_id.head.join('/')}/`);
    for (const name of talliesOf({ endpoint, isActive: true, isQuarantined: _id.since })) add(name, count);
  }
  return talliesFrom(counts);
}

async function grouped<Row extends Document>(
  collection: unknown,
  query: NamedQuery<null>,
  by: Document,
): Promise<readonly Row[]> {
  const { hint, projection } = optionsOf(query);
  const stages = [
    { $match: query.filter(null) },
    { $project: projection },
    { $group: { _id: by, count: { $sum: 1 } } },
  ];
  return (collection as Collection<Document>).aggregate<Row>(stages, { hint }).toArray();
}
