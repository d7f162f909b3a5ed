import { DELIVERY_STATES, type DeliveryState } from '../../../domain/delivery/delivery.ts';
import { countsOf, type DeliveryCounts } from '../../../domain/delivery/delivery-counts.ts';
import type { DeliveryStore } from '../../delivery-store.ts';
import { MOST_IN_STATE, type SomeCounted } from '../../some-counted.ts';
import type { Collections } from '../collections/collections.ts';
import { STATE_OF_NOTIFICATION, STATES_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { Operations } from '../server/operations.ts';

/** How many deliveries of a notification are in each state. */
export function mongoDeliveryCounts(
  collections: Collections,
  operations: Operations,
): Pick<DeliveryStore, 'countByState' | 'countSome'> {
  return {
    countByState: (notificationId) =>
      operations.run(async () => countsOf(await countUpTo(collections, notificationId, null))),
    countSome: (notificationId) => operations.run(() => countSome(collections, notificationId)),
  };
}

async function countUpTo(
  { deliveries }: Collections,
  notificationId: string,
  most: number | null,
): Promise<(readonly [DeliveryState, number])[]> {
  const { hint, projection } = optionsOf(STATES_OF_NOTIFICATION);
  const pipeline = [
    { $match: STATES_OF_NOTIFICATION.filter(notificationId) },
    ...(most === null ? [] : [{ $limit: most }]),
    { $project: projection },
    { $group: { _id: '$state', count: { $sum: 1 } } },
  ];
  const found = await deliveries.aggregate<{ _id: DeliveryState; count: number }>(pipeline, { hint }).toArray();
  return found.map(({ _id: state, count }) => [state, count]);
}

/** In one question where there are few. Of many, state by state, so that a state with many hides none with few. */
async function countSome(collections: Collections, notificationId: string): Promise<SomeCounted<DeliveryCounts>> {
  const few = await countUpTo(collections, notificationId, MOST_IN_STATE + 1);
  if (few.reduce((sum, [, count]) => sum + count, 0) <= MOST_IN_STATE)
    return { counts: countsOf(few), isAtLeast: false };
  const { hint } = optionsOf(STATE_OF_NOTIFICATION);
  const counted = await Promise.all(
    DELIVERY_STATES.map(async (state) => {
      const filter = STATE_OF_NOTIFICATION.filter({ notificationId, afterId: null, state });
      return [state, await collections.deliveries.countDocuments(filter, { hint, limit: MOST_IN_STATE + 1 })] as const;
    }),
  );
  const counts = counted.map(([state, count]) => [state, Math.min(MOST_IN_STATE, count)] as const);
  return { counts: countsOf(counts), isAtLeast: counted.some(([, count]) => count > MOST_IN_STATE) };
}
