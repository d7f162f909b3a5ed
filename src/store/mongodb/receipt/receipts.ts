import { receiptRecorded } from '../../../domain/event/event-drafts.ts';
import { notificationOf } from '../../../domain/ids.ts';
import type { ReceiptMark } from '../../../domain/receipt/receipt.ts';
import type { ReceiptStore } from '../../receipt-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  DELIVERIES_TOLD_OF,
  RECEIPT_COUNTS,
  RECEIPTS_OF_DELIVERY,
  RECEIPTS_OF_NOTIFICATION,
  type ReceiptDocument,
} from '../collections/receipt-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { batched } from '../server/batcher.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { countReceipts, countSomeReceipts } from './receipt-counts.ts';

/** After so many of a notification a process has some counted: what is left is counted by whoever reads. */
const COUNTED_AFTER = 250;
/** Notifications of which this process remembers how many it kept. */
const MOST_REMEMBERED = 1000;

/** So many changes of the counts one after another: then whoever keeps more has it begin again. */
const MOST_CHANGES = 1000;

export function mongoReceipts(collections: Collections, operations: Operations): ReceiptStore {
  const countSoon = counter(collections, operations);
  const keepBatch = batched((marks: readonly ReceiptMark[]) => keep(collections, marks, countSoon));
  return {
    keep: (marks) => operations.run(() => keepBatch(marks)),
    counts: (notificationId) => operations.run(async () => decoded(await countReceipts(collections, notificationId))),
    ofDelivery: (deliveryId) => operations.run(() => ofDelivery(collections, deliveryId)),
  };
}

async function keep(
  collections: Collections,
  marks: readonly ReceiptMark[],
  countSoon: (kept: readonly ReceiptDocument[]) => void,
): Promise<readonly boolean[]> {
  const ids = [...new Set(marks.map(({ deliveryId }) => deliveryId))];
  const found = await collections.deliveries
    .find(DELIVERIES_TOLD_OF.filter(ids), optionsOf(DELIVERIES_TOLD_OF))
    .toArray();
  const present = new Set(found.map(({ _id }) => _id));
  const documents = marks
    .filter(({ deliveryId }) => present.has(deliveryId))
    .map((mark) => ({ ...toDocument(mark), ...announced(collections, mark) }));
  const isNew = await insert(collections, documents);
  countSoon(documents.filter((_, index) => isNew[index]));
  let next = 0;
  return marks.map(({ deliveryId }) => {
    if (!present.has(deliveryId)) return false;
    next += 1;
    return isNew[next - 1] ?? false;
  });
}

/** Of each whether it was not there before. */
async function insert({ receipts }: Collections, documents: readonly ReceiptDocument[]): Promise<readonly boolean[]> {
  if (documents.length === 0) return [];
  try {
    await receipts.insertMany(documents, { ordered: false });
    return documents.map(() => true);
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
    const failed = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    const repeated = new Set(failed.map(({ index }) => index));
    return documents.map((_, index) => !repeated.has(index));
  }
}

/**
 * Keeps what nobody has counted yet small, so that reading is quick. Of one notification this process counts in one place at a time,
 * and nobody waits for it: what is left by an error, or by a process that died, is counted by whoever reads.
 */
function counter(collections: Collections, operations: Operations): (kept: readonly ReceiptDocument[]) => void {
  const uncounted = new Map<string, number>();
  const counting = new Set<string>();
  const count = async (id: string): Promise<void> => {
    counting.add(id);
    uncounted.delete(id);
    try {
      for (let change = 0; change < MOST_CHANGES; change += 1)
        if ((await countSomeReceipts(collections, id)) !== null) return;
    } finally {
      counting.delete(id);
    }
  };
  return (kept) => {
    for (const { notificationId: id } of kept) {
      const more = (uncounted.get(id) ?? 0) + 1;
      uncounted.set(id, more);
      if (more >= COUNTED_AFTER && !counting.has(id)) void operations.runLong(() => count(id)).catch(() => {});
    }
    for (const id of uncounted.keys()) {
      if (uncounted.size <= MOST_REMEMBERED) return;
      uncounted.delete(id);
    }
  };
}

/** What is told of it, where anybody asked to be. */
function announced(collections: Collections, mark: ReceiptMark) {
  const outbox = outboxOf(collections);
  return outbox.tells('receipt.recorded') ? outbox.field([receiptRecorded(mark)]) : {};
}

function toDocument({ deliveryId, name, atMs }: ReceiptMark): ReceiptDocument {
  const kept = encodeText(name);
  return {
    _id: `${deliveryId} ${kept}`,
    deliveryId,
    notificationId: notificationOf(deliveryId),
    name: kept,
    atMs,
    isUncounted: true,
    retainedFrom: instant(atMs),
  };
}

async function ofDelivery({ receipts }: Collections, deliveryId: string): Promise<readonly ReceiptMark[]> {
  const found = receipts.find(RECEIPTS_OF_DELIVERY.filter(deliveryId), optionsOf(RECEIPTS_OF_DELIVERY));
  return (await found.toArray()).map(({ name, atMs }) => ({ deliveryId, name: decodeText(name), atMs }));
}

function decoded(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counts].map(([name, count]) => [decodeText(name), count]));
}

/** All marks of a notification, and what was counted of them. */
export async function deleteReceipts({ receipts, receipt_counts: counts }: Collections, id: string): Promise<void> {
  await receipts.deleteMany(RECEIPTS_OF_NOTIFICATION.filter(id), { hint: optionsOf(RECEIPTS_OF_NOTIFICATION).hint });
  await counts.deleteOne(RECEIPT_COUNTS.filter(id));
}
