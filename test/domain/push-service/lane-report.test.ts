import { describe, expect, it } from 'vitest';
import { laneReportOf } from '../../../src/domain/push-service/lane.ts';
import { OUTCOMES, outcomeOf } from '../../../src/domain/push-service/push-outcome.ts';
import { WAY_OUT_FAILURES } from '../../../src/domain/push-service/way-out.ts';

describe('what a push says of its service', () => {
  it.each(OUTCOMES)('is known for the outcome %s', (kind) => {
    for (const fault of ['subscription', 'sender', 'service', 'process', null] as const) {
      expect(laneReportOf({ kind, fault }, true)).toMatch(/^(fine|throttled|trouble|refused|nothing)$/);
    }
  });

  const reportOf = (status: number, reason: string | null, service: Parameters<typeof outcomeOf>[1]) =>
    laneReportOf(outcomeOf({ kind: 'response', status, reason, retryAfter: null }, service), true);

  it.each([
    ['mozilla', 401, 'errno 109: VAPID public key mismatch'],
    ['fcm', 403, 'the VAPID credentials in the authorization header do not correspond to the credentials used'],
    ['fcm', 400, 'UnauthorizedRegistration'],
    ['apple', 400, 'VapidPkHashMismatch'],
    ['apple', 403, 'VapidPkHashMismatch'],
    ['wns', 403, 'VAPID public key mismatch (dropped)'],
    ['apple', 429, 'TooManyRequests'],
    ['wns', 429, 'channelthrottled'],
    ['wns', 406, 'The cloud service exceeded its throttle limit. (channelthrottled)'],
  ] as const)('is nothing where the fault is one subscription’s: %s, %i %s', (service, status, reason) => {
    expect(reportOf(status, reason, service)).toBe('nothing');
  });

  it.each([
    ['mozilla', 401, 'errno 109: Invalid VAPID token: expired'],
    ['fcm', 403, 'permission denied: invalid JWT provided'],
    ['apple', 403, 'BadJwtToken'],
    ['apple', 403, null],
    ['wns', 403, 'The cloud service is not authorized. (dropped)'],
    ['other', 401, null],
  ] as const)('is a refusal where the sender is refused: %s, %i %s', (service, status, reason) => {
    expect(reportOf(status, reason, service)).toBe('refused');
  });

  it('is nothing where Bellhop itself stood in the way', () => {
    for (const failure of ['endpoint_not_allowed', 'encryption', 'vapid_key_missing', 'aborted', 'crashed'] as const) {
      expect(laneReportOf(outcomeOf({ kind: 'failure', failure }), false)).toBe('nothing');
    }
    for (const failure of ['timeout', 'refused', 'tls', 'reset', 'unknown', ...WAY_OUT_FAILURES] as const) {
      expect(laneReportOf(outcomeOf({ kind: 'failure', failure }), false)).toBe('trouble');
    }
  });
});
