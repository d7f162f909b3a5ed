import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  RECEIPT_COUNTS,
  RECEIPTS_BY_ID,
  type ReceiptCountDocument,
  type ReceiptDocument,
  UNCOUNTED_RECEIPTS,
} from '../collections/receipt-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';

/** As many as one change of the counts adds: their ids stand in its document for a moment. */
const MOST_AT_ONCE = 1000;

type Counts = Pick<ReceiptCountDocument, 'version' | 'counts' | 'batch'>;

type Uncounted = Pick<ReceiptDocument, '_id' | 'name' | 'retainedFrom'>;

const NO_COUNTS: Counts = { version: 0, counts: [], batch: [] };

/** What is counted of a notification, with all marks that were kept before this call. */
export async function countReceipts(
  collections: Collections,
  notificationId: string,
): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const counts = await countSomeReceipts(collections, notificationId);
    if (counts !== null) return new Map(counts);
  }
}

/** One change of the counts, however much there is to count. Gives them where nothing was left, else null. */
export async function countSomeReceipts(
  collections: Collections,
  notificationId: string,
): Promise<Counts['counts'] | null> {
  const found = await findCounts(collections, notificationId);
  const finished = found.batch.length === 0 ? found : await finishBatch(collections, notificationId, found);
  if (finished === null) return null;
  const uncounted = await findUncounted(collections, notificationId);
  // Others may have counted the last of them since these counts were read.
  if (uncounted.length === 0) return (await findCounts(collections, notificationId)).counts;
  await addBatch(collections, notificationId, finished, uncounted);
  return null;
}

async function findCounts({ receipt_counts: counts }: Collections, notificationId: string): Promise<Counts> {
  return (await counts.findOne(RECEIPT_COUNTS.filter(notificationId), optionsOf(RECEIPT_COUNTS))) ?? NO_COUNTS;
}

async function findUncounted({ receipts }: Collections, notificationId: string): Promise<readonly Uncounted[]> {
  const options = { ...optionsOf(UNCOUNTED_RECEIPTS), limit: MOST_AT_ONCE };
  return receipts.find<Uncounted>(UNCOUNTED_RECEIPTS.filter(notificationId), options).toArray();
}

/**
 * Has the marks of the latest change say that they are counted, then takes them out of it. Null where somebody else changed it
 * meanwhile.
 */
async function finishBatch(
  { receipts, receipt_counts: countsOf }: Collections,
  notificationId: string,
  { version, counts, batch }: Counts,
): Promise<Counts | null> {
  await receipts.updateMany(RECEIPTS_BY_ID.filter(batch), { $unset: { isUncounted: '' } }, optionsOf(RECEIPTS_BY_ID));
  const finished = { version: version + 1, batch: [] };
  const { matchedCount } = await countsOf.updateOne({ _id: notificationId, version }, { $set: finished });
  return matchedCount === 0 ? null : { ...finished, counts };
}

/** Adds marks to the counts, in one conditional write that names them. Whoever comes next finishes what this leaves. */
async function addBatch(
  { receipt_counts: countsOf }: Collections,
  notificationId: string,
  { version, counts }: Counts,
  uncounted: readonly Uncounted[],
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
  if (version > 0) await countsOf.updateOne({ _id: notificationId, version }, { $set: after });
  else await countsOf.insertOne({ _id: notificationId, ...after }).catch(ignoreDuplicate);
}

function ignoreDuplicate(error: unknown): void {
  if (duplicateField(error) === null) throw error;
}
