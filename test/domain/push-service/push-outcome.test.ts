import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, type OutcomeKind, outcomeOf, PUSH_FAILURES } from '../../../src/domain/push-service/push-outcome.ts';
import { PUSH_SERVICES, type PushService } from '../../../src/domain/push-service/push-service.ts';
import { VENDOR_REASONS } from '../../../src/domain/push-service/vendor-reasons.ts';

const answer = (status: number, reason: string | null, retryAfter: string | null = null) =>
  ({ kind: 'response', status, retryAfter, reason }) as const;

type Row = readonly [service: PushService, status: number, reason: string | null, kind: OutcomeKind, remedy: RegExp];

const RETRIES = /tries again/;
const RETIRED = /retired/;
const OTHER_KEY = /key pair it was made with/;
const KEY_OR_CLOCK = /VAPID_SUBJECT.*clock.*subscription is kept/;
const OWN_NAME = /own name.*AUTOEND__ENDPOINT_URL.*subscription is kept/;
const KEPT = /Read the service’s reason.*kept/;
const OURS = /fault of Bellhop’s/;
const AGAIN = /browser subscribe again/;
const FCM_OTHER_KEY =
  'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.';
const FCM_BAD_AUDIENCE = 'aud claim in the token MUST include the origin of the push resource URL';

/** What each service is known to answer, and what is right to do then. */
const KNOWN: readonly Row[] = [
  ['fcm', 400, 'InvalidTokenFormat', 'rejected', AGAIN],
  ['fcm', 400, 'UnauthorizedRegistration', 'misconfigured', OTHER_KEY],
  ['fcm', 401, 'authorization header must be specified.', 'misconfigured', KEY_OR_CLOCK],
  ['fcm', 403, FCM_OTHER_KEY, 'misconfigured', OTHER_KEY],
  ['fcm', 403, 'invalid push subscription endpoint', 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['fcm', 403, 'permission denied: invalid JWT provided', 'misconfigured', KEY_OR_CLOCK],
  ['fcm', 403, FCM_BAD_AUDIENCE, 'misconfigured', KEY_OR_CLOCK],
  ['fcm', 403, null, 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['fcm', 404, 'push subscription has unsubscribed or expired.', 'gone', RETIRED],
  ['fcm', 410, 'push subscription has unsubscribed or expired.', 'gone', RETIRED],
  ['fcm', 413, 'Error 413 (Request Entity Too Large)!!1', 'rejected', /Send less/],
  ['fcm', 429, null, 'throttled', RETRIES],
  ['fcm', 500, null, 'retryable', RETRIES],
  ['fcm', 503, null, 'retryable', RETRIES],
  ['mozilla', 400, 'errno 101: Missing necessary crypto keys', 'rejected', OURS],
  ['mozilla', 400, 'errno 108: Router type is invalid', 'rejected', KEPT],
  ['mozilla', 400, 'errno 110: Invalid crypto headers', 'rejected', OURS],
  ['mozilla', 400, 'errno 111: Missing TTL header', 'rejected', OURS],
  ['mozilla', 400, 'errno 112: Invalid TTL header value', 'rejected', OURS],
  ['mozilla', 400, 'errno 113: Invalid Topic header value', 'rejected', OURS],
  ['mozilla', 400, 'errno 114', 'rejected', OURS],
  ['mozilla', 401, 'errno 109: ExpiredSignature', 'misconfigured', KEY_OR_CLOCK],
  ['mozilla', 401, 'errno 109: VAPID public key mismatch', 'misconfigured', OTHER_KEY],
  ['mozilla', 401, 'errno 109: Invalid VAPID audience', 'misconfigured', OWN_NAME],
  ['mozilla', 404, null, 'gone', RETIRED],
  ['mozilla', 408, null, 'retryable', RETRIES],
  ['mozilla', 410, 'errno 103: Expired URL endpoint', 'gone', RETIRED],
  ['mozilla', 410, 'errno 105: Endpoint became unavailable during request', 'gone', RETIRED],
  ['mozilla', 410, 'errno 106: No such subscription', 'gone', RETIRED],
  ['mozilla', 413, 'errno 104: Data payload too large', 'rejected', /Send less/],
  ['mozilla', 429, null, 'throttled', RETRIES],
  ['mozilla', 502, null, 'retryable', RETRIES],
  ['mozilla', 400, 'invalid gzip header', 'rejected', KEPT],
  ['mozilla', 500, 'Database error: the storage refuses', 'retryable', RETRIES],
  ['mozilla', 503, 'Database error: the storage does not answer in time', 'retryable', RETRIES],
  ['mozilla', 503, 'errno 201: Use exponential back-off for retries', 'retryable', RETRIES],
  ['apple', 400, 'BadTtl', 'rejected', OURS],
  ['apple', 400, 'BadUrgency', 'rejected', OURS],
  ['apple', 400, 'BadWebPushTopic', 'rejected', OURS],
  ['apple', 400, 'VapidPkHashMismatch', 'misconfigured', OTHER_KEY],
  ['apple', 403, 'VapidPkHashMismatch', 'misconfigured', OTHER_KEY],
  ['apple', 403, 'BadJwtToken', 'misconfigured', /VAPID_SUBJECT.*mailto:.*clock/],
  ['apple', 403, 'BadVapidPublicKey', 'misconfigured', /VAPID_PUBLIC_KEY/],
  ['apple', 403, null, 'misconfigured', KEY_OR_CLOCK],
  ['apple', 404, 'BadPath', 'gone', RETIRED],
  ['apple', 410, 'Unregistered', 'gone', RETIRED],
  ['apple', 413, 'PayloadTooLarge', 'rejected', /Send less/],
  ['apple', 429, 'TooManyRequests', 'throttled', RETRIES],
  ['apple', 500, 'InternalServerError', 'retryable', RETRIES],
  ['apple', 503, 'ServiceUnavailable', 'retryable', RETRIES],
  ['wns', 200, 'dropped', 'delivered', /may not reach the device/],
  ['wns', 200, 'channelthrottled', 'delivered', /may not reach the device/],
  ['wns', 400, 'Ttl value conflicts with X-WNS-Cache-Policy. (dropped)', 'rejected', OURS],
  ['wns', 401, 'The authorization is not valid. (dropped)', 'misconfigured', AGAIN],
  ['wns', 403, 'The cloud service is not authorized. (dropped)', 'misconfigured', KEY_OR_CLOCK],
  ['wns', 404, 'The channel URI is not valid. (dropped)', 'gone', RETIRED],
  ['wns', 406, 'The cloud service exceeded its limit. (channelthrottled)', 'throttled', RETRIES],
  ['wns', 429, 'channelthrottled', 'throttled', RETRIES],
  ['wns', 410, 'The channel expired. (dropped)', 'gone', RETIRED],
  ['wns', 413, 'The payload exceeds the size limit. (dropped)', 'rejected', /Send less/],
  ['wns', 500, null, 'retryable', RETRIES],
  ['other', 307, null, 'rejected', AGAIN],
  ['other', 400, 'something new', 'rejected', KEPT],
  ['other', 401, null, 'misconfigured', KEY_OR_CLOCK],
  ['other', 403, 'something new', 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['other', 404, null, 'gone', RETIRED],
  ['other', 408, null, 'retryable', RETRIES],
  ['other', 410, null, 'gone', RETIRED],
  ['other', 418, null, 'rejected', KEPT],
  ['other', 425, null, 'retryable', RETRIES],
  ['other', 429, null, 'throttled', RETRIES],
  ['other', 599, null, 'retryable', RETRIES],
];

/** Words that mean something somewhere, met where they may mean nothing. */
const reasons = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...KNOWN.map(([, , reason]) => reason)),
  fc
    .tuple(fc.string(), fc.constantFrom('TTL', 'errno 110', 'BadJwtToken'), fc.string())
    .map((parts) => parts.join(' ')),
);
const services = fc.constantFrom(...PUSH_SERVICES);
const statuses = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(400, 401, 403));

