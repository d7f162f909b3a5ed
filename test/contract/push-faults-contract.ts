import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Resolver } from '../../src/egress/resolver.ts';
import { allowed, type Closing, messageTo, never } from '../push/transport-fixture.ts';

/** What every transport makes of push services and callers that let it down. */
export function pushFaultsContract(closing: Closing): void {
  afterEach(() => closing.all());

  const failure = (kind: string) => ({ kind: 'failure', failure: kind });
  const subscriptionAt = async (origin: string) => {
    const { subscription } = (await closing.emulator({ tls: false })).createDevice();
    return { ...subscription, endpoint: `${origin}/push/secret` };
  };
  const resolvingTo = (...addresses: string[]): Resolver => {
    return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

  describe('a push service that', () => {
    test.each([
      ['never answers', [{ fault: 'hang' }]],
      ['answers too late', [{ delayMs: 5000 }]],
    ] as const)('%s gives timeout, and the connection is closed', async (_name, behaviour) => {
      const { result, device, emulator } = await closing.sendOnce(behaviour, { attemptTimeoutMs: 150 });
      expect(result).toEqual(failure('timeout'));
      await device.requests[0]?.closed;
      await emulator.disconnected();
    });

    test('resets the connection gives reset', async () => {
      const { result } = await closing.sendOnce([{ fault: 'reset' }]);
      expect(result).toEqual(failure('reset'));
    });

    test('has a certificate of an unknown authority gives tls', async () => {
      const { result } = await closing.sendOnce([], { caPem: null });
      expect(result).toEqual(failure('tls'));
    });

    test('has a certificate for another name gives tls', async () => {
      const emulator = await closing.emulator();
      const { port, caPem } = emulator;
      const subscription = await subscriptionAt(`https://push.example:${port}`);
      const resolve = resolvingTo('127.0.0.1');
      const transport = closing.transport({ allowedHosts: allowed(`push.example:${port}`), caPem, resolve });
      expect(await transport.send(messageTo(subscription), never)).toEqual(failure('tls'));
    });

    test('speaks no TLS gives tls', async () => {
      const emulator = await closing.emulator({ tls: false });
      const subscription = await subscriptionAt(`https://${emulator.allowedHost}`);
      const result = await closing.transportTo(emulator).send(messageTo(subscription), never);
      expect(result).toEqual(failure('tls'));
    });

    test('recovers is reached again by the same transport', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice({ behaviour: [{ fault: 'reset' }, { fault: 'hang' }, { status: 201 }] });
      const transport = closing.transportTo(emulator, { attemptTimeoutMs: 500 });
      const results = [];
      for (let sent = 0; sent < 3; sent += 1) results.push(await transport.send(messageTo(device.subscription), never));
      expect(results).toMatchObject([failure('reset'), failure('timeout'), { status: 201 }]);
    });
  });

  describe('a caller that gives up', () => {
    test('gets aborted, and the connection is closed', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice({ behaviour: [{ fault: 'hang' }] });
      const giveUp = new AbortController();
      const sending = closing.transportTo(emulator).send(messageTo(device.subscription), giveUp.signal);
      const push = await device.nextRequest();
      giveUp.abort();
      expect(await sending).toEqual(failure('aborted'));
      await push.closed;
      await emulator.disconnected();
    });

    test('while it waits for a connection gets aborted at once, and sends nothing later', async () => {
      const emulator = await closing.emulator();
      const hanging = emulator.createDevice({ behaviour: [{ fault: 'hang' }] });
      const waiting = emulator.createDevice();
      const transport = closing.transportTo(emulator, { attemptTimeoutMs: 60_000, maxConnectionsPerOrigin: 1 });
      const giveUpFirst = new AbortController();
      const first = transport.send(messageTo(hanging.subscription), giveUpFirst.signal);
      await hanging.nextRequest();
      const giveUp = new AbortController();
      const second = transport.send(messageTo(waiting.subscription), giveUp.signal);
      giveUp.abort();
      expect(await second).toEqual(failure('aborted'));
      giveUpFirst.abort();
      expect(await first).toEqual(failure('aborted'));
      expect(await transport.send(messageTo(emulator.createDevice().subscription), never)).toMatchObject({
        status: 201,
      });
      expect(waiting.requests).toHaveLength(0);
    });

    test('before the send makes none', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const result = await closing.transportTo(emulator).send(messageTo(device.subscription), AbortSignal.abort());
      expect(result).toEqual(failure('aborted'));
      expect(emulator.connectionCount()).toBe(0);
    });

    test('leaves no listener on its signal', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const giveUp = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = giveUp.signal;
      giveUp.signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
        listeners += 1;
        return addEventListener.apply(giveUp.signal, parameters);
      };
      giveUp.signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
        listeners -= 1;
        return removeEventListener.apply(giveUp.signal, parameters);
      };
      const transport = closing.transportTo(emulator);
      await Promise.all(
        Array.from({ length: 20 }, () => transport.send(messageTo(device.subscription), giveUp.signal)),
      );
      expect(listeners).toBe(0);
    });
  });

  describe('a closed transport', () => {
    test('lets go of its connections, gives up what is in flight and sends no more', async () => {
      const emulator = await closing.emulator();
      const idle = emulator.createDevice();
      const hanging = emulator.createDevice({ behaviour: [{ fault: 'hang' }] });
      const transport = closing.transportTo(emulator);
      await transport.send(messageTo(idle.subscription), never);
      const sending = transport.send(messageTo(hanging.subscription), never);
      await hanging.nextRequest();
      await transport.close();
      expect(await sending).toEqual(failure('aborted'));
      await emulator.disconnected();
      expect(await transport.send(messageTo(idle.subscription), never)).toEqual(failure('aborted'));
      await transport.close();
    });
  });

  describe('a host that', () => {
    let server: Server;
    let port: number;
    let sockets: Socket[];

    beforeEach(async () => {
      sockets = [];
      server = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        server.emit('accepted', socket);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    });

    afterEach(async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    });

    test('refuses connections gives refused', async () => {
      await new Promise((resolve) => server.close(resolve));
      const subscription = await subscriptionAt(`https://localhost:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`localhost:${port}`) });
      expect(await transport.send(messageTo(subscription), never)).toEqual(failure('refused'));
    });

    test('never finishes the handshake gives timeout, and the connection is closed', async () => {
      const subscription = await subscriptionAt(`https://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`), attemptTimeoutMs: 150 });
      const accepted = once(server, 'accepted');
      const sending = transport.send(messageTo(subscription), never);
      const [socket] = (await accepted) as [Socket];
      const closed = once(socket.resume(), 'close');
      expect(await sending).toEqual(failure('timeout'));
      await closed;
    });

    test('never finishes the handshake does not hold up a caller that gives up', async () => {
      const subscription = await subscriptionAt(`https://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`), attemptTimeoutMs: 60_000 });
      const accepted = once(server, 'accepted');
      const giveUp = new AbortController();
      const sending = transport.send(messageTo(subscription), giveUp.signal);
      const [socket] = (await accepted) as [Socket];
      giveUp.abort();
      expect(await sending).toEqual(failure('aborted'));
      const closed = once(socket.resume(), 'close');
      await transport.close();
      await closed;
    });

    test('never finishes the handshake does not outlive a closed transport', async () => {
      const subscription = await subscriptionAt(`https://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`), attemptTimeoutMs: 60_000 });
      const accepted = once(server, 'accepted');
      const sending = transport.send(messageTo(subscription), never);
      const [socket] = (await accepted) as [Socket];
      const closed = once(socket.resume(), 'close');
      await transport.close();
      expect(await sending).toEqual(failure('aborted'));
      await closed;
    });

    test.each([
      ['sends no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['sends endless headers', `HTTP/1.1 201 Created\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
      ['breaks off within the headers', 'HTTP/1.1 201 Created\r\nContent-'],
    ])('%s gives reset', async (_name, answer) => {
      server.on('accepted', (socket: Socket) => socket.once('data', () => socket.end(answer)));
      const subscription = await subscriptionAt(`http://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`) });
      expect(await transport.send(messageTo(subscription), never)).toEqual(failure('reset'));
    });

    test.each([
      ['Retry-After: 299.997', '299.997', {}],
      ['Retry-After: 30\r\nRetry-After: Thu, 01 Jan 2026 00:01:00 GMT', '30, Thu, 01 Jan 2026 00:01:00 GMT', {}],
      ['TTL: 59.9', null, { ttlSeconds: 59 }],
      ['TTL:  +60 ', null, { ttlSeconds: 60 }],
      ['TTL: 0', null, { ttlSeconds: 0 }],
      ['TTL: -1', null, {}],
      ['TTL: soon', null, {}],
    ])('writes numbers in its own way, as %j, is understood', async (header, retryAfter, ttl) => {
      const answer = `HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n${header}\r\n\r\n`;
      server.on('accepted', (socket: Socket) => socket.once('data', () => socket.end(answer)));
      const subscription = await subscriptionAt(`http://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`) });
      const result = await transport.send(messageTo(subscription), never);
      expect(result).toEqual({ kind: 'response', status: 503, retryAfter, reason: null, ...ttl });
    });

    test('sends its body a byte at a time without end is read until the deadline, and the connection is closed', async () => {
      const closed = new Promise((resolve) => {
        server.on('accepted', (socket: Socket) => {
          let dripping: NodeJS.Timeout | undefined;
          socket.once('data', () => {
            socket.write('HTTP/1.1 410 Gone\r\nContent-Length: 60000\r\n\r\n');
            dripping = setInterval(() => socket.write('x '), 10);
          });
          socket.once('close', () => resolve(clearInterval(dripping)));
        });
      });
      const subscription = await subscriptionAt(`http://127.0.0.1:${port}`);
      const transport = closing.transport({ allowedHosts: allowed(`127.0.0.1:${port}`), attemptTimeoutMs: 1000 });
      const result = await transport.send(messageTo(subscription), never);
      expect(result).toMatchObject({ kind: 'response', status: 410, reason: expect.stringMatching(/^x( x)*/) });
      await closed;
    });

    test('has no address gives dns', async () => {
      const subscription = await subscriptionAt('https://no-such-push-service.test');
      const transport = closing.transport({ allowedHosts: allowed('no-such-push-service.test') });
      const result = await transport.send(messageTo(subscription), never);
      expect(['dns', 'dns_unavailable']).toContain('failure' in result && result.failure);
      expect(result).toMatchObject({ scene: { host: 'no-such-push-service.test' } });
    });

    test('is known but leads to a private address is not connected to', async () => {
      for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254']) {
        const subscription = await subscriptionAt('https://updates.push.services.mozilla.com');
        const transport = closing.transport({ resolve: resolvingTo(address) });
        expect(await transport.send(messageTo(subscription), never)).toEqual({
          ...failure('dns_sinkhole'),
          scene: { host: 'updates.push.services.mozilla.com', address },
        });
      }
    });

    test('is named may lead to a private address', async () => {
      const emulator = await closing.emulator();
      const device = emulator.createDevice();
      const endpoint = device.subscription.endpoint.replace('127.0.0.1', 'localhost');
      const named = allowed(`localhost:${emulator.port}`);
      const transport = closing.transport({
        allowedHosts: named,
        caPem: emulator.caPem,
        resolve: resolvingTo('127.0.0.1'),
      });
      // The token's audience is the endpoint's origin, which this emulator does not go by.
      expect(await transport.send(messageTo({ ...device.subscription, endpoint }), never)).toMatchObject({
        status: 401,
      });
    });
  });
}
