import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import webPush from 'web-push';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';

const vapid = webPush.generateVAPIDKeys();
const DAY_SECONDS = 86_400;

let emulator: Emulator;
let device: Device;
beforeEach(async () => {
  emulator = await startEmulator({ tls: false });
  device = emulator.createDevice();
});
afterEach(() => emulator.close());

function authorization(audience = emulator.origin, expiresInSeconds = 3600, keys = vapid): string {
  const exp = Math.floor(Date.now() / 1000) + expiresInSeconds;
  const subject = 'mailto:ops@example.com';
  return webPush.getVapidHeaders(audience, subject, keys.publicKey, keys.privateKey, 'aes128gcm', exp).Authorization;
}

function encrypted(payload: string): Buffer {
  const { p256dh, auth } = device.subscription.keys;
  return webPush.encrypt(p256dh, auth, payload, 'aes128gcm').cipherText;
}

type Parts = { headers?: Record<string, string | undefined>; body?: Buffer; url?: string; method?: string };

async function post({ headers = {}, body = encrypted('hi'), url, method = 'POST' }: Parts = {}): Promise<Response> {
  const all = { TTL: '60', 'Content-Encoding': 'aes128gcm', Authorization: authorization(), ...headers };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const init = { method, headers: Object.fromEntries(given), ...(method === 'GET' ? {} : { body }) };
  return fetch(url ?? device.subscription.endpoint, init);
}

describe('a well-formed push', () => {
  test('is accepted with Location and TTL, decrypted and recorded', async () => {
    const response = await post({ headers: { TTL: '9000000', Topic: 'a_B-1', Urgency: 'very-low' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toMatch(new RegExp(`^${emulator.origin}/m/.+`));
    expect(response.headers.get('ttl')).toBe('2592000');
    expect(device.received).toMatchObject([
      { device: 'device-1', payload: 'hi', ttlSeconds: 9_000_000, topic: 'a_B-1', urgency: 'very-low', status: 201 },
    ]);
    expect(emulator.pushes).toEqual(device.requests);
  });

  test('that the device cannot read is accepted all the same, and the device says why', async () => {
    const other = emulator.createDevice();
    expect((await post({ url: other.subscription.endpoint })).status).toBe(201);
    expect(other.received).toMatchObject([{ payload: null, decryptProblem: expect.stringContaining('wrong keys') }]);
  });
});

describe('a push with a fault', () => {
  test.each<[string, Parts, number, number]>([
    ['no TTL', { headers: { TTL: undefined } }, 400, 111],
    ['a TTL that is no number', { headers: { TTL: '1.5' } }, 400, 111],
    ['a negative TTL', { headers: { TTL: '-1' } }, 400, 114],
    ['too long a Topic', { headers: { Topic: 'x'.repeat(33) } }, 400, 113],
    ['a Topic outside the alphabet', { headers: { Topic: 'a b' } }, 400, 113],
    ['an unknown Urgency', { headers: { Urgency: 'urgent' } }, 400, 400],
    ['the old coding', { headers: { 'Content-Encoding': 'aesgcm' } }, 400, 110],
    ['no coding', { headers: { 'Content-Encoding': undefined } }, 400, 110],
    ['an Encryption header', { headers: { Encryption: 'salt=x' } }, 400, 110],
    ['a Crypto-Key header', { headers: { 'Crypto-Key': 'dh=x' } }, 400, 110],
    ['no body', { body: Buffer.alloc(0) }, 400, 110],
    ['too large a body', { body: Buffer.alloc(4097) }, 413, 104],
    ['another method', { method: 'GET' }, 405, 405],
    ['no token', { headers: { Authorization: undefined } }, 401, 109],
    ['another scheme', { headers: { Authorization: 'Bearer x' } }, 401, 109],
    ['a token that is none', { headers: { Authorization: 'vapid t=a.b.c, k=d' } }, 401, 109],
  ])('%s is refused', async (_name, parts, status, errno) => {
    const response = await post(parts);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code: status, errno });
    expect(device.received).toHaveLength(0);
    expect(device.requests).toMatchObject([{ status, refusal: { status, errno } }]);
  });

  test.each<[string, () => string, string]>([
    ['another audience', () => authorization('https://push.example'), 'audience'],
    ['the endpoint as audience', () => authorization(device.subscription.endpoint), 'audience'],
    ['an expiry that is past', () => authorization(undefined, -1), 'expired'],
    ['a key that did not sign', () => authorization().replace(/k=.*/, `k=${otherKeys.publicKey}`), 'signature'],
    ['a signature cut short', () => authorization().replace(/.{4}, k=/, ', k='), 'signature'],
    ['a key that is no point', () => authorization().replace(/k=.*/, 'k=BBBB'), 'P-256'],
  ])('a token with %s is refused', async (_name, header, message) => {
    const response = await post({ headers: { Authorization: header() } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errno: 109, message: expect.stringContaining(message) });
  });

  test('a token that expires more than a day ahead is refused', async () => {
    await emulator.close();
    emulator = await startEmulator({ tls: false, nowMs: () => Date.now() - 12 * 3_600_000 });
    device = emulator.createDevice();
    const response = await post({ headers: { Authorization: authorization(undefined, DAY_SECONDS / 2 + 60) } });
    expect(await response.json()).toMatchObject({ errno: 109, message: expect.stringContaining('24 hours') });
  });

  test('for a subscription made with another key is refused', async () => {
    device = emulator.createDevice({ applicationServerKey: otherKeys.publicKey });
    expect((await post()).status).toBe(401);
    expect((await post({ headers: { Authorization: authorization(undefined, 60, otherKeys) } })).status).toBe(201);
  });

  test('for no device is refused with 404', async () => {
    const response = await post({ url: `${emulator.origin}/wpush/v2/nobody` });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errno: 102 });
  });
});

