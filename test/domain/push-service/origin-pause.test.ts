import { describe, expect, it } from 'vitest';
import { LONGEST_PAUSE_MS, pauseAskedBy } from '../../../src/domain/push-service/origin-pause.ts';
import { outcomeOf, type PushResult } from '../../../src/domain/push-service/push-outcome.ts';
import { pushTargetOf } from '../../../src/domain/push-service/push-target.ts';
import { NOW_MS } from '../../support/samples.ts';

const FCM = 'https://fcm.googleapis.com/fcm/send/token';
const MOZILLA = 'https://updates.push.services.mozilla.com/wpush/v2/token';
const APPLE = 'https://web.push.apple.com/token';
const WNS = 'https://wns2-db5p.notify.windows.com/w/?token=x';

const response = (status: number, retryAfter: string | null): PushResult => ({
  kind: 'response',
  status,
  retryAfter,
  reason: null,
});

const pauseAfter = (result: PushResult, endpoint: string) =>
  pauseAskedBy(outcomeOf(result, pushTargetOf(endpoint).service), result, endpoint, NOW_MS);

describe('pauseAskedBy', () => {
  it.each<[endpoint: string, result: PushResult, waitMs: number]>([
    [FCM, response(429, '30'), 30_000],
    [WNS, response(406, '10'), 10_000],
    [FCM, response(429, new Date(NOW_MS + 60_000).toUTCString()), 60_000],
    [FCM, response(429, '999999'), LONGEST_PAUSE_MS],
    [MOZILLA, response(503, '120'), 120_000],
    [APPLE, response(503, '7'), 7000],
    ...[408, 425, 500, 502, 504].map((status): [string, PushResult, number] => [FCM, response(status, '30'), 30_000]),
    [FCM, response(503, '999999'), LONGEST_PAUSE_MS],
  ])('%s, %j: the origin is paused', (endpoint, result, waitMs) => {
    const { origin } = new URL(endpoint);
    expect(pauseAfter(result, endpoint)).toEqual({ origin, untilMs: NOW_MS + waitMs });
  });

  it.each([
    ['it does not say how long', FCM, response(429, null)],
    ['the instant has passed', FCM, response(429, new Date(NOW_MS - 1000).toUTCString())],
    ['Apple speaks of one device', APPLE, response(429, '30')],
    ['one request met trouble, and the service does not say how long', FCM, response(503, null)],
    ['the subscription is gone', FCM, response(410, '30')],
    ['the sender is refused', FCM, response(401, '30')],
    ['all went well', FCM, response(201, '30')],
    ['nothing was answered', FCM, { kind: 'failure', failure: 'timeout' } as const],
  ])('pauses nothing where %s', (_, endpoint, result) => {
    expect(pauseAfter(result, endpoint)).toBeNull();
  });
});
