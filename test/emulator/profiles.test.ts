import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { PROFILE_NAMES, type ProfileName } from '../../src/emulator/profile.ts';
import { otherVapid, type PushParts, post, vapid } from './push-request.ts';

let emulator: Emulator;
let device: Device;
async function play(profile: ProfileName): Promise<void> {
  emulator = await startEmulator({ profile, tls: false });
  device = emulator.createDevice({ applicationServerKey: vapid.publicKey });
}
afterEach(() => emulator.close());

const withHeader = (name: string, value: string | undefined): PushParts => ({ headers: { [name]: value } });
const pathOf = (one: Device): string => one.subscription.endpoint.slice(emulator.origin.length);

/** Status and body of the answer, the body parsed where it is JSON. */
async function answerTo(parts: PushParts): Promise<[number, unknown]> {
  const response = await post(device, parts);
  const text = await response.text();
  return [response.status, response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text];
}

async function scripted(status: number): Promise<[number, unknown]> {
  device.setBehaviour([{ status }]);
  return answerTo({});
}

describe.each(PROFILE_NAMES)('%s', (name) => {
  beforeEach(() => play(name));

  test('accepts a well-formed push and decrypts it', async () => {
    const response = await post(device);
    expect([response.status, await response.text()]).toEqual([201, '']);
    expect(device.received).toMatchObject([{ profile: name, payload: 'hi', status: 201, httpVersion: '1.1' }]);
  });

  test('refuses what RFC 8030 and RFC 8292 refuse', async () => {
    const faults: PushParts[] = [
      withHeader('TTL', undefined),
      withHeader('TTL', '-1'),
      withHeader('Topic', 'x'.repeat(33)),
      withHeader('Content-Encoding', 'aesgcm'),
      withHeader('Authorization', undefined),
      { body: Buffer.alloc(4097) },
      { method: 'GET' },
    ];
    for (const fault of faults) expect((await post(device, fault)).ok).toBe(false);
    const kinds = ['ttl_missing', 'ttl_negative', 'topic', 'coding', 'vapid_missing', 'body_too_large', 'method'];
    expect(device.requests.map((push) => push.refusal?.kind)).toEqual(kinds);
    expect(device.received).toHaveLength(0);
  });

  test('says 413 to a body over 4096 octets, and takes one of 4096', async () => {
    expect((await post(device, { body: Buffer.alloc(4097) })).status).toBe(413);
    expect((await post(device, { payload: 'x'.repeat(3993) })).status).toBe(201);
  });
});

describe('fcm', () => {
  beforeEach(() => play('fcm'));

  test('hands out both forms of endpoint in turn, and reaches a device by either', async () => {
    const next = emulator.createDevice({ applicationServerKey: vapid.publicKey });
    expect(pathOf(device)).toMatch(/^\/fcm\/send\/[\w-]{11}:APA91b[\w-]+$/);
    expect(pathOf(next)).toMatch(/^\/wp\/[\w-]{11}:APA91b[\w-]+$/);
    expect((await post(device, { path: pathOf(device).replace('/fcm/send/', '/wp/') })).status).toBe(201);
    expect((await post(next, { path: pathOf(next).replace('/wp/', '/fcm/send/') })).status).toBe(201);
  });

  test('gives Location and no TTL', async () => {
    const { headers } = await post(device);
    expect(headers.get('location')).toMatch(new RegExp(`^${emulator.origin}/0:.+`));
    expect(headers.get('ttl')).toBeNull();
  });

  test('takes a TTL of 28 days and refuses a longer one', async () => {
    expect((await post(device, withHeader('TTL', '2419200'))).status).toBe(201);
    expect(await answerTo(withHeader('TTL', '2419201'))).toEqual([400, expect.stringContaining('<TITLE>InvalidTtl')]);
  });

  test('says 403 in its own words to another key', async () => {
    expect(await answerTo({ keys: otherVapid })).toEqual([
      403,
      'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n',
    ]);
    expect((await answerTo({ headers: { Authorization: 'vapid t=a.b.c, k=d' } }))[0]).toBe(403);
  });

  test.each([404, 410])('says that a subscription has gone with %i', async (status) => {
    expect(await scripted(status)).toEqual([status, 'push subscription has unsubscribed or expired.\n']);
  });

  test('speaks of the right form where no device is, and in HTML of load and size', async () => {
    expect(await answerTo({ path: '/wp/nobody' })).toEqual([404, expect.stringMatching(/^A valid push subscription/)]);
    expect(await scripted(429)).toEqual([429, expect.stringContaining('<TITLE>Error 429 (Too Many Requests)!!1')]);
    expect(await answerTo({ body: Buffer.alloc(4097) })).toEqual([413, expect.stringContaining('Too Large')]);
  });

  test('asks for no subject', async () => {
    expect((await post(device, { subject: null })).status).toBe(201);
  });
});

