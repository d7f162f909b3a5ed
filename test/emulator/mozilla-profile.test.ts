import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { play, withHeader } from './profile-fixture.ts';
import { otherVapid, type PushParts, signedToken, vapid } from './push-request.ts';

const played = play('mozilla');
const error = (code: number, errno: number | null, words: string, message: unknown = expect.any(String)) => [
  code,
  { code, errno, error: words, message, more_info: expect.any(String) },
];
const BAD = (errno: number | null, message?: unknown) => error(400, errno, 'Bad Request', message);
const UNAUTHORIZED = (message?: unknown) => error(401, 109, 'Unauthorized', message);
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const DAY_SECONDS = 86_400;

test('has its form of endpoint', () => {
  expect(played.pathOf(played.device)).toMatch(/^\/wpush\/v2\/gAAAAAB[\w-]+$/);
});

test('shortens a TTL to 30 days and says so in the answer alone', async () => {
  expect((await played.post(withHeader('TTL', '2592001'))).headers.get('ttl')).toBe('2592000');
  expect((await played.post(withHeader('TTL', '7'))).headers.get('ttl')).toBe('7');
  expect((await played.post()).headers.get('location')).toMatch(new RegExp(`^${played.emulator.origin}/m/.+`));
});

describe('an endpoint', () => {
  test('that is unknown or damaged gets 404 without a body', async () => {
    expect(await played.answerTo({ path: '/wpush/v2/nobody' })).toEqual([404, '']);
    expect(await played.answerTo({ path: `${played.pathOf(played.device)}x` })).toEqual([404, '']);
    expect(await played.scripted(404)).toEqual([404, '']);
  });

  test('that has ended gets errno 106, to be remembered for a day', async () => {
    expect(await played.scripted(410)).toEqual(error(410, 106, 'Gone', 'No such subscription'));
    expect((await played.post()).headers.get('cache-control')).toBe('max-age=86400');
  });

  test('takes POST alone, and says so in Allow', async () => {
    const response = await played.post({ method: 'GET' });
    expect([response.status, await response.text(), response.headers.get('allow')]).toEqual([405, '', 'POST']);
  });
});

describe('a storage', () => {
  test('that is away gets 503 with no errno, to be tried again in 120 seconds', async () => {
    const words = expect.stringMatching(/^Database error: /);
    expect(await played.scripted(503)).toEqual(error(503, null, 'Service Unavailable', words));
    expect((await played.post()).headers.get('retry-after')).toBe('120');
    played.device.setBehaviour([{ status: 503, retryAfterSeconds: 7 }]);
    expect((await played.post()).headers.get('retry-after')).toBe('7');
  });

  test('that refuses gets 500 with no errno and no time to wait', async () => {
    expect(await played.scripted(500)).toEqual(error(500, null, 'Internal Server Error'));
    expect((await played.post()).headers.get('retry-after')).toBeNull();
  });
});

test.each([408, 429, 502])(
  'a scripted %i comes from what stands before it, and has no words of its own',
  async (status) => {
    expect(await played.scripted(status)).toEqual([status, '']);
    expect((await played.post()).headers.get('retry-after')).toBeNull();
  },
);

describe('a header', () => {
  test.each<[string, PushParts, unknown[]]>([
    ['no TTL', withHeader('TTL', undefined), BAD(111)],
    ['a TTL that is a word', withHeader('TTL', 'abc'), BAD(111)],
    ['a TTL with a fraction', withHeader('TTL', '1.5'), BAD(111)],
    ['an empty TTL', withHeader('TTL', ''), BAD(111)],
    ['a TTL of 10^20', withHeader('TTL', `1${'0'.repeat(20)}`), BAD(111)],
    ['a TTL of -10^20', withHeader('TTL', `-1${'0'.repeat(20)}`), BAD(111)],
    ['a negative TTL', withHeader('TTL', '-1'), BAD(114)],
    ['a bad Topic', withHeader('Topic', 'a b'), BAD(113)],
    ['a Topic of 33 characters with its padding', withHeader('Topic', `${'x'.repeat(32)}=`), BAD(113)],
    ['salt= beside aes128gcm', withHeader('Encryption', 'salt=x'), BAD(110)],
    ['dh= beside aes128gcm', withHeader('Crypto-Key', 'p256ecdsa=x;dh=x'), BAD(110)],
    ['a coding that nobody knows', withHeader('Content-Encoding', 'aes256gcm'), BAD(110)],
    ['no coding', withHeader('Content-Encoding', undefined), BAD(110)],
    ['gzip, which is no gzip', withHeader('Content-Encoding', 'gzip'), BAD(null)],
    ['gzip', { ...withHeader('Content-Encoding', 'gzip'), body: gzipSync('hi') }, BAD(null)],
    ['aesgcm without a salt', withHeader('Content-Encoding', 'aesgcm'), BAD(110)],
    ['4097 octets', { body: Buffer.alloc(4097) }, error(413, 104, 'Payload Too Large')],
  ])('with %s is refused', async (_name, parts, expected) => {
    expect(await played.answerTo(parts)).toEqual(expected);
  });

  test.each<[string, PushParts]>([
    ['an unknown Urgency', withHeader('Urgency', 'urgent')],
    ['a TTL of +60', withHeader('TTL', '+60')],
    ['a TTL of 0', withHeader('TTL', '0')],
    ['a padded Topic', withHeader('Topic', 'YWI=')],
    ['a VAPID key of other days in Crypto-Key', withHeader('Crypto-Key', `p256ecdsa=${vapid.publicKey}`)],
    ['aesgcm', { headers: { 'Content-Encoding': 'aesgcm', Encryption: 'salt=YWI=', 'Crypto-Key': 'dh="YWI="' } }],
  ])('with %s is taken', async (_name, parts) => {
    expect((await played.post(parts)).status).toBe(201);
  });
});

