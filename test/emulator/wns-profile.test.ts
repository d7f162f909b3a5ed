import { expect, test } from 'vitest';
import { play, withHeader } from './profile-fixture.ts';
import { otherVapid, type PushParts } from './push-request.ts';

const played = play('wns');

/** What it says, all of it in headers. */
async function spoken(parts: PushParts): Promise<(string | number | null)[]> {
  const response = await played.post(parts);
  expect(await response.text()).toBe('');
  const { status, headers } = response;
  return [
    status,
    headers.get('x-wns-status'),
    headers.get('x-wns-deviceconnectionstatus'),
    headers.get('x-wns-error-description'),
  ];
}

test('has its form of endpoint, encoded in small letters', () => {
  expect(played.pathOf(played.device)).toMatch(/^\/w\/\?token=BQYAAAD(?:[A-Za-z0-9]|%2f|%2b|%3d)+$/);
});

test('accepts in its headers', async () => {
  expect(await spoken({})).toEqual([201, 'received', 'connected', null]);
});

test('refuses a TTL of 0 with 400 and the reason in headers only', async () => {
  const conflict = 'Ttl value conflicts with X-WNS-Cache-Policy.';
  expect(await spoken(withHeader('TTL', '0'))).toEqual([400, 'dropped', 'disconnected', conflict]);
  expect((await played.post(withHeader('TTL', '1'))).status).toBe(201);
});

test.each<[string, PushParts, number]>([
  ['too large a body', { body: Buffer.alloc(4097) }, 413],
  ['no token', withHeader('Authorization', undefined), 401],
  ['another key', { keys: otherVapid }, 403],
  ['no device', { path: '/w/?token=nobody' }, 404],
])('answers %s without a body', async (_name, parts, status) => {
  expect(await spoken(parts)).toEqual([status, 'dropped', 'disconnected', expect.any(String)]);
});

test.each([
  [404, 'dropped', 'not recognized'],
  [410, 'dropped', 'expired'],
  [406, 'channelthrottled', 'throttle limit'],
])('answers a scripted %i in its headers', async (status, outcome, words) => {
  played.device.setBehaviour([{ status }]);
  expect(await spoken({})).toEqual([status, outcome, 'disconnected', expect.stringContaining(words)]);
});

test('can be scripted to drop what it accepts', async () => {
  played.device.setBehaviour([{ status: 200, headers: { 'x-wns-status': 'dropped' } }]);
  expect(await spoken({})).toEqual([200, 'dropped', 'connected', null]);
});