describe('outcomeOf', () => {
  it.each(KNOWN)('%s, %i “%s”: %s, and says what to do', (service, status, reason, kind, remedy) => {
    const outcome = outcomeOf(answer(status, reason), service);
    expect(outcome).toMatchObject({ kind, remedy: expect.stringMatching(remedy) });
    if (kind !== 'delivered') expect(outcome.error).toContain(`HTTP ${status}${reason === null ? '' : `, ${reason}`}`);
  });

  it.each(PUSH_SERVICES)('%s, 2xx: accepted, and nothing to do', (service) => {
    for (const status of [200, 201, 202, 204]) {
      expect(outcomeOf(answer(status, null), service)).toEqual({
        kind: 'delivered',
        fault: null,
        error: null,
        remedy: null,
      });
    }
  });

  it.each(PUSH_FAILURES)('has an error and a remedy for the failure %s', (failure) => {
    const outcome = outcomeOf({ kind: 'failure', failure });
    expect(outcome.error).toBeTruthy();
    expect(outcome.remedy).toBeTruthy();
    expect(outcome.kind).not.toBe('gone');
  });

  it('has a row for every reason that it knows', () => {
    const known = KNOWN.flatMap(([, , reason]) => (reason === null ? [] : [reason]));
    for (const { pattern } of VENDOR_REASONS) expect(known.some((reason) => pattern.test(reason))).toBe(true);
  });

  it('is total, and whatever the words: 2xx alone is delivered, 404 and 410 alone are gone, 403 alone may heal', () => {
    fc.assert(
      fc.property(services, statuses, reasons, fc.option(fc.string()), (service, status, reason, retryAfter) => {
        const { kind, error, remedy } = outcomeOf(answer(status, reason, retryAfter), service);
        expect(OUTCOMES).toContain(kind);
        expect(kind === 'delivered').toBe(status >= 200 && status <= 299);
        expect(kind === 'gone').toBe(status === 404 || status === 410);
        if (kind === 'quarantined') expect(status).toBe(403);
        if (kind === 'throttled') expect([406, 429]).toContain(status);
        if (status === 401) expect(kind).toBe('misconfigured');
        if (status >= 500) expect(kind).toBe('retryable');
        const isPlain = kind === 'delivered' && reason === null;
        expect([error === null, remedy === null]).toEqual([isPlain, isPlain]);
        // Whoever reads “tries again” must not wait for what never comes.
        const waits = ['throttled', 'retryable', 'quarantined', 'interrupted'].includes(kind);
        expect(/tries again/.test(remedy ?? '')).toBe(waits);
      }),
      { numRuns: 3000 },
    );
  });

  it('goes by the status for every one of them at every service, where nothing is said', () => {
    for (const service of PUSH_SERVICES) {
      for (let status = 100; status <= 599; status += 1) {
        const { kind } = outcomeOf(answer(status, null), service);
        expect(kind === 'delivered').toBe(status >= 200 && status <= 299);
        expect(kind === 'gone').toBe(status === 404 || status === 410);
      }
    }
  });
});
