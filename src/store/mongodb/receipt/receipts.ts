import type { Collection } from 'mongodb';
import { receiptRecorded } from '../../../domain/event/event-drafts.ts';
import { notificationOf } from '../../../domain/ids.ts';
import type { ReceiptMark } from '../../../domain/receipt/receipt.ts';
import type { ReceiptStore } from '../../receipt-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import type { MarkDocument } from '../collections/mark-documents.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  DELIVERIES_TOLD_OF,
  RECEIPT_COUNTS,
  RECEIPTS_BY_ID,
  RECEIPTS_OF_DELIVERY,
  RECEIPTS_OF_NOTIFICATION,
  type ReceiptDocument,
  UNCOUNTED_RECEIPTS,
} from '../collections/receipt-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { markTold } from '../experiment/marks.ts';
import { batched } from '../server/batcher.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { countingSoon, countMarks, countMarksWithin, countSomeMarks, type MarkKind } from '../tally/counted-marks.ts';

const RECEIPTS: MarkKind = {
  marks: ({ receipts }) => receipts as unknown as Collection<MarkDocument>,
  counts: ({ receipt_counts: counts }) => counts,
  uncounted: UNCOUNTED_RECEIPTS,
  byIds: RECEIPTS_BY_ID,
  countsOf: RECEIPT_COUNTS,
};

type CountSoon = (notificationIds: Iterable<string>) => void;

export function mongoReceipts(collections: Collections, operations: Operations): ReceiptStore {
  const counter = countingSoon(operations, async (id) => (await countSomeMarks(collections, RECEIPTS, id)) !== null);
  const keepBatch = batched((marks: readonly ReceiptMark[]) => keep(collections, marks, counter.soon));
  return {
    keep: (marks) => operations.run(() => keepBatch(marks)),
    counts: (notificationId) =>
      operations.runLong(async () => decoded(await countMarks(collections, RECEIPTS, notificationId))),
    countsWithin: (notificationId, patienceMs) =>
      operations.run(async () => {
        const { counts, isWhole } = await countMarksWithin(collections, RECEIPTS, notificationId, patienceMs);
        if (!isWhole) counter.now(notificationId);
        return { counts: decoded(counts), isWhole };
      }),
    ofDelivery: (deliveryId) => operations.run(() => ofDelivery(collections, deliveryId)),
  };
}

async function keep(
  collections: Collections,
  marks: readonly ReceiptMark[],
  countSoon: CountSoon,
): Promise<readonly boolean[]> {
  const ids = [...new Set(marks.map(({ deliveryId }) => deliveryId))];
  const found = await collections.deliveries
    .find(DELIVERIES_TOLD_OF.filter(ids), optionsOf(DELIVERIES_TOLD_OF))
    .toArray();
  const present = new Set(found.map(({ _id }) => _id));
  const documents = marks
    .filter(({ deliveryId }) => present.has(deliveryId))
    .map((mark) => ({ ...toDocument(mark), ...announced(collections, mark) }));
  // First: a device that gets no answer tells again, and then what is kept of it already changes nothing.
  await markTold(
    collections,
    marks.filter((mark) => mark.isInExperiment),
  );
  const isNew = await insert(collections, documents);
  countSoon(documents.filter((_, index) => isNew[index]).map(({ notificationId }) => notificationId));
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
