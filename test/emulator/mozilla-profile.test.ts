import { expect, test } from 'vitest';
import { play, withHeader } from './profile-fixture.ts';
import { otherVapid, type PushParts } from './push-request.ts';

const played = play('mozilla');
const error = (code: number, errno: number, words: string, message: unknown = expect.any(String)) => [
  code,
  { code, errno, error: words, message, more_info: expect.any(String) },
];

test('has its form of endpoint', () => {
  expect(played.pathOf(played.device)).toMatch(/^\/wpush\/v2\/gAAAAAB[\w-]+$/);
});

test('shortens a TTL to 30 days and says so in the answer alone', async () => {
  expect((await played.post(withHeader('TTL', '2592001'))).headers.get('ttl')).toBe('2592000');
  expect((await played.post(withHeader('TTL', '7'))).headers.get('ttl')).toBe('7');
  expect((await played.post()).headers.get('location')).toMatch(new RegExp(`^${played.emulator.origin}/m/.+`));
});

test.each<[string, PushParts, unknown[]]>([
  ['no TTL', withHeader('TTL', undefined), error(400, 111, 'Bad Request')],
  ['a negative TTL', withHeader('TTL', '-1'), error(400, 114, 'Bad Request')],
  ['a bad Topic', withHeader('Topic', 'a b'), error(400, 113, 'Bad Request')],
  ['a Crypto-Key header', withHeader('Crypto-Key', 'dh=x'), error(400, 110, 'Bad Request')],
  ['too large a body', { body: Buffer.alloc(4097) }, error(413, 104, 'Payload Too Large')],
  ['no token', withHeader('Authorization', undefined), error(401, 109, 'Unauthorized')],
  ['no subject', { subject: null }, error(401, 109, 'Unauthorized')],
  ['another key', { keys: otherVapid }, error(401, 109, 'Unauthorized', 'VAPID public key mismatch')],
  ['no device', { path: '/wpush/v2/nobody' }, error(404, 102, 'Not Found')],
])('answers %s with its errno', async (_name, parts, expected) => {
  expect(await played.answerTo(parts)).toEqual(expected);
});

test('lets an unknown Urgency pass', async () => {
  expect((await played.post(withHeader('Urgency', 'urgent'))).status).toBe(201);
});

test.each([
  [404, 102, 'Not Found'],
  [410, 103, 'Gone'],
  [503, 201, 'Service Unavailable'],
])('answers a scripted %i with errno %i', async (status, errno, words) => {
  expect(await played.scripted(status)).toEqual(error(status, errno, words));
});

test('asks to wait 120 seconds at 503, unless the script says otherwise', async () => {
  played.device.setBehaviour([{ status: 503 }, { status: 503, retryAfterSeconds: 7 }, { status: 502 }]);
  const waits = [await played.post(), await played.post(), await played.post()];
  expect(waits.map(({ headers }) => headers.get('retry-after'))).toEqual(['120', '7', null]);
});
