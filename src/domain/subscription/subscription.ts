import type { Quarantine } from './quarantine.ts';

/**
 * Why a subscription no longer receives: the push service said it is gone; it refused it for days; its browser now
 * belongs to another user; its device named it when it registered what was another row of the same user already; or its
 * user's pages registered more than are allowed, and it had been idle for longest. `deleted`: a call deletes the row, until it has gone.
 */
export const RETIREMENT_REASONS = ['gone', 'refused', 'moved', 'replaced', 'crowded_out', 'deleted'] as const;
export type RetirementReason = (typeof RETIREMENT_REASONS)[number];

/** A soft delete: the row stays, and can be restored. */
export type Retired = {
  readonly reason: RetirementReason;
  readonly atMs: number;
  /** The delivery whose answer it was; null where there was none. */
  readonly deliveryId: string | null;
};

/** Whether the browser of a retired subscription is another row's now, so that only the browser can bring it back. */
export function isInAnotherRow({ reason }: Retired): boolean {
  return reason === 'moved' || reason === 'replaced';
}

export type SubscriptionKeys = {
  /** Base64url of the browser's P-256 public key, 65 bytes uncompressed (RFC 8291 section 3.1). */
  readonly p256dh: string;
  /** Base64url of the 16-byte authentication secret (RFC 8291 section 3.2). */
  readonly auth: string;
};

/** One browser's consent to be pushed to: RFC 8030's push subscription, and whom it belongs to. */
export type Subscription = {
  readonly id: string;
  readonly userId: string;
  /** A capability URL (RFC 8030 section 8.3): a secret, shown only shortened. */
  readonly endpoint: string;
  /** SHA-256 of what `endpointIdentity` makes of the endpoint, base64url: the identity of a browser's subscription. */
  readonly endpointHash: string;
  readonly keys: SubscriptionKeys;
  /** The VAPID public key it was made with; push services refuse any other (RFC 8292 section 4.2). */
  readonly vapidPublicKey: string;
  readonly expirationAtMs: number | null;
  readonly locale: string | null;
  /** That of the device, as it was at the last registration. */
  readonly timeZone: string | null;
  readonly userAgent: string | null;
  readonly retired: Retired | null;
  readonly quarantine: Quarantine | null;
  /** The hold on pruning under which its push service called it gone; null where nothing is open. */
  readonly suspectedByHoldId: string | null;
  /** The subscription of another user that this one took over, by the rule in `docs/http.md`. */
  readonly replacesId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** The endpoint as people may see it: enough to tell two apart, not enough to push. */
export function shortenEndpoint(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.origin}/…${url.pathname.slice(-4)}`;
}
