import { type Delivery, isWaiting } from './delivery.ts';

/** A worker asks for the lease of one delivery, for the attempt that its job named. */
export type Claim = {
  readonly deliveryId: string;
  /** The attempt to make: the delivery's `attemptCount` plus one. Any other means the job is out of date. */
  readonly attempt: number;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
};

type Claimable = Pick<Delivery, 'state' | 'attemptCount'>;

/**
 * What each claim of one batch gets, in the order of the claims: the delivery, or null where it does not wait for the very
 * attempt that the claim names. Of several claims of one delivery the first gets it.
 */
export function grantClaims<Found extends Claimable>(
  claims: readonly Claim[],
  found: ReadonlyMap<string, Found>,
): readonly (Found | null)[] {
  const free = new Map(found);
  return claims.map(({ deliveryId, attempt }) => {
    const delivery = free.get(deliveryId);
    if (delivery === undefined || !isWaiting(delivery.state) || delivery.attemptCount !== attempt - 1) return null;
    free.delete(deliveryId);
    return delivery;
  });
}

/** What a granted claim writes, beside the version. `dueAtMs` is the lease's end: then the rescuer looks at it. */
export function claimedFields({ attempt, nowMs, leaseUntilMs }: Claim) {
  return { state: 'sending', attemptCount: attempt, claimedAtMs: nowMs, dueAtMs: leaseUntilMs } as const;
}
