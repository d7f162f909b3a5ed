import { expect, test } from 'vitest';
import { play, withHeader } from './profile-fixture.ts';
import { otherVapid, post, vapid } from './push-request.ts';

const played = play('fcm');

test('hands out both forms of endpoint in turn, and reaches a device by either', async () => {
  const next = played.emulator.createDevice({ applicationServerKey: vapid.publicKey });
  expect(played.pathOf(played.device)).toMatch(/^\/fcm\/send\/[\w-]{11}:APA91b[\w-]+$/);
  expect(played.pathOf(next)).toMatch(/^\/wp\/[\w-]{11}:APA91b[\w-]+$/);
  expect((await played.post({ path: played.pathOf(played.device).replace('/fcm/send/', '/wp/') })).status).toBe(201);
  expect((await post(next, { path: played.pathOf(next).replace('/wp/', '/fcm/send/') })).status).toBe(201);
});

test('gives Location and no TTL', async () => {
  const { headers } = await played.post();
  expect(headers.get('location')).toMatch(new RegExp(`^${played.emulator.origin}/0:.+`));
  expect(headers.get('ttl')).toBeNull();
});

test('takes a TTL of 28 days and refuses a longer one', async () => {
  expect((await played.post(withHeader('TTL', '2419200'))).status).toBe(201);
  expect(await played.answerTo(withHeader('TTL', '2419201'))).toEqual([
    400,
    expect.stringContaining('<TITLE>InvalidTtl'),
  ]);
});

test('says 403 in its own words to another key', async () => {
  expect(await played.answerTo({ keys: otherVapid })).toEqual([
    403,
    'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n',
  ]);
  expect((await played.answerTo({ headers: { Authorization: 'vapid t=a.b.c, k=d' } }))[0]).toBe(403);
});

test.each([404, 410])('says that a subscription has gone with %i', async (status) => {
  expect(await played.scripted(status)).toEqual([status, 'push subscription has unsubscribed or expired.\n']);
});

test('speaks of the right form where no device is, and in HTML of load and size', async () => {
  expect(await played.answerTo({ path: '/wp/nobody' })).toEqual([
    404,
    expect.stringMatching(/^A valid push subscription/),
  ]);
  expect(await played.scripted(429)).toEqual([429, expect.stringContaining('<TITLE>Error 429 (Too Many Requests)!!1')]);
  expect(await played.answerTo({ body: Buffer.alloc(4097) })).toEqual([413, expect.stringContaining('Too Large')]);
});

test('asks for no subject', async () => {
  expect((await played.post({ subject: null })).status).toBe(201);
});

test('takes a TTL of 0', async () => {
  expect((await played.post(withHeader('TTL', '0'))).status).toBe(201);
});
