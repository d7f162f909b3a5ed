import type { PushService } from './push-service.ts';
import { VENDOR_REASONS } from './vendor-reasons.ts';
import { type FailureScene, isWayOutFailure, WAY_OUT_FAILURES, type WayOutFailure, wayOutOutcome } from './way-out.ts';

/** What one attempt met: always a value, never an exception. */
export type PushResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** The `Retry-After` header as sent: seconds or an HTTP date. Several of them are joined by a comma. */
      readonly retryAfter: string | null;
      /** The service's own words (a bounded excerpt of the body or of its reason header), never the endpoint. */
      readonly reason: string | null;
      /** The `TTL` the service granted, in seconds, where it says so: it may be less than was asked (RFC 8030 section 5.2). */
      readonly ttlSeconds?: number;
    }
  | {
      readonly kind: 'failure';
      readonly failure: PushFailure;
      readonly scene?: FailureScene;
      /** What was thrown, where the failure is `unknown`. It may carry anything, and is shown to nobody as it is. */
      readonly thrown?: unknown;
    };

/** Why no answer came. `aborted`: given up while stopping. `crashed`: the process ended with the attempt under way. */
export const PUSH_FAILURES = [
  ...WAY_OUT_FAILURES,
  'timeout',
  'refused',
  'tls',
  'reset',
  'aborted',
  'crashed',
  'endpoint_not_allowed',
  'encryption',
  'vapid_key_missing',
  'unknown',
] as const;
export type PushFailure = (typeof PUSH_FAILURES)[number];

/**
 * `quarantined`: refused in a way that sometimes heals within days, so it is tried again after hours.
 * `interrupted`: the process ended, or gave the attempt up, before an answer was on record.
 */
export const OUTCOMES = [
  'delivered',
  'gone',
  'throttled',
  'retryable',
  'rejected',
  'misconfigured',
  'quarantined',
  'interrupted',
] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

/**
 * Whose fault it is that a push did not arrive: of this one subscription, so that it says nothing of any other; of the
 * sender, whom the push service refuses; of the push service; of the network on our side; or of this process, which gave
 * it up.
 */
type Fault = 'subscription' | 'sender' | 'service' | 'network' | 'process';

export type Outcome = {
  readonly kind: OutcomeKind;
  /** Null where the push was accepted. */
  readonly fault: Fault | null;
  /** What happened, in a few words; null when it went well and the service had nothing to add. */
  readonly error: string | null;
  /** What the person on call should do, or that nothing needs doing. */
  readonly remedy: string | null;
};

/** What a known answer or failure is, as the tables below have it. `fault` is that of the kind unless given. */
type OutcomeRow = readonly [kind: OutcomeKind, error: string, remedy: string, fault?: Fault | undefined];

const FAULTS: Readonly<Record<OutcomeKind, Fault | null>> = {
  delivered: null,
  gone: 'subscription',
  throttled: 'service',
  retryable: 'service',
  rejected: 'subscription',
  misconfigured: 'sender',
  quarantined: 'subscription',
  interrupted: 'process',
};

const WAIT = 'Nothing to do: Bellhop tries again by itself.';

const BY_FAILURE: Readonly<Record<Exclude<PushFailure, WayOutFailure>, OutcomeRow>> = {
  timeout: ['retryable', 'no answer within the attempt timeout', WAIT],
  refused: [
    'retryable',
    'no connection to the push host',
    'Bellhop tries again. If it lasts, check that outgoing HTTPS is allowed.',
  ],
  tls: [
    'retryable',
    'the TLS handshake with the push host failed',
    'Bellhop tries again. If it lasts, check this machine’s clock and certificates, and PUSH_CA_FILE.',
  ],
  reset: ['retryable', 'the connection broke before an answer', WAIT],
  aborted: ['interrupted', 'given up because Bellhop was stopping', WAIT],
  crashed: ['interrupted', 'the process ended before an answer was on record; the push may have arrived', WAIT],
  endpoint_not_allowed: [
    'rejected',
    'the endpoint’s host is not allowed',
    'Name the host in PUSH_ALLOWED_HOSTS if it is a push service you trust; else delete the subscription.',
  ],
  encryption: [
    'rejected',
    'the payload could not be encrypted with the subscription’s keys',
    'Let the browser subscribe again: its keys are not usable.',
  ],
  vapid_key_missing: [
    'misconfigured',
    'the VAPID key pair this subscription was made with is missing here',
    'Bring that key pair back and replay the delivery, or let the browser subscribe again with the present key.',
    'subscription',
  ],
  unknown: [
    'retryable',
    'the attempt failed in an unexpected way',
    'Bellhop tries again. If it lasts, it is a fault of Bellhop’s: please report it, with the log’s line of `part.failed`.',
  ],
};

