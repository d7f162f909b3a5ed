import { ulid } from 'ulid';

/** A number in [0, 1); the callers outside `domain/` bring a cryptographic one. */
export type Random = () => number;

/** `ntf_` and a ULID: sorts by the time of acceptance, so it serves as a page cursor. */
export function notificationId(nowMs: number, random: Random): string {
  return `ntf_${ulid(nowMs, random).toLowerCase()}`;
}

/** `sub_` and a ULID. */
export function subscriptionId(nowMs: number, random: Random): string {
  return `sub_${ulid(nowMs, random).toLowerCase()}`;
}

/** `hld_` and a ULID. */
export function pruneHoldId(nowMs: number, random: Random): string {
  return `hld_${ulid(nowMs, random).toLowerCase()}`;
}

/**
 * One notification to one subscription is one delivery, whoever computes it and however often: a repeated fan-out
 * page changes nothing. Its prefix keeps the deliveries of one notification together in any ordered index.
 */
export function deliveryId(notification: string, subscription: string): string {
  return `${deliveryIdPrefix(notification)}${subscription.slice('sub_'.length)}`;
}

/** What every delivery id of this notification starts with. */
export function deliveryIdPrefix(notification: string): string {
  return `dlv_${notification.slice('ntf_'.length)}_`;
}
