import { MAX_PAYLOAD_OCTETS, type PayloadSource } from '../notification/notification.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { type Payload, payloadOf } from './payload.ts';

/** The part of a subscription that a payload may depend on. */
export type Recipient = Pick<Subscription, 'locale'>;

/** Makes the payload of a notification for one recipient: the one way to a payload, to send it or to measure it. */
export type Compose = (notification: PayloadSource, recipient: Recipient) => Payload;

/** A recipient of whom nothing is known: a notification is measured before its recipients are looked up. */
export const ANYONE: Recipient = { locale: null };

/** A payload has 4 KB at most. More notifications than this are seldom sent side by side. */
const MOST_KEPT = 256;

/**
 * Composes payloads, and keeps the newest, so that what recipients share is made once: for all devices of a notification,
 * and for its measurement at acceptance. `siteUrl` is the origin that paths belong to; null where it is not known.
 */
export function createComposer(siteUrl: string | null): Compose {
  const kept = new Map<string, Payload>();
  return (notification, recipient) => {
    const key = sharedBy(notification, recipient);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const payload = payloadOf(notification, siteUrl);
    // A payload that is too large is refused: nobody asks for it again, and its size has no bound.
    if (payload.octets > MAX_PAYLOAD_OCTETS) return payload;
    if (kept.size >= MOST_KEPT) kept.delete(oldestOf(kept));
    kept.set(key, payload);
    return payload;
  };
}

/** Recipients with one key get one payload: all those of a notification, whose content never changes. */
function sharedBy({ id }: PayloadSource, _recipient: Recipient): string {
  return id;
}

function oldestOf(kept: ReadonlyMap<string, Payload>): string {
  const [oldest = ''] = kept.keys();
  return oldest;
}