test('takes a push without a body, with no coding or any, and the device shows nothing', async () => {
  const body = Buffer.alloc(0);
  expect((await played.post({ body, ...withHeader('Content-Encoding', undefined) })).status).toBe(201);
  expect((await played.post({ body })).status).toBe(201);
  expect(played.device.received).toMatchObject([{ payload: null, decryptProblem: null }, { bodyOctets: 0 }]);
});

describe('a token', () => {
  const withToken = (scheme: string, key = vapid.publicKey): PushParts => {
    const token = signedToken({ aud: played.emulator.origin });
    const authorization = scheme === 'vapid' ? `vapid t=${token}, k=${key}` : `${scheme} ${token}`;
    return { headers: { Authorization: authorization, 'Crypto-Key': `p256ecdsa=${key}` } };
  };

  test.each<[string, PushParts, unknown]>([
    ['another audience', { claims: { aud: 'https://push.example' } }, 'Invalid VAPID audience'],
    ['an end that is days past', { claims: { exp: inSeconds(-2 * DAY_SECONDS) } }, 'ExpiredSignature'],
    ['an end 90 seconds past', { claims: { exp: inSeconds(-90) } }, 'ExpiredSignature'],
    [
      'an end that is days ahead',
      { claims: { exp: inSeconds(2 * DAY_SECONDS) } },
      'The VAPID token expiration is too long',
    ],
    ['another key', { keys: otherVapid }, 'VAPID public key mismatch'],
    ['no header', withHeader('Authorization', undefined), 'Missing VAPID public key'],
    ['another scheme', withHeader('Authorization', 'Basic x'), 'Unknown auth scheme'],
  ])('with %s is refused', async (_name, parts, words) => {
    expect(await played.answerTo(parts)).toEqual(UNAUTHORIZED(words));
  });

  test.each<[string, PushParts]>([
    ['no subject', { subject: null }],
    ['null for a subject', { claims: { sub: null } }],
    ['an empty subject', { subject: '' }],
    ['a bare address for a subject', { subject: 'ops@example.com' }],
    ['an end 30 seconds past', { claims: { exp: inSeconds(-30) } }],
  ])('with %s is taken', async (_name, parts) => {
    expect((await played.post(parts)).status).toBe(201);
  });

  test('is taken in the older scheme, its key in Crypto-Key', async () => {
    expect((await played.post(withToken('WebPush'))).status).toBe(201);
    expect((await played.post(withToken('Bearer'))).status).toBe(201);
    expect(await played.answerTo({ headers: { ...withToken('WebPush').headers, 'Crypto-Key': undefined } })).toEqual(
      BAD(110),
    );
  });

  test('is taken with a key that is padded, or in the common base64', async () => {
    expect((await played.post(withToken('vapid', `${vapid.publicKey}=`))).status).toBe(201);
    const common = Buffer.from(vapid.publicKey, 'base64url').toString('base64');
    expect((await played.post(withToken('vapid', common))).status).toBe(201);
  });

  test('is judged before the headers', async () => {
    const headers = { TTL: undefined, Topic: 'a b', Authorization: undefined };
    expect(await played.answerTo({ headers, body: Buffer.alloc(5000) })).toEqual(UNAUTHORIZED());
  });
});
