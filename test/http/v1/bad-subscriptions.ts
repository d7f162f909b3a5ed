import type { AppErrorCode } from '../../../src/domain/app-error.ts';
import { browser } from '../../support/api.ts';
import type { BadInput } from './bad-notifications.ts';

const SUBSCRIPTIONS = '/v1/subscriptions';

const subscribe = (
  what: string,
  overrides: Record<string, unknown>,
  code: AppErrorCode = 'invalid_request',
): BadInput => [
  `subscription: ${what}`,
  code,
  'POST',
  SUBSCRIPTIONS,
  { json: { user_id: 'u1', ...browser(), ...overrides } },
];
const keys = (what: string, overrides: Record<string, unknown>, code: AppErrorCode = 'invalid_subscription_keys') =>
  subscribe(what, { keys: { ...browser().keys, ...overrides } }, code);
const endpoint = (url: unknown, code: AppErrorCode = 'endpoint_not_allowed') =>
  subscribe(`endpoint ${JSON.stringify(url).slice(0, 70)}`, { endpoint: url }, code);

/** The point with its last bit turned: still 65 octets, no longer on the curve. */
function offCurve(): string {
  const point = Buffer.from(browser().keys.p256dh, 'base64url');
  point[64] = (point[64] ?? 0) ^ 1;
  return point.toString('base64url');
}

const wrongTypes: BadInput[] = [
  ...[null, 5, true, [], {}].flatMap((value) => [
    subscribe(`user_id is ${JSON.stringify(value)}`, { user_id: value }),
    subscribe(`endpoint is ${JSON.stringify(value)}`, { endpoint: value }),
  ]),
  ...[null, 5, [], 'x', { p256dh: 5, auth: 5 }, {}].map((value) =>
    subscribe(`keys is ${JSON.stringify(value)}`, { keys: value }),
  ),
];

const browsers: BadInput[] = [
  ...['userId', 'USER_ID', 'vapidPublicKey', 'replacesId', 'userAgent', 'Locale', 'end_point'].map((name) =>
    subscribe(`one of our fields as ${name}`, { [name]: 'u1' }),
  ),
  subscribe('one of the keys in capitals', { keys: { ...browser().keys, Auth: 'x' } }),
  subscribe('no user', { user_id: undefined }),
  subscribe('an empty user_id', { user_id: '' }),
  subscribe('a user_id with U+0085', { user_id: 'a\u0085b' }),
  subscribe('a negative expiration_time', { expirationTime: undefined, expiration_time: -1 }),
  subscribe('an expiration_time that is no instant', { expirationTime: undefined, expiration_time: 'tomorrow' }),
  subscribe('an expirationTime that is text', { expirationTime: '253402300800000' }),
  subscribe('both spellings of the expiration', { expirationTime: 1, expiration_time: 1 }),
  subscribe('a user_agent of 513 characters', { user_agent: 'x'.repeat(513) }),
  subscribe('a locale that is none', { locale: 'the french one' }),
  keys('p256dh off the curve', { p256dh: offCurve() }),
  keys('p256dh of 64 octets', { p256dh: Buffer.alloc(64, 4).toString('base64url') }),
  keys('p256dh compressed', { p256dh: Buffer.alloc(33, 2).toString('base64url') }),
  keys('p256dh of zeros', { p256dh: Buffer.alloc(65).toString('base64url') }),
  keys('p256dh in hex, cut short', {
    p256dh: Buffer.from(browser().keys.p256dh, 'base64url').toString('hex').slice(2),
  }),
  keys('p256dh of spaces', { p256dh: ' '.repeat(87) }),
  keys('p256dh beyond ASCII', { p256dh: 'ключ' }),
  keys('p256dh of 201 characters', { p256dh: 'A'.repeat(201) }, 'invalid_request'),
  keys('p256dh that is empty', { p256dh: '' }, 'invalid_request'),
  keys('auth of 15 octets', { auth: Buffer.alloc(15).toString('base64url') }),
  keys('auth of 17 octets', { auth: Buffer.alloc(17).toString('base64url') }),
  keys('auth that is no base64', { auth: 'not base64 at all!!!!!' }),
  keys('no auth', { auth: undefined }, 'invalid_request'),
  endpoint('', 'invalid_request'),
  endpoint('push.example.net', 'invalid_endpoint'),
  endpoint('http://push.example.net/send/abc', 'invalid_endpoint'),
  endpoint('ftp://push.example.net/send/abc', 'invalid_endpoint'),
  endpoint('javascript:alert(1)', 'invalid_endpoint'),
  endpoint('https://user:pass@push.example.net/x', 'invalid_endpoint'),
  endpoint('https://push.example.net/x#y', 'invalid_endpoint'),
  endpoint('https://push.example.net/x\ny', 'invalid_endpoint'),
  endpoint(`https://push.example.net/${'x'.repeat(3000)}`, 'invalid_endpoint'),
  endpoint('https://permanently-removed.invalid/fcm/send/abc', 'invalid_endpoint'),
  endpoint('https://push.example.net:8443/x'),
  endpoint('https://push.example.net.evil.test/x'),
  endpoint('https://fcm.googleapis.com:8443/fcm/send/abc'),
  endpoint('https://127.0.0.1/x'),
  endpoint('https://[::1]/x'),
  endpoint('https://[::ffff:10.0.0.1]/x'),
  endpoint('https://169.254.169.254/latest/meta-data'),
  endpoint('https://localhost:6379/'),
  endpoint('https://2130706433/x'),
  endpoint('https://0x7f.1/x'),
];

export const BAD_SUBSCRIPTIONS: readonly BadInput[] = [...wrongTypes, ...browsers];
