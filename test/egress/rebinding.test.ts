import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { createEgressGuard, EgressRefusedError } from '../../src/egress/address-guard.ts';
import { failureOf } from '../../src/egress/failures.ts';
import type { Resolver } from '../../src/egress/resolver.ts';
import { allowed, Closing, messageTo, never } from '../push/transport-fixture.ts';

const closing = new Closing();
afterEach(() => closing.all());

/** Global unicast by its form, and in a block that nobody was ever given: to try it bothers no one. */
const PUBLIC = '2000::1';
const PRIVATE = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::1'];

/** A name that leads elsewhere each time it is asked for; the last answer stays. */
function rebinding(...answers: (readonly string[])[]): { resolve: Resolver; askedFor: string[] } {
  const askedFor: string[] = [];
  const resolve: Resolver = async (hostname) => {
    // This network has no translator.
    if (hostname === 'ipv4only.arpa') return [{ address: '192.0.0.170', family: 4 }];
    const addresses = answers[Math.min(askedFor.push(hostname), answers.length) - 1] ?? [];
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolve, askedFor };
}

const KNOWN_HOST = 'updates.push.services.mozilla.com';
const refused = (address: string) => ({
  kind: 'failure',
  failure: 'dns_sinkhole',
  scene: { host: KNOWN_HOST, address },
});

async function subscriptionAt(origin: string) {
  const { subscription } = (await closing.emulator({ tls: false })).createDevice();
  return { ...subscription, endpoint: `${origin}/push/secret` };
}

/** The guard as the transport has it, but for the port: of known push services it is 443 alone. */
function dispatcherFor(resolve: Resolver, ...named: string[]): Agent {
  const guard = createEgressGuard({ allowedHosts: allowed(...named), caPem: null, connectTimeoutMs: 1000, resolve });
  return new Agent({ connect: guard.connect });
}

describe('a name that leads elsewhere the second time', () => {
  test('is looked up once for each connection, and what came of that is what is judged and connected to', async () => {
    const { resolve, askedFor } = rebinding([PUBLIC], ['127.0.0.1']);
    const subscription = await subscriptionAt(`https://${KNOWN_HOST}`);
    const transport = closing.transport({ resolve, attemptTimeoutMs: 300 });
    const first = await transport.send(messageTo(subscription), never);
    // This machine has a way to nobody's address, or has none.
    expect([{ failure: 'timeout' }, { failure: 'refused' }]).toContainEqual({
      failure: 'failure' in first && first.failure,
    });
    expect(askedFor).toEqual([KNOWN_HOST]);
    expect(await transport.send(messageTo(subscription), never)).toEqual(refused('127.0.0.1'));
    expect(askedFor).toEqual([KNOWN_HOST, KNOWN_HOST]);
  });

  test.each(PRIVATE)('%s: is refused by the transport', async (address) => {
    const transport = closing.transport({ resolve: rebinding([address]).resolve });
    const subscription = await subscriptionAt(`https://${KNOWN_HOST}`);
    expect(await transport.send(messageTo(subscription), never)).toEqual(refused(address));
  });
});

describe('a listener on this machine', () => {
  test.each([
    ['an address', ['127.0.0.1']],
    ['an IPv4-mapped address', ['::ffff:127.0.0.1']],
    ['one of several addresses, one of them public', ['127.0.0.1', '::ffff:7f00:1', PUBLIC]],
  ])('is never connected to by %s of a name that was not named', async (_name, addresses) => {
    const { port, connections, close } = await listen();
    const dispatcher = dispatcherFor(rebinding(addresses).resolve);
    const sending = request(`http://rebound.example:${port}/`, { dispatcher, method: 'POST' });
    const error: unknown = await sending.then(
      () => null,
      (reason: unknown) => reason,
    );
    // Where there is a public address beside the others that one alone is tried, and leads nowhere.
    expect(addresses.includes(PUBLIC) ? ['refused', 'timeout'] : ['endpoint_not_allowed']).toContain(failureOf(error));
    await dispatcher.destroy();
    await close();
    expect(connections()).toBe(0);
  });

  test('is not reached over the connection that another name has kept open to it', async () => {
    const emulator = await closing.emulator({ tls: false });
    const { port } = emulator;
    const { resolve, askedFor } = rebinding(['127.0.0.1']);
    const dispatcher = dispatcherFor(resolve, `localhost:${port}`);
    const named = await request(`http://localhost:${port}/`, { dispatcher, method: 'POST' });
    await named.body.dump();
    expect(emulator.connectionCount()).toBe(1);
    for (const host of ['rebound.example', 'localhost.', '127.0.0.1', '[::ffff:127.0.0.1]']) {
      const sending = request(`http://${host}:${port}/`, { dispatcher, method: 'POST' });
      await expect(sending, host).rejects.toBeInstanceOf(EgressRefusedError);
    }
    expect(askedFor).toEqual(['localhost', 'rebound.example', 'localhost.']);
    expect(emulator.connectionCount()).toBe(1);
    await dispatcher.destroy();
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])(
    '%i to another server reaches it not, though it may be pushed to',
    async (status) => {
      const [first, second] = [await closing.emulator(), await closing.emulator()];
      const target = second.createDevice();
      const headers = { Location: target.subscription.endpoint, 'Retry-After': '0' };
      const device = first.createDevice({ behaviour: [{ status, headers }] });
      const transport = closing.transport({
        allowedHosts: allowed(first.allowedHost, second.allowedHost),
        caPem: `${first.caPem}\n${second.caPem}`,
      });
      expect(await transport.send(messageTo(device.subscription), never)).toMatchObject({ kind: 'response', status });
      await transport.close();
      expect([device.requests.length, second.connectionCount()]).toEqual([1, 0]);
      // The other one could have been reached.
      const again = closing.transportTo(second);
      expect(await again.send(messageTo(target.subscription), never)).toMatchObject({ status: 201 });
    },
  );
});

async function listen() {
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => accepted, close: () => new Promise((resolve) => server.close(resolve)) };
}
