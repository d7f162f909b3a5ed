import type { Subscription } from './subscription.ts';
import type { SubscriptionChange } from './subscription-change.ts';

/** Rows that one registration retires or deletes at most. What is beyond that waits for the user's next registration. */
export const MOST_CROWDED_OUT_AT_ONCE = 100;

/** So many retired rows are kept for each that may be active: for people to look at, and to restore. */
const RETIRED_KEPT_FOR_EACH = 5;

/** How many of a user's retired rows are kept where the user's active ones are limited; those registered last. */
export function retiredKept(maxActive: number): number {
  return RETIRED_KEPT_FOR_EACH * maxActive;
}

/** What is asked of a row to tell how long it has been idle: it is registered again on each visit of its device. */
export type Idle = Pick<Subscription, 'id' | 'updatedAtMs'>;

/** How many rows a store reads for `crowdOut`. */
export function mostActiveRead(maxActive: number): number {
  return maxActive + MOST_CROWDED_OUT_AT_ONCE;
}

/**
 * What is to be retired so that a user who has just registered `registeredId` has at most `maxActive` active rows: the
 * longest idle. `active` are the user's active rows, longest idle first, up to `mostActiveRead`.
 */
export function crowdOut(
  registeredId: string,
  active: readonly Idle[],
  maxActive: number,
  atMs: number,
): readonly SubscriptionChange[] {
  const surplus = active.length - maxActive;
  if (surplus <= 0) return [];
  const others = active.filter(({ id }) => id !== registeredId);
  return others.slice(0, surplus).map(({ id: subscriptionId, updatedAtMs: notUpdatedSinceMs }) => ({
    kind: 'retire',
    subscriptionId,
    reason: 'crowded_out',
    atMs,
    deliveryId: null,
    notUpdatedSinceMs,
  }));
}
