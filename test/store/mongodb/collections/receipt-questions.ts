import { deliveryId } from '../../../../src/domain/ids.ts';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

const DELIVERIES = Array.from({ length: 2000 }, (_, index) => deliveryId(`ntf_${index % 50}`, `sub_${index}`));

/** What the queries of receipts are asked for. */
export function receiptQuestions(deliveryIds: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    'receipts of a notification': 'ntf_1',
    'receipts of a delivery': DELIVERIES[1],
    'uncounted receipts': 'ntf_1',
    'receipts by id': [`${DELIVERIES[1]} shown`, `${DELIVERIES[51]} shown`],
    'counts of receipts': 'ntf_1',
    'deliveries told of': deliveryIds,
  };
}

export async function fillReceipts({ receipts, receipt_counts: counts }: Collections): Promise<void> {
  await receipts.insertMany(
    DELIVERIES.map((deliveryId, index) => ({
      _id: `${deliveryId} shown`,
      deliveryId,
      notificationId: `ntf_${index % 50}`,
      name: 'shown',
      atMs: NOW_MS,
      retainedFrom: new Date(NOW_MS),
      ...(index % 20 === 1 && { isUncounted: true as const }),
    })),
  );
  await counts.insertMany(
    Array.from({ length: 50 }, (_, index) => ({
      _id: `ntf_${index}`,
      version: 1,
      counts: [['shown', 40]] as const,
      batch: [],
      retainedFrom: new Date(NOW_MS),
    })),
  );
}
