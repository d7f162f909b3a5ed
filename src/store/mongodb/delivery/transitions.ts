import type { AnyBulkWriteOperation } from 'mongodb';
import type { Clock } from '../../../clock.ts';
import type { DeliveryStore, Postponement } from '../../delivery-store.ts';
import type { Collections } from '../collections/collections.ts';
import type { DeliveryDocument } from '../collections/delivery-document.ts';
import { WAITING_DELIVERY } from '../collections/delivery-queries.ts';
import { batched } from '../server/batcher.ts';
import type { Operations } from '../server/operations.ts';
import { claimAll } from './claims.ts';
import { Leases } from './leases.ts';
import { settleAll } from './settlements.ts';

/** The hot path: what a worker does to deliveries. A batch takes a few round trips, whatever its size. */
export function mongoTransitions(
  collections: Collections,
  operations: Operations,
  clock: Clock,
): Pick<DeliveryStore, 'claimMany' | 'settleMany' | 'postponeMany'> {
  const leases = new Leases();
  const postpone = batched(async (all: readonly Postponement[]) => {
    await operations.run(() => postponeAll(collections, all));
    return all;
  });
  return {
    claimMany: batched((claims) => operations.run(() => claimAll(collections, leases, claims))),
    settleMany: batched((settlements) => operations.run(() => settleAll(collections, { leases, clock }, settlements))),
    async postponeMany(postponements) {
      await postpone(postponements);
    },
  };
}

/** The time alone; said again after a lost answer, it is the same time. */
async function postponeAll({ deliveries }: Collections, postponements: readonly Postponement[]): Promise<void> {
  const batch = postponements.map(
    ({ deliveryId, attempt, untilMs }): AnyBulkWriteOperation<DeliveryDocument> => ({
      updateOne: {
        filter: WAITING_DELIVERY.filter({ id: deliveryId, attemptCount: attempt - 1 }),
        update: { $set: { dueAtMs: untilMs }, $inc: { version: 1 } },
      },
    }),
  );
  if (batch.length > 0) await deliveries.bulkWrite(batch, { ordered: false });
}
