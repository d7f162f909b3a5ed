/** What the words of a push service mean, where the words tell more than its status. */
export type VendorReason = {
  /** Beside any other status the words mean nothing. */
  readonly statuses: readonly number[];
  readonly pattern: RegExp;
  readonly kind: 'misconfigured' | 'rejected' | 'quarantined' | 'throttled';
  /** Whose fault it is; that of the kind unless given. */
  readonly fault?: 'subscription' | 'sender';
  readonly error: string;
  readonly remedy: string;
};

const OTHER_KEY = {
  kind: 'misconfigured',
  fault: 'subscription',
  error: 'the subscription was made with another VAPID key',
  remedy:
    'Bring the VAPID key pair it was made with back and replay the delivery, or let the browser subscribe again with the present key. The subscription is kept.',
} as const;

const OURS = {
  kind: 'rejected',
  fault: 'sender',
  error: 'the push service did not take a header of the request',
  remedy: 'This is a fault of Bellhop’s: please report it, with the service’s reason.',
} as const;

const KEY_STATUSES = [400, 401, 403];

/**
 * Read before the status: Apple says `VapidPkHashMismatch` with 400 or 403, and the same 403 of Google means three
 * different things.
 */
export const VENDOR_REASONS: readonly VendorReason[] = [
  {
    // WNS, of one channel, which is one subscription: “dropped because the app server exceeded the rate limit for this specific
    // channel” (MicrosoftDocs/windows-dev-docs, push-request-response-headers.md, X-WNS-Status, read 2026-11). It stands there
    // beside 406 for the whole sender; senders report 429 in its place since (microsoft/WindowsAppSDK issue 3501).
    statuses: [406, 429],
    pattern: /channelthrottled/i,
    kind: 'throttled',
    fault: 'subscription',
    error: 'too many pushes for this one device',
    remedy: 'Nothing to do: Bellhop tries again by itself.',
  },
  // Apple, at 400 or 403; Google; Mozilla, at 401.
  {
    statuses: KEY_STATUSES,
    pattern: /VapidPkHashMismatch|do not correspond|public key mismatch|UnauthorizedRegistration/i,
    ...OTHER_KEY,
  },
  {
    // Mozilla. The token is signed for the endpoint's own origin, so key, clock and subject are in order.
    statuses: [401],
    pattern: /VAPID audience/i,
    kind: 'misconfigured',
    error: 'the push service goes by another name than its endpoint',
    remedy:
      'The endpoint’s host is not the push service’s own name. If the service is yours, tell it the name in its endpoints (autopush: AUTOEND__ENDPOINT_URL), and replay the delivery; else let the browser subscribe again. The subscription is kept.',
  },
  {
    // Apple: a subject at localhost, with spaces or angle brackets, a bare address, or none.
    statuses: KEY_STATUSES,
    pattern: /BadJwtToken/i,
    kind: 'misconfigured',
    error: 'the push service refused the VAPID token',
    remedy:
      'Apple takes a VAPID token only with a real address in it: set VAPID_SUBJECT to a mailto: or https: address of yours, and check this machine’s clock. Then replay the delivery; the subscription is kept.',
  },
  {
    statuses: KEY_STATUSES,
    pattern: /BadVapidPublicKey/i,
    kind: 'misconfigured',
    error: 'the push service refused the VAPID public key',
    remedy: 'Check VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY, then replay the delivery. The subscription is kept.',
  },
  {
    // Google answers so to every push while the sender's clock is wrong. Taken for a fault of the subscriptions, the answer
    // would put all of them in quarantine, and retire them in the end.
    statuses: [403],
    pattern: /invalid JWT|\baud claim\b/i,
    kind: 'misconfigured',
    error: 'the push service refused the VAPID token',
    remedy:
      'Check VAPID_SUBJECT, the VAPID key pair and this machine’s clock, then replay the delivery. The subscription is kept.',
  },
  {
    // Google. With 400 or 401 these words are no sign that the refusal heals.
    statuses: [403],
    pattern: /invalid push subscription endpoint/i,
    kind: 'quarantined',
    error: 'the push service does not know this endpoint now',
    remedy:
      'Google often heals this by itself within a day: the subscription is in quarantine, and Bellhop tries again after QUARANTINE_RETRY_HOURS.',
  },
  {
    // Google.
    statuses: [400],
    pattern: /InvalidTokenFormat/i,
    kind: 'rejected',
    error: 'the push service does not take the endpoint for one of its own',
    remedy: 'Let the browser subscribe again: its endpoint is not whole. The subscription is kept.',
  },
  // Apple; of Mozilla's, errno 111, 114 and, long ago, 112 are about the TTL, as WNS's header is.
  {
    statuses: [400],
    pattern: /BadTtl|BadUrgency|BadWebPushTopic|\berrno (?:101|11[0-4])\b|\bTTL\b/i,
    ...OURS,
  },
];
