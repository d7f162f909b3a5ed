import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { remainingTtlSeconds, topicHeader } from '../../src/domain/push-service/push-message.ts';
import { createVapidSigner } from '../../src/push/vapid.ts';
import { allowed, type Closing, messageTo, never, vapidKeys } from '../push/transport-fixture.ts';

/** What every transport does with a message and its answer. */
export function pushTransportContract(closing: Closing): void {
  afterEach(() => closing.all());

  const ACCEPTED = { kind: 'response', status: 201, retryAfter: null, reason: null, ttlSeconds: 60 };

  describe('a send', () => {
    test('arrives, signed, encrypted and with its headers', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice({ applicationServerKey: vapidKeys.publicKey });
      const topic = topicHeader('order-7');
      const message = messageTo(device.subscription, { payload: '{"title":"é 🛎"}', topic, urgency: 'high' });
      expect(await closing.transportTo(emulator).send(message, never)).toEqual(ACCEPTED);
      expect(await device.nextPush()).toMatchObject({
        payload: '{"title":"é 🛎"}',
        ttlSeconds: 60,
        urgency: 'high',
        topic,
        contentEncoding: 'aes128gcm',
        contentType: 'application/octet-stream',
        vapid: { audience: emulator.origin, publicKey: vapidKeys.publicKey, subject: 'mailto:ops@example.com' },
        status: 201,
      });
    });

    test('has no Topic when there is none, and takes the largest payload', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const message = messageTo(device.subscription, { payload: 'x'.repeat(3993) });
      expect(await closing.transportTo(emulator).send(message, never)).toEqual(ACCEPTED);
      expect(await device.nextPush()).toMatchObject({ topic: null, urgency: 'normal', bodyOctets: 4096 });
    });

    test('arrives at an endpoint that was registered under another spelling before that was refused', async () => {
      const emulator = await closing.emulator();
      const { subscription } = emulator.createDevice();
      const endpoint = `${subscription.endpoint.replace('https:', 'HTTPS:').replace(/\/(\w+)\//, '/./$1/')}?`;
      expect(endpoint).not.toBe(subscription.endpoint);
      const message = messageTo({ ...subscription, endpoint });
      expect(await closing.transportTo(emulator).send(message, never)).toEqual(ACCEPTED);
    });

    test.each([
      ['acceptance', {}],
      ['a refusal', { status: 410, body: '{"errno":106}' }],
      ['an answer just under the limit', { status: 500, bodyOctets: 65_535 }],
    ])('after %s finds its connection and VAPID token still good', async (_name, step) => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice({ behaviour: [step] });
      const transport = closing.transportTo(emulator);
      for (let sent = 0; sent < 10; sent += 1) await transport.send(messageTo(device.subscription), never);
      // undici takes a connection back a moment after the answer has ended, so a second one may take turns with it.
      expect(emulator.connectionCount()).toBeLessThanOrEqual(2);
      expect(new Set(device.requests.map((push) => push.authorization)).size).toBe(1);
    });

    test('has a TTL that WNS takes to the last millisecond, which 0 would not be', async () => {
      const emulator = await closing.emulator({ profile: 'wns' });
      const { subscription } = emulator.createDevice();
      const transport = closing.transportTo(emulator);
      const last = messageTo(subscription, { ttlSeconds: remainingTtlSeconds(1001, 1000) });
      expect(await transport.send(last, never)).toMatchObject({ status: 201, reason: null });
      const none = messageTo(subscription, { ttlSeconds: 0 });
      expect(await transport.send(none, never)).toMatchObject({
        status: 400,
        reason: expect.stringContaining('Ttl value'),
      });
    });

    test('has a new VAPID token after an hour', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      let aheadMs = 0;
      const clock = { ...systemClock, now: () => Date.now() + aheadMs };
      const vapid = createVapidSigner({ subject: 'mailto:ops@example.com', keyPairs: [vapidKeys], clock });
      const transport = closing.transportTo(emulator, { vapid });
      for (aheadMs of [0, 3_000_000, 3_700_000]) await transport.send(messageTo(device.subscription), never);
      const [first, second, third] = device.received.map((push) => push.authorization);
      expect(second).toBe(first);
      expect(third).not.toBe(first);
    });

    test('has a hundred in flight at once, and no more connections than it may', async () => {
      const emulator = await closing.emulator({ tls: false });
      const devices = Array.from({ length: 100 }, () => emulator.createDevice({ behaviour: [{ delayMs: 100 }] }));
      const sendAll = (maxConnectionsPerOrigin?: number) => {
        const options = maxConnectionsPerOrigin === undefined ? {} : { maxConnectionsPerOrigin };
        const transport = closing.transportTo(emulator, options);
        return Promise.all(devices.map((device) => transport.send(messageTo(device.subscription), never)));
      };
      expect(new Set((await sendAll()).map((result) => JSON.stringify(result)))).toEqual(
        new Set([JSON.stringify(ACCEPTED)]),
      );
      expect(emulator.connectionCount()).toBe(100);
      await sendAll(20);
      expect(emulator.connectionCount()).toBe(120);
    });

    test('signs for each subscription with the key it was made with', async () => {
      const older = generateVapidKeys();
      const keyPairs = [vapidKeys, older];
      const emulator = await closing.emulator();
      const device = emulator.createDevice({ applicationServerKey: older.publicKey });
      const vapid = createVapidSigner({ subject: 'mailto:ops@example.com', keyPairs, clock: systemClock });
      const transport = closing.transportTo(emulator, { vapid });
      const present = await transport.send(messageTo(device.subscription), never);
      expect(present).toMatchObject({ status: 401, reason: 'errno 109: VAPID public key mismatch' });
      const message = messageTo(device.subscription, { vapidPublicKey: older.publicKey });
      expect(await transport.send(message, never)).toEqual(ACCEPTED);
    });
  });

  describe('an answer', () => {
    test('gives status, Retry-After and reason', async () => {
      const { result } = await closing.sendOnce([{ status: 503, retryAfterSeconds: 120, body: 'try\r\nlater\u0007' }]);
      expect(result).toEqual({ kind: 'response', status: 503, retryAfter: '120', reason: 'try later' });
    });

    test('that is a redirect is not followed', async () => {
      const emulator = await closing.emulator();
      const target = emulator.createDevice();
      const headers = { Location: target.subscription.endpoint };
      const transport = closing.transportTo(emulator);
      for (const status of [301, 302, 303, 307, 308]) {
        const device = emulator.createDevice({ behaviour: [{ status, headers }] });
        expect(await transport.send(messageTo(device.subscription), never)).toMatchObject({ kind: 'response', status });
      }
      expect(target.requests).toHaveLength(0);
    });

    test('that quotes the endpoint does not bring it along', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const { endpoint, keys } = device.subscription;
      const token = endpoint.slice(endpoint.lastIndexOf('/') + 1);
      const body = `gone: ${endpoint} (${token}; ${token.slice(3, 15)}, ${keys.auth})`;
      device.setBehaviour([{ status: 410, body }]);
      const result = await closing.transportTo(emulator).send(messageTo(device.subscription), never);
      expect(result).toEqual({ kind: 'response', status: 410, retryAfter: null, reason: 'gone: … (…; …, …)' });
    });

    test.each([
      ['the connection breaks', 'reset_mid_body'],
      ['the rest never comes', 'hang_mid_body'],
    ] as const)('counts though %s within its body', async (_name, fault) => {
      const { result, device } = await closing.sendOnce([{ status: 410, body: 'unsubscribed', fault }], {
        attemptTimeoutMs: 1000,
      });
      expect(result).toEqual({ kind: 'response', status: 410, retryAfter: null, reason: 'unsubscribed' });
      await device.requests[0]?.closed;
    });

    test.each([5, 500])('counts though its body has not the length it claims: %i', async (contentLength) => {
      const { result } = await closing.sendOnce([{ status: 404, body: 'no such subscription', contentLength }], {
        attemptTimeoutMs: 1000,
      });
      expect(result).toMatchObject({ kind: 'response', status: 404 });
    });

    test('of endless length is read so far and its connection dropped', async () => {
      const { result, device, emulator } = await closing.sendOnce([{ status: 500, bodyOctets: 1e12 }]);
      expect(result).toMatchObject({ kind: 'response', status: 500, reason: '…' });
      await device.requests[0]?.closed;
      await emulator.disconnected();
    });
  });

  describe('a message that cannot be sent', () => {
    test('for want of the VAPID key', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const message = messageTo(device.subscription, { vapidPublicKey: generateVapidKeys().publicKey });
      const result = await closing.transportTo(emulator).send(message, never);
      expect(result).toEqual({ kind: 'failure', failure: 'vapid_key_missing' });
      expect(emulator.connectionCount()).toBe(0);
    });

    test.each([
      ['a key that is no point', { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: 'BTBZMqHH6r4Tts7J_aSIgg' }],
      ['no key', { p256dh: '', auth: 'BTBZMqHH6r4Tts7J_aSIgg' }],
      ['a short secret', { p256dh: vapidKeys.publicKey, auth: 'BTBZ' }],
    ])('for %s', async (_name, keys) => {
      const emulator = await closing.emulator();
      const { endpoint } = emulator.createDevice().subscription;
      const result = await closing.transportTo(emulator).send(messageTo({ endpoint, keys }), never);
      expect(result).toEqual({ kind: 'failure', failure: 'encryption' });
      expect(emulator.connectionCount()).toBe(0);
    });

    test('as its clock is too far off to sign, without rejecting', async () => {
      const clock = { ...systemClock, now: () => Date.now() + 30 * 86_400_000 };
      const vapid = createVapidSigner({ subject: 'mailto:ops@example.com', keyPairs: [vapidKeys], clock });
      const { result } = await closing.sendOnce([], { vapid });
      expect(result).toEqual({ kind: 'failure', failure: 'unknown', thrown: expect.any(Error) });
    });

    test('as its endpoint is no longer allowed', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const transport = closing.transportTo(emulator, { allowedHosts: allowed('push.example') });
      const result = await transport.send(messageTo(device.subscription), never);
      expect(result).toEqual({ kind: 'failure', failure: 'endpoint_not_allowed' });
      expect(emulator.connectionCount()).toBe(0);
    });
  });
}
