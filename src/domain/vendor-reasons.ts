/** What the words of a push service mean, where they tell more than its status. */
export type VendorReason = {
  readonly pattern: RegExp;
  readonly kind: 'misconfigured' | 'rejected' | 'quarantined';
  readonly error: string;
  readonly remedy: string;
};

const OTHER_KEY = {
  kind: 'misconfigured',
  error: 'the subscription was made with another VAPID key',
  remedy:
    'Bring the VAPID key pair it was made with back and replay the delivery, or let the browser subscribe again with the present key. The subscription is kept.',
} as const;

const OURS = {
  kind: 'rejected',
  error: 'the push service did not take a header of the request',
  remedy: 'This is a fault of Bellhop’s: please report it, with the service’s reason.',
} as const;

/**
 * Read before the status, of 400, 401 and 403 alone: Apple says `VapidPkHashMismatch` with one or the other, and the
 * same 403 of Google means two different things.
 */
export const VENDOR_REASONS: readonly VendorReason[] = [
  // Apple, at 400 or 403; Google; Mozilla, at 401.
  { pattern: /VapidPkHashMismatch|do not correspond|public key mismatch|UnauthorizedRegistration/i, ...OTHER_KEY },
  {
    // Apple: a subject at localhost, with spaces or angle brackets, a bare address, or none.
    pattern: /BadJwtToken/i,
    kind: 'misconfigured',
    error: 'the push service refused the VAPID token',
    remedy:
      'Apple takes a VAPID token only with a real address in it: set VAPID_SUBJECT to a mailto: or https: address of yours, and check this machine’s clock. Then replay the delivery; the subscription is kept.',
  },
  {
    pattern: /BadVapidPublicKey/i,
    kind: 'misconfigured',
    error: 'the push service refused the VAPID public key',
    remedy: 'Check VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY, then replay the delivery. The subscription is kept.',
  },
  {
    // Google, at 403.
    pattern: /invalid push subscription endpoint/i,
    kind: 'quarantined',
    error: 'the push service does not know this endpoint now',
    remedy:
      'Google often heals this by itself within a day: the subscription is in quarantine, and Bellhop tries again after QUARANTINE_RETRY_HOURS.',
  },
  // Apple; Mozilla's errno 111 to 114 and WNS's header are about the TTL.
  { pattern: /BadTtl|BadUrgency|BadWebPushTopic|\berrno 11[0-4]\b|\bTTL\b/i, ...OURS },
];