const KEY_FAULT =
  'Check VAPID_SUBJECT, the VAPID key pair and this machine’s clock. The subscription is kept: replay the delivery once it is mended.';

const BY_STATUS: Readonly<Record<number, OutcomeRow>> = {
  400: [
    'rejected',
    'the push service found the request malformed',
    'Read the service’s reason. The subscription is kept.',
  ],
  401: ['misconfigured', 'the push service refused the VAPID token', KEY_FAULT],
  403: [
    'quarantined',
    'the push service refused this subscription without a known reason',
    'Some of these heal within a day: the subscription is in quarantine, and Bellhop tries again after QUARANTINE_RETRY_HOURS.',
  ],
  404: [
    'gone',
    'the subscription no longer exists',
    'Nothing to do: the subscription is retired. The browser registers again on its next visit.',
  ],
  406: ['throttled', 'the push service is throttling', WAIT],
  408: ['retryable', 'the push service timed out', WAIT],
  410: [
    'gone',
    'the subscription has ended',
    'Nothing to do: the subscription is retired. The browser registers again on its next visit.',
  ],
  413: [
    'rejected',
    'the push service found the payload too large',
    'Send less: the title and body, and a link to the rest.',
  ],
  425: ['retryable', 'the push service asked to try later', WAIT],
  429: ['throttled', 'too many pushes for this push service', WAIT],
};

const REFUSED_KEY: OutcomeRow = [
  'misconfigured',
  'the push service refused this VAPID key for this subscription',
  `${KEY_FAULT} A subscription made with another key must be made again by its browser.`,
];

/** Where a service means something of its own. With 403, Apple and WNS refuse the sender, not one subscription. */
const BY_SERVICE: Readonly<Partial<Record<PushService, Readonly<Record<number, OutcomeRow>>>>> = {
  apple: { 403: REFUSED_KEY, 429: ['throttled', 'too many pushes for this one device', WAIT, 'subscription'] },
  wns: {
    403: REFUSED_KEY,
    401: [
      'misconfigured',
      'the push service refused the VAPID token, or the channel is an old one',
      `${KEY_FAULT} If others of this service are delivered, let this browser subscribe again.`,
    ],
  },
};

/**
 * The one outcome of one attempt. Total: every status, known or not, and every failure has exactly one outcome.
 * Only 404 and 410 retire a subscription (RFC 8030 section 7.3). 2xx is acceptance by the push service, not display.
 */
export function outcomeOf(result: PushResult, service: PushService = 'other'): Outcome {
  if (result.kind === 'failure') {
    const { failure, scene = {} } = result;
    return isWayOutFailure(failure) ? wayOutOutcome(failure, scene) : asOutcome(BY_FAILURE[failure], null);
  }
  const { status, reason } = result;
  if (status >= 200 && status <= 299) return acceptedOutcome(reason);
  const row = byReason(status, reason) ?? BY_SERVICE[service]?.[status] ?? BY_STATUS[status] ?? byClass(status);
  return asOutcome(row, `HTTP ${status}${reason === null ? '' : `, ${reason}`}`);
}

/** WNS answers 200 to a push that it will not deliver, and says so in a header alone. */
function acceptedOutcome(reason: string | null): Outcome {
  if (reason === null) return { kind: 'delivered', fault: null, error: null, remedy: null };
  return {
    kind: 'delivered',
    fault: null,
    error: `accepted, but the push service adds: ${reason}`,
    remedy: 'It may not reach the device. Nothing to do, unless it lasts: then let the browser subscribe again.',
  };
}

function byReason(status: number, reason: string | null): OutcomeRow | null {
  if (reason === null) return null;
  const known = VENDOR_REASONS.find(({ statuses, pattern }) => statuses.includes(status) && pattern.test(reason));
  return known === undefined ? null : [known.kind, known.error, known.remedy, known.fault];
}

function byClass(status: number): OutcomeRow {
  if (status >= 300 && status <= 399) {
    return [
      'rejected',
      'the push service answered with a redirect, which is never followed',
      'Let the browser subscribe again: its endpoint has moved.',
    ];
  }
  if (status >= 400 && status <= 499) {
    return ['rejected', 'the push service refused the push', 'Read the service’s reason. The subscription is kept.'];
  }
  if (status >= 500 && status <= 599) return ['retryable', 'the push service has trouble', WAIT];
  return ['retryable', 'the push service gave no usable answer', WAIT];
}

function asOutcome([kind, error, remedy, fault]: OutcomeRow, detail: string | null): Outcome {
  return { kind, fault: fault ?? FAULTS[kind], error: detail === null ? error : `${error} (${detail})`, remedy };
}
