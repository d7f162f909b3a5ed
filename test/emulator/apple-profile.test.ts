import { expect, test } from 'vitest';
import { play, withHeader } from './profile-fixture.ts';
import { otherVapid, type PushParts } from './push-request.ts';

const played = play('apple');

test('has its form of endpoint, and gives an apns-id', async () => {
  expect(played.pathOf(played.device)).toMatch(/^\/Q[\w-]+$/);
  expect((await played.post()).headers.get('apns-id')).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
});

test.each<[string, PushParts, number, string]>([
  ['no TTL', withHeader('TTL', undefined), 400, 'BadTtl'],
  ['a TTL that is no number', withHeader('TTL', 'soon'), 400, 'BadTtl'],
  ['a bad Urgency', withHeader('Urgency', 'urgent'), 400, 'BadUrgency'],
  ['a Topic of 5 characters', withHeader('Topic', 'abcde'), 400, 'BadWebPushTopic'],
  ['a Topic of 1 character', withHeader('Topic', 'a'), 400, 'BadWebPushTopic'],
  ['too large a body', { body: Buffer.alloc(4097) }, 413, 'PayloadTooLarge'],
  ['no token', withHeader('Authorization', undefined), 403, 'BadJwtToken'],
  [
    'a key that is no point',
    withHeader('Authorization', 'vapid t=eyJhbGciOiJFUzI1NiJ9.b.c, k=BB'),
    403,
    'BadVapidPublicKey',
  ],
  ['another key', { keys: otherVapid }, 400, 'VapidPkHashMismatch'],
  ['another method', { method: 'GET' }, 405, 'MethodNotAllowed'],
  ['no device', { path: '/Qnobody' }, 404, 'BadPath'],
])('answers %s with its reason', async (_name, parts, status, reason) => {
  expect(await played.answerTo(parts)).toEqual([status, { reason }]);
});

test('takes every Topic that can be decoded', async () => {
  for (const length of [2, 3, 4, 32]) {
    expect((await played.post(withHeader('Topic', 'x'.repeat(length)))).status).toBe(201);
  }
});

test.each([
  null,
  'ops@example.com',
  'mailto:ops@localhost',
  'https://localhost',
  'https://localhost:8443/contact',
  'https://127.0.0.1',
  'mailto:<ops@example.com>',
  'mailto: ops@example.com',
  'mailto:Ops <ops@example.com>',
  'http://example.com',
  'mailto:ops',
  'mailto:ops@app.localhost',
])('says BadJwtToken to the subject %j', async (subject) => {
  expect(await played.answerTo({ subject })).toEqual([403, { reason: 'BadJwtToken' }]);
});

test.each(['mailto:ops@example.com', 'https://example.com/contact'])('takes the subject %s', async (subject) => {
  expect((await played.post({ subject })).status).toBe(201);
});

test.each([
  [404, 'BadPath'],
  [410, 'Unregistered'],
  [429, 'TooManyRequests'],
  [500, 'InternalServerError'],
  [503, 'ServiceUnavailable'],
])('answers a scripted %i with %s', async (status, reason) => {
  expect(await played.scripted(status)).toEqual([status, { reason }]);
});

test.each(['0', '2592001'])('takes a TTL of %s', async (ttl) => {
  expect((await played.post(withHeader('TTL', ttl))).status).toBe(201);
});
