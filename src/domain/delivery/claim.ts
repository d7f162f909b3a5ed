import { type Delivery, isWaiting } from './delivery.ts';

/** A worker asks for the lease of one delivery, for the attempt that its job named. */
export type Claim = {
  readonly deliveryId: string;
  /** The attempt to make: the delivery's `attemptCount` plus one. Any other means the job is out of date. */
  readonly attempt: number;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
};

type Claimable = Pick<Delivery, 'state' | 'attemptCount' | 'subscriptionId' | 'deadlineAtMs'>;

/**
 * What each claim of one batch gets, in the order of the claims: the delivery; null where it does not wait for the very attempt
 * that the claim names; or `busy` where another push to its subscription is under way, for push services lose one of two that
 * come in the same millisecond. Of several claims of one delivery, or of one subscription, the first gets it.
 * `leasedUntilMs`: of subscriptions with a push under way, the end of its lease.
 */
export function grantClaims<Found extends Claimable>(
  claims: readonly Claim[],
  found: ReadonlyMap<string, Found>,
  leasedUntilMs: ReadonlyMap<string, number>,
): readonly (Found | 'busy' | null)[] {
  const free = new Map(found);
  const taken = new Set<string>();
  return claims.map((claim) => {
    const delivery = free.get(claim.deliveryId);
    if (delivery === undefined || !isWaiting(delivery.state) || delivery.attemptCount !== claim.attempt - 1)
      return null;
    const { subscriptionId } = delivery;
    const isBusy = taken.has(subscriptionId) || (leasedUntilMs.get(subscriptionId) ?? 0) > claim.nowMs;
    if (isBusy && sends(delivery, claim)) return 'busy';
    free.delete(claim.deliveryId);
    taken.add(subscriptionId);
    return delivery;
  });
}

/** What is past its deadline ends unsent, and so need not wait for others to end. */
export function sends({ deadlineAtMs }: Pick<Delivery, 'deadlineAtMs'>, { nowMs }: Pick<Claim, 'nowMs'>): boolean {
  return nowMs < deadlineAtMs;
}

/** What a granted claim writes, beside the version. `dueAtMs` is the lease's end: then the rescuer looks at it. */
export function claimedFields({ attempt, nowMs, leaseUntilMs }: Claim) {
  return { state: 'sending', attemptCount: attempt, claimedAtMs: nowMs, dueAtMs: leaseUntilMs } as const;
}