const otherKeys = webPush.generateVAPIDKeys();

describe('a script', () => {
  test('is taken a step a request, the last one repeating, and not by refused requests', async () => {
    device.setBehaviour([
      { status: 503, retryAfterSeconds: 7 },
      { status: 410, body: 'gone', headers: { 'X-A': 'b' } },
    ]);
    expect((await post({ headers: { TTL: undefined } })).status).toBe(400);
    const first = await post();
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '7']);
    for (let sent = 0; sent < 2; sent += 1) {
      const next = await post();
      expect([next.status, next.headers.get('x-a'), await next.text()]).toEqual([410, 'b', 'gone']);
    }
    expect(device.requests.map((push) => push.status)).toEqual([400, 503, 410, 410]);
    expect(device.received).toHaveLength(0);
    device.setBehaviour([]);
    expect((await post()).status).toBe(201);
  });

  test('may break the connection before or within the answer', async () => {
    device.setBehaviour([{ fault: 'reset' }, { status: 500, fault: 'reset_mid_body' }]);
    await expect(post()).rejects.toThrow('fetch failed');
    const response = await post();
    expect(response.status).toBe(500);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(device.requests.map((push) => push.status)).toEqual([null, 500]);
  });
});

describe('waiting', () => {
  test('gives each push once, past or to come, accepted or any', async () => {
    device.setBehaviour([{ status: 500 }, {}]);
    const early = device.nextPush();
    await post({ body: encrypted('one') });
    await post({ body: encrypted('two') });
    await post({ body: encrypted('three') });
    expect((await early).payload).toBe('two');
    expect((await device.nextPush()).payload).toBe('three');
    expect((await device.nextRequest()).payload).toBe('one');
    expect((await emulator.waitFor((push) => push.payload === 'two')).status).toBe(201);
    const coming = emulator.waitFor((push) => push.payload === 'four');
    await post({ body: encrypted('four') });
    expect((await coming).device).toBe(device.name);
  });

  test('ends with the emulator', async () => {
    const waiting = device.nextPush();
    await emulator.close();
    await expect(waiting).rejects.toThrow('the emulator closed');
    await expect(device.nextPush()).rejects.toThrow('the emulator closed');
  });
});

test('closing frees what hangs, waits and idles, and may be repeated', async () => {
  device.setBehaviour([{ fault: 'hang' }, { delayMs: 600_000 }, { fault: 'hang_mid_body' }]);
  const endings = [post(), post(), post().then((response) => response.text())].map((sent) =>
    sent.catch(() => 'broken'),
  );
  const requests = [await device.nextRequest(), await device.nextRequest(), await device.nextRequest()];
  const silent = connect(emulator.port, '127.0.0.1').on('error', () => undefined);
  const silentClosed = new Promise((resolve) => silent.once('close', resolve));
  await new Promise((resolve) => silent.once('connect', resolve));
  await emulator.close();
  expect(await Promise.all(endings)).toEqual(['broken', 'broken', 'broken']);
  await Promise.all(requests.map((push) => push.closed));
  await silentClosed;
  await emulator.disconnected();
  await emulator.close();
});
