import type { AppErrorCode } from '../../../src/domain/app-error.ts';
import type { CallOptions } from '../../support/api.ts';
import { type BadInput, NOTIFICATIONS } from './bad-notifications.ts';

const SUBSCRIPTIONS = '/v1/subscriptions';
const REPLAY = '/v1/deliveries/dlv_nothing/replay';

const get = (path: string, code: AppErrorCode, call: CallOptions = {}): BadInput => [
  `GET ${path}`,
  code,
  'GET',
  path,
  call,
];

export const BAD_READINGS: readonly BadInput[] = [
  ...[SUBSCRIPTIONS, NOTIFICATIONS, '/v1/dead-letters', '/v1/users/u1/deliveries'].flatMap((path) => [
    get(`${path}?cursor=nonsense`, 'invalid_cursor'),
    get(`${path}?cursor=${Buffer.from('{"a":1}').toString('base64url')}`, 'invalid_cursor'),
    get(`${path}?cursor=`, 'invalid_request'),
    get(`${path}?cursor=${'x'.repeat(1025)}`, 'invalid_request'),
    get(`${path}?limit=0`, 'invalid_request'),
    get(`${path}?limit=201`, 'invalid_request'),
    get(`${path}?limit=1e2`, 'invalid_request'),
    get(`${path}?limit=-1`, 'invalid_request'),
    get(`${path}?limit=5&limit=6`, 'invalid_request'),
    get(`${path}?user=u1`, 'invalid_request'),
    get(`${path}?__proto__=1`, 'invalid_request'),
  ]),
  get(`${SUBSCRIPTIONS}?user_id=`, 'invalid_request'),
  get(`${SUBSCRIPTIONS}?user_id=a%00b`, 'invalid_request'),
  get(`${SUBSCRIPTIONS}?include_inactive=yes`, 'invalid_request'),
  ...['/v1/dead-letters?', '/v1/users/u1/deliveries?', '/v1/deliveries?user_id=u1&'].flatMap((path) => [
    get(`${path}push_service=firebase`, 'invalid_request'),
    get(`${path}push_service=https://fcm.googleapis.com/`, 'invalid_request'),
    get(`${path}push_service=`, 'invalid_request'),
    get(`${path}reason=because`, 'invalid_request'),
    get(`${path}from=yesterday`, 'invalid_request'),
    get(`${path}outcome=gone`, 'invalid_request'),
  ]),
  get('/v1/deliveries', 'invalid_request'),
  get('/v1/deliveries?user_id=', 'invalid_request'),
  get('/v1/dead-letters?user_id=a%00b', 'invalid_request'),
  get('/v1/dead-letters?state=failed', 'invalid_request'),
  get('/v1/deliveries?user_id=u1&state=sent', 'invalid_request'),
  get(`/v1/users/${'x'.repeat(129)}/deliveries`, 'invalid_request'),
  get('/v1/users/%E0%A4%A/deliveries', 'invalid_request'),
  get(`${NOTIFICATIONS}?user_id=`, 'invalid_request'),
  get(`${NOTIFICATIONS}?status=sent`, 'invalid_request'),
  get(`${NOTIFICATIONS}?from=yesterday`, 'invalid_request'),
  get(`${NOTIFICATIONS}?until=2026-01-01`, 'invalid_request'),
  get(`${NOTIFICATIONS}?until=9999-12-31T23:59:59-23:59`, 'invalid_request'),
  get(`${NOTIFICATIONS}?from=0000-01-01T00:00:00%2B23:59`, 'invalid_request'),
  get(`${NOTIFICATIONS}?type=a%20b`, 'invalid_request'),
  get(`${SUBSCRIPTIONS}/nothing`, 'subscription_not_found'),
  get(`${SUBSCRIPTIONS}/%00`, 'subscription_not_found'),
  get(`${SUBSCRIPTIONS}/%E0%A4%A`, 'subscription_not_found'),
  get(`${SUBSCRIPTIONS}/${'x'.repeat(5000)}`, 'subscription_not_found'),
  get(`${SUBSCRIPTIONS}/${encodeURIComponent("' OR 1=1 --")}`, 'subscription_not_found'),
  get(`${NOTIFICATIONS}/nothing`, 'notification_not_found'),
  get(`${NOTIFICATIONS}/nothing/deliveries`, 'notification_not_found'),
  get(`${NOTIFICATIONS}/nothing/attempts`, 'notification_not_found'),
  get('/v1/deliveries/nothing', 'delivery_not_found'),
  get(`${NOTIFICATIONS}/nothing?verbose=1`, 'invalid_request'),
  ['DELETE an unknown subscription', 'subscription_not_found', 'DELETE', `${SUBSCRIPTIONS}/nothing`, {}],
  ['replay an unknown delivery', 'delivery_not_found', 'POST', REPLAY, {}],
  get('/v1/nothing', 'route_not_found'),
  get('/v1/subscriptions/', 'route_not_found'),
  get('/../../etc/passwd', 'route_not_found', { sign: 'none' }),
  ['PUT a notification', 'method_not_allowed', 'PUT', NOTIFICATIONS, { json: {} }],
  ['POST to the health route', 'method_not_allowed', 'POST', '/healthz', {}],
];
