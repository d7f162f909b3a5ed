import type { Collection } from 'mongodb';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import type { MarkCountDocument, MarkDocument } from '../collections/mark-documents.ts';
import { type NamedQuery, optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

/** Where marks of one kind are, and their counts. */
export type MarkKind = {
  readonly marks: (collections: Collections) => Collection<MarkDocument>;
  readonly counts: (collections: Collections) => Collection<MarkCountDocument>;
  readonly uncounted: NamedQuery<string>;
  readonly byIds: NamedQuery<readonly string[]>;
  readonly countsOf: NamedQuery<string>;
};

/** As many as one change of the counts adds: their ids stand in its document for a moment. */
const MOST_AT_ONCE = 1000;

type Counts = Pick<MarkCountDocument, 'version' | 'counts' | 'batch'>;

type Uncounted = Pick<MarkDocument, '_id' | 'name' | 'retainedFrom'>;

const NO_COUNTS: Counts = { version: 0, counts: [], batch: [] };

/** What is counted, with all marks that were kept before this call. */
export async function countMarks(
  collections: Collections,
  kind: MarkKind,
  id: string,
): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const counts = await countSomeMarks(collections, kind, id);
    if (counts !== null) return new Map(counts);
  }
}

/** As `countMarks`, up to when it has taken so long: `isWhole` is false where something is left then. */
export async function countMarksWithin(
  collections: Collections,
  kind: MarkKind,
  id: string,
  patienceMs: number,
): Promise<{ readonly counts: ReadonlyMap<string, number>; readonly isWhole: boolean }> {
  const endsAtMs = performance.now() + patienceMs;
  do {
    const counts = await countSomeMarks(collections, kind, id);
    if (counts !== null) return { counts: new Map(counts), isWhole: true };
  } while (performance.now() < endsAtMs);
  return { counts: new Map((await findCounts(collections, kind, id)).counts), isWhole: false };
}

/** One change of the counts, however much there is to count. Gives them where nothing was left, else null. */
export async function countSomeMarks(
  collections: Collections,
  kind: MarkKind,
  id: string,
): Promise<Counts['counts'] | null> {
  const found = await findCounts(collections, kind, id);
  const finished = found.batch.length === 0 ? found : await finishBatch(collections, kind, id, found);
  if (finished === null) return null;
  const options = { ...optionsOf(kind.uncounted), limit: MOST_AT_ONCE };
  const uncounted = await kind.marks(collections).find<Uncounted>(kind.uncounted.filter(id), options).toArray();
  // Others may have counted the last of them since these counts were read.
  if (uncounted.length === 0) return (await findCounts(collections, kind, id)).counts;
  await addBatch(collections, kind, id, { before: finished, uncounted });
  return null;
}

async function findCounts(collections: Collections, { counts, countsOf }: MarkKind, id: string): Promise<Counts> {
  return (await counts(collections).findOne(countsOf.filter(id), optionsOf(countsOf))) ?? NO_COUNTS;
}

/**
 * Has the marks of the latest change say that they are counted, then takes them out of it. Null where somebody else changed it
 * meanwhile.
 */
async function finishBatch(
  collections: Collections,
  { marks, counts: countsIn, byIds }: MarkKind,
  id: string,
  { version, counts, batch }: Counts,
): Promise<Counts | null> {
  await marks(collections).updateMany(byIds.filter(batch), { $unset: { isUncounted: '' } }, optionsOf(byIds));
  const finished = { version: version + 1, batch: [] };
  const { matchedCount } = await countsIn(collections).updateOne({ _id: id, version }, { $set: finished });
  return matchedCount === 0 ? null : { ...finished, counts };
}

type Batch = { readonly before: Counts; readonly uncounted: readonly Uncounted[] };

/** Adds marks to the counts, in one conditional write that names them. Whoever comes next finishes what this leaves. */
async function addBatch(
  collections: Collections,
  { counts: countsIn }: MarkKind,
  id: string,
  { before: { version, counts }, uncounted }: Batch,
): Promise<void> {
  const sums = new Map(counts);
  for (const { name } of uncounted) sums.set(name, (sums.get(name) ?? 0) + 1);
  const latest = Math.max(...uncounted.map(({ retainedFrom }) => retainedFrom.getTime()));
  const after = {
    version: version + 1,
    counts: [...sums],
    batch: uncounted.map(({ _id }) => _id),
    retainedFrom: instant(latest),
  };
  if (version > 0) await countsIn(collections).updateOne({ _id: id, version }, { $set: after });
  else
    await countsIn(collections)
      .insertOne({ _id: id, ...after })
      .catch(ignoreDuplicate);
}

function ignoreDuplicate(error: unknown): void {
  if (duplicateField(error) === null) throw error;
}

/** After so many of one thing a process has some counted: what is left is counted by whoever reads. */
const COUNTED_AFTER = 250;
/** Things of which this process remembers how many it kept. */
const MOST_REMEMBERED = 1000;
/** So many changes of the counts one after another: then whoever keeps more has it begin again. */
const MOST_CHANGES = 1000;

/** `soon`: of each of these things one more was kept. `now`: somebody has seen that there is much to count. */
export type Counter = { readonly soon: (ids: Iterable<string>) => void; readonly now: (id: string) => void };

/**
 * Keeps what nobody has counted yet small, so that reading is quick. Of one thing this process counts in one place at a time, and nobody
 * waits for it: what is left by an error, or by a process that died, is counted by whoever reads. `countSome` is false while more is left.
 */
export function countingSoon(operations: Operations, countSome: (id: string) => Promise<boolean>): Counter {
  const uncounted = new Map<string, number>();
  const counting = new Set<string>();
  const count = async (id: string): Promise<void> => {
    counting.add(id);
    uncounted.delete(id);
    try {
      for (let change = 0; change < MOST_CHANGES; change += 1) if (await countSome(id)) return;
    } finally {
      counting.delete(id);
    }
  };
  const now = (id: string): void => {
    if (!counting.has(id)) void operations.runLong(() => count(id)).catch(() => {});
  };
  const soon = (ids: Iterable<string>): void => {
    for (const id of ids) {
      const more = (uncounted.get(id) ?? 0) + 1;
      uncounted.set(id, more);
      if (more >= COUNTED_AFTER) now(id);
    }
    for (const id of uncounted.keys()) {
      if (uncounted.size <= MOST_REMEMBERED) return;
      uncounted.delete(id);
    }
  };
  return { soon, now };
}
