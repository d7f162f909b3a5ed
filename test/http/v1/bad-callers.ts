import type { AppErrorCode } from '../../../src/domain/app-error.ts';
import { type CallOptions, SECRET, signatureOf } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';
import { type BadInput, NOTIFICATIONS, notification } from './bad-notifications.ts';

const nowSeconds = NOW_MS / 1000;

const goodText = JSON.stringify(notification({}));

const caller = (what: string, code: AppErrorCode, call: CallOptions): BadInput => [
  `caller: ${what}`,
  code,
  'POST',
  NOTIFICATIONS,
  { json: notification({}), ...call },
];
const idempotency = (what: string, key: string): BadInput => [
  `idempotency key: ${what}`,
  'invalid_request',
  'POST',
  NOTIFICATIONS,
  { json: notification({}), headers: { 'Idempotency-Key': key } },
];

const signed = (timestamp: string, extra: Partial<Parameters<typeof signatureOf>[0]> = {}) =>
  signatureOf({ timestamp, method: 'POST', path: NOTIFICATIONS, body: goodText, ...extra });
const withHeaders = (timestamp: string, signature: string, more: Record<string, string> = {}): CallOptions => ({
  sign: 'none',
  headers: { 'X-Timestamp': timestamp, 'X-Signature': signature, ...more },
});
const now = String(nowSeconds);

export const BAD_CALLERS: readonly BadInput[] = [
  caller('no credentials', 'missing_credentials', { sign: 'none' }),
  caller('a signature without its time', 'missing_credentials', {
    sign: 'none',
    headers: { 'X-Signature': signed(now) },
  }),
  caller('a time without a signature', 'missing_credentials', { sign: 'none', headers: { 'X-Timestamp': now } }),
  caller('Basic credentials', 'missing_credentials', { sign: 'none', headers: { Authorization: 'Basic dTpw' } }),
  caller('Bearer without a token', 'missing_credentials', { sign: 'none', headers: { Authorization: 'Bearer' } }),
  caller('a wrong token', 'invalid_bearer_token', { sign: 'none', headers: { Authorization: 'Bearer nope' } }),
  caller('a token that begins right', 'invalid_bearer_token', {
    sign: 'none',
    headers: { Authorization: `Bearer ${SECRET}x` },
  }),
  caller('an unknown key', 'unknown_key', { keyId: 'nobody' }),
  caller('a key id like a prototype’s', 'unknown_key', { keyId: '__proto__' }),
  caller('another key’s secret', 'bad_signature', { keyId: 'shop' }),
  caller('a wrong secret', 'bad_signature', { secret: 'wrong' }),
  caller('a signature that is no hex', 'bad_signature', withHeaders(now, 'z'.repeat(64))),
  caller('a signature of 63 digits', 'bad_signature', withHeaders(now, signed(now).slice(1))),
  caller('an empty signature', 'bad_signature', withHeaders(now, '')),
  caller('a signature of another path', 'bad_signature', withHeaders(now, signed(now, { path: '/v1/subscriptions' }))),
  caller('a signature of another method', 'bad_signature', withHeaders(now, signed(now, { method: 'GET' }))),
  caller('a signature of another body', 'bad_signature', withHeaders(now, signed(now, { body: '{}' }))),
  caller('a signature of another time', 'bad_signature', withHeaders(String(nowSeconds - 1), signed(now))),
  caller('a nonce taken away after signing', 'bad_signature', withHeaders(now, signed(now, { nonce: 'n' }))),
  caller(
    'an idempotency key added after signing',
    'bad_signature',
    withHeaders(now, signed(now), { 'Idempotency-Key': 'order-42' }),
  ),
  caller(
    'another idempotency key',
    'bad_signature',
    withHeaders(now, signed(now, { idempotencyKey: 'order-42' }), { 'Idempotency-Key': 'order-43' }),
  ),
  caller(
    'an idempotency key taken away',
    'bad_signature',
    withHeaders(now, signed(now, { idempotencyKey: 'order-42' })),
  ),
  caller('a nonce added after signing', 'bad_signature', withHeaders(now, signed(now), { 'X-Nonce': 'n' })),
  caller('a nonce with a space', 'invalid_request', { nonce: 'a b' }),
  caller('a nonce of 129 characters', 'invalid_request', { nonce: 'n'.repeat(129) }),
  caller('a time 301 s behind', 'stale_timestamp', { timestamp: String(nowSeconds - 301) }),
  caller('a time 301 s ahead', 'stale_timestamp', { timestamp: String(nowSeconds + 301) }),
  caller('a time in milliseconds', 'stale_timestamp', { timestamp: String(NOW_MS) }),
  caller('a time in words', 'stale_timestamp', { timestamp: 'yesterday' }),
  caller('a negative time', 'stale_timestamp', { timestamp: '-5' }),
  caller('a time as a fraction', 'stale_timestamp', { timestamp: `${now}.5` }),
  idempotency('empty', ''),
  idempotency('of 256 characters', 'k'.repeat(256)),
  idempotency('beyond ASCII', 'schlüssel'),
  idempotency('with a tab', 'a\tb'),
];