describe('mozilla', () => {
  beforeEach(() => play('mozilla'));
  const error = (code: number, errno: number, words: string, message: unknown = expect.any(String)) => [
    code,
    { code, errno, error: words, message, more_info: expect.any(String) },
  ];

  test('has its form of endpoint', () => {
    expect(pathOf(device)).toMatch(/^\/wpush\/v2\/gAAAAAB[\w-]+$/);
  });

  test('shortens a TTL to 30 days and says so in the answer alone', async () => {
    expect((await post(device, withHeader('TTL', '2592001'))).headers.get('ttl')).toBe('2592000');
    expect((await post(device, withHeader('TTL', '7'))).headers.get('ttl')).toBe('7');
    expect((await post(device)).headers.get('location')).toMatch(new RegExp(`^${emulator.origin}/m/.+`));
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
    expect(await answerTo(parts)).toEqual(expected);
  });

  test('lets an unknown Urgency pass', async () => {
    expect((await post(device, withHeader('Urgency', 'urgent'))).status).toBe(201);
  });

  test.each([
    [404, 102, 'Not Found'],
    [410, 103, 'Gone'],
    [503, 201, 'Service Unavailable'],
  ])('answers a scripted %i with errno %i', async (status, errno, words) => {
    expect(await scripted(status)).toEqual(error(status, errno, words));
  });

  test('asks to wait 120 seconds at 503, unless the script says otherwise', async () => {
    device.setBehaviour([{ status: 503 }, { status: 503, retryAfterSeconds: 7 }, { status: 502 }]);
    const waits = [await post(device), await post(device), await post(device)];
    expect(waits.map(({ headers }) => headers.get('retry-after'))).toEqual(['120', '7', null]);
  });
});

describe('apple', () => {
  beforeEach(() => play('apple'));

  test('has its form of endpoint, and gives an apns-id', async () => {
    expect(pathOf(device)).toMatch(/^\/Q[\w-]+$/);
    expect((await post(device)).headers.get('apns-id')).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
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
    expect(await answerTo(parts)).toEqual([status, { reason }]);
  });

  test('takes every Topic that can be decoded', async () => {
    for (const length of [2, 3, 4, 32]) {
      expect((await post(device, withHeader('Topic', 'x'.repeat(length)))).status).toBe(201);
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
  ])('says BadJwtToken to the subject %j', async (subject) => {
    expect(await answerTo({ subject })).toEqual([403, { reason: 'BadJwtToken' }]);
  });

  test.each(['mailto:ops@example.com', 'https://example.com/contact'])('takes the subject %s', async (subject) => {
    expect((await post(device, { subject })).status).toBe(201);
  });

  test.each([
    [404, 'BadPath'],
    [410, 'Unregistered'],
    [429, 'TooManyRequests'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ])('answers a scripted %i with %s', async (status, reason) => {
    expect(await scripted(status)).toEqual([status, { reason }]);
  });
});

describe('wns', () => {
  beforeEach(() => play('wns'));

  /** What it says, all of it in headers. */
  async function spoken(parts: PushParts): Promise<(string | number | null)[]> {
    const { status, headers, text } = await post(device, parts).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }));
    expect(text).toBe('');
    return [
      status,
      headers.get('x-wns-status'),
      headers.get('x-wns-deviceconnectionstatus'),
      headers.get('x-wns-error-description'),
    ];
  }

  test('has its form of endpoint, encoded in small letters', () => {
    expect(pathOf(device)).toMatch(/^\/w\/\?token=BQYAAAD(?:[A-Za-z0-9]|%2f|%2b|%3d)+$/);
  });

  test('accepts in its headers', async () => {
    expect(await spoken({})).toEqual([201, 'received', 'connected', null]);
  });

  test('refuses a TTL of 0 with 400 and the reason in headers only', async () => {
    const conflict = 'Ttl value conflicts with X-WNS-Cache-Policy.';
    expect(await spoken(withHeader('TTL', '0'))).toEqual([400, 'dropped', 'disconnected', conflict]);
    expect((await post(device, withHeader('TTL', '1'))).status).toBe(201);
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
    device.setBehaviour([{ status }]);
    expect(await spoken({})).toEqual([status, outcome, 'disconnected', expect.stringContaining(words)]);
  });

  test('can be scripted to drop what it accepts', async () => {
    device.setBehaviour([{ status: 200, headers: { 'x-wns-status': 'dropped' } }]);
    expect(await spoken({})).toEqual([200, 'dropped', 'connected', null]);
  });
});

test.each(['fcm', 'apple', 'wns'] as const)('a TTL of 0 is refused by wns alone: %s', async (name) => {
  await play(name);
  expect((await post(device, withHeader('TTL', '0'))).status).toBe(name === 'wns' ? 400 : 201);
});
