import { DELIVERY_STATES, type DeliveryState } from './delivery.ts';

/** How many deliveries of a notification are in each state. */
export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

/** Zero for every state that was not found. */
export function countsOf(found: Iterable<readonly [state: DeliveryState, count: number]>): DeliveryCounts {
  const none = DELIVERY_STATES.map((state) => [state, 0] as const);
  return Object.fromEntries([...none, ...found]) as Record<DeliveryState, number>;
}
