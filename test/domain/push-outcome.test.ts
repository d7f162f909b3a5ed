import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, type OutcomeKind, outcomeOf, PUSH_FAILURES } from '../../src/domain/push-outcome.ts';
import { PUSH_SERVICES, type PushService, pushServiceOf } from '../../src/domain/push-service.ts';

const answer = (status: number, reason: string | null = null) =>
  ({ kind: 'response', status, retryAfter: null, reason }) as const;

/** What each service says, in its own words, and what is to be done: from their sources and documents. */
const FACTS: readonly (readonly [
  PushService,
  status: number,
  reason: string | null,
  OutcomeKind,
  remedy: RegExp | null,
])[] = [
  ['fcm', 201, null, 'delivered', null],
  ['fcm', 400, 'UnauthorizedRegistration', 'misconfigured', /key pair it was made with/],
  ['fcm', 400, 'InvalidTokenFormat', 'rejected', /service’s reason/],
  ['fcm', 401, null, 'misconfigured', /clock/],
  [
    'fcm',
    403,
    'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.',
    'misconfigured',
    /made with/,
  ],
  ['fcm', 403, 'invalid push subscription endpoint', 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['fcm', 403, null, 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['fcm', 404, 'Not Found', 'gone', /retired/],
  ['fcm', 410, 'push subscription has unsubscribed or expired.', 'gone', /retired/],
  ['fcm', 413, null, 'rejected', /Send less/],
  ['fcm', 429, null, 'throttled', /tries again/],
  ['fcm', 500, null, 'retryable', /tries again/],
  ['mozilla', 201, null, 'delivered', null],
  ['mozilla', 400, 'errno 111: Missing TTL', 'rejected', /fault of Bellhop/],
  ['mozilla', 400, 'errno 114: Invalid TTL', 'rejected', /fault of Bellhop/],
  ['mozilla', 400, 'errno 113: Invalid Topic', 'rejected', /fault of Bellhop/],
  ['mozilla', 400, 'errno 110: Invalid crypto keys', 'rejected', /fault of Bellhop/],
  ['mozilla', 401, 'errno 109: VAPID public key mismatch', 'misconfigured', /made with/],
  ['mozilla', 401, 'errno 109: Invalid token', 'misconfigured', /VAPID_SUBJECT.*clock/],
  ['mozilla', 404, 'errno 102: Not Found', 'gone', /retired/],
  ['mozilla', 410, 'errno 103: Gone', 'gone', /retired/],
  ['mozilla', 410, 'errno 105', 'gone', /retired/],
  ['mozilla', 410, 'errno 106', 'gone', /retired/],
  ['mozilla', 413, 'errno 104: Payload too large', 'rejected', /Send less/],
  ['mozilla', 502, null, 'retryable', /tries again/],
  ['mozilla', 503, 'errno 201: Service Unavailable', 'retryable', /tries again/],
  ['apple', 201, null, 'delivered', null],
  ['apple', 400, 'BadTtl', 'rejected', /fault of Bellhop/],
  ['apple', 400, 'BadUrgency', 'rejected', /fault of Bellhop/],
  ['apple', 400, 'BadWebPushTopic', 'rejected', /fault of Bellhop/],
  ['apple', 400, 'VapidPkHashMismatch', 'misconfigured', /made with/],
  ['apple', 403, 'VapidPkHashMismatch', 'misconfigured', /made with/],
  ['apple', 403, 'BadJwtToken', 'misconfigured', /VAPID_SUBJECT to a mailto/],
  ['apple', 403, 'BadVapidPublicKey', 'misconfigured', /VAPID_PUBLIC_KEY/],
  ['apple', 403, null, 'misconfigured', /VAPID/],
  ['apple', 404, null, 'gone', /retired/],
  ['apple', 410, 'ExpiredSubscription', 'gone', /retired/],
  ['apple', 413, 'PayloadTooLarge', 'rejected', /Send less/],
  ['apple', 429, 'TooManyRequests', 'throttled', /tries again/],
  ['apple', 500, 'InternalServerError', 'retryable', /tries again/],
  ['apple', 503, 'ServiceUnavailable', 'retryable', /tries again/],
  ['wns', 200, null, 'delivered', null],
  ['wns', 200, 'dropped', 'delivered', /may not reach/],
  ['wns', 201, 'channelthrottled', 'delivered', /may not reach/],
  ['wns', 400, 'Ttl value conflicts with X-WNS-Cache-Policy. (dropped)', 'rejected', /fault of Bellhop/],
  ['wns', 401, null, 'misconfigured', /subscribe again/],
  ['wns', 403, null, 'misconfigured', /VAPID/],
  ['wns', 404, null, 'gone', /retired/],
  ['wns', 406, null, 'throttled', /tries again/],
  ['wns', 410, null, 'gone', /retired/],
  ['wns', 413, null, 'rejected', /Send less/],
  ['other', 403, null, 'quarantined', /QUARANTINE_RETRY_HOURS/],
  ['other', 410, 'VapidPkHashMismatch', 'gone', /retired/],
  ['other', 308, null, 'rejected', /subscribe again/],
  ['other', 408, null, 'retryable', /tries again/],
  ['other', 418, null, 'rejected', /service’s reason/],
];

describe('the outcome of what a push service says', () => {
  it.each(FACTS)('%s %i %j: %s', (service, status, reason, kind, remedy) => {
    const outcome = outcomeOf(answer(status, reason), service);
    expect(outcome.kind).toBe(kind);
    if (remedy === null) expect(outcome).toMatchObject({ error: null, remedy: null });
    else expect(outcome.remedy).toMatch(remedy);
    if (reason !== null) expect(outcome.error).toContain(reason);
  });

  it('is one, for any service, status and words; only 404 and 410 are gone', () => {
    const words = fc.oneof(fc.constant(null), fc.string(), fc.constantFrom(...FACTS.map((fact) => fact[2])));
    fc.assert(
      fc.property(
        fc.constantFrom(...PUSH_SERVICES),
        fc.integer({ min: 100, max: 599 }),
        words,
        (service, status, reason) => {
          const { kind, error, remedy } = outcomeOf(answer(status, reason), service);
          const isAccepted = status >= 200 && status <= 299;
          expect(OUTCOMES).toContain(kind);
          expect(kind === 'delivered').toBe(isAccepted);
          expect(kind === 'gone').toBe(status === 404 || status === 410);
          expect(error === null).toBe(isAccepted && reason === null);
          expect(remedy === null).toBe(isAccepted && reason === null);
          if (kind === 'quarantined') expect([400, 401, 403]).toContain(status);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each(PUSH_FAILURES)('has an error and a remedy for the failure %s', (failure) => {
    const outcome = outcomeOf({ kind: 'failure', failure });
    expect(outcome.error).toBeTruthy();
    expect(outcome.remedy).toBeTruthy();
    expect(outcome.kind).not.toMatch(/gone|quarantined|delivered/);
  });

  it('quotes the status and the service’s own words', () => {
    expect(outcomeOf(answer(403, 'BadJwtToken')).error).toContain('HTTP 403, BadJwtToken');
  });
});

it.each([
  ['fcm.googleapis.com', 'fcm'],
  ['updates.push.services.mozilla.com', 'mozilla'],
  ['web.push.apple.com', 'apple'],
  ['api.eu.push.apple.com', 'apple'],
  ['wns2-by3p.notify.windows.com', 'wns'],
  ['notify.windows.com', 'other'],
  ['fcm.googleapis.com.evil.example', 'other'],
  ['evil-push.apple.com.example', 'other'],
])('%s is %s', (host, service) => {
  expect(pushServiceOf(host)).toBe(service);
});
