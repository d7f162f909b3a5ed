import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type PushProxy, parseProxyExceptions, parseProxyServer } from '../../src/domain/push-service/proxy.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { PushTransport } from '../../src/push/push-transport.ts';
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts';
import { until } from '../support/until.ts';
import { allowed, Closing, messageTo, never } from './transport-fixture.ts';

const closing = new Closing();
const proxies: ConnectProxy[] = [];
afterEach(async () => {
  await closing.all();
  for (const proxy of proxies.splice(0)) await proxy.close();
});

async function connectProxy(options?: ConnectProxyOptions): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  proxies.push(proxy);
  return proxy;
}

function through(url: string, parts: { noProxy?: string; from?: PushProxy['from'] } = {}): PushProxy {
  const server = parseProxyServer(url);
  if ('problem' in server) throw new Error(server.problem);
  return { server, from: parts.from ?? 'PUSH_PROXY_URL', exceptions: parseProxyExceptions(parts.noProxy ?? '') };
}

type TransportOptions = Parameters<Closing['transportTo']>[1];

function transportThrough(url: string, emulator: Emulator, options: TransportOptions = {}): PushTransport {
  return closing.transportTo(emulator, { proxy: through(url), ...options });
}

const send = (transport: PushTransport, emulator: Emulator) =>
  transport.send(messageTo(emulator.createDevice().subscription), never);

describe('a push through a proxy', () => {
  test('goes through a tunnel to the push host, which alone sees it, and keeps the connection for the next', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const transport = transportThrough(proxy.url, emulator, { maxConnectionsPerOrigin: 1 });
    for (let sent = 0; sent < 3; sent += 1) expect(await send(transport, emulator)).toMatchObject({ status: 201 });
    expect(proxy.asked).toEqual([{ target: `127.0.0.1:${emulator.port}`, authorization: undefined }]);
    expect(emulator.connectionCount()).toBe(1);
  });

  test('names user and password to the proxy, and to nobody else', async () => {
    const [emulator, proxy] = [
      await closing.emulator(),
      await connectProxy({ authorization: `Basic ${btoa('ada:p@ss:w')}` }),
    ];
    const transport = transportThrough(proxy.url.replace('://', '://ada:p%40ss%3Aw@'), emulator);
    const device = emulator.createDevice();
    expect(await transport.send(messageTo(device.subscription), never)).toMatchObject({ status: 201 });
    expect(device.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('goes through a proxy that speaks TLS, whose private authority is named', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy({ tls: true })];
    const transport = transportThrough(proxy.url, emulator, { caPem: `${emulator.caPem}\n${proxy.caPem}` });
    expect(await send(transport, emulator)).toMatchObject({ status: 201 });
    expect(proxy.asked).toHaveLength(1);
  });

  test('has as many connections at once as without one', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const transport = transportThrough(proxy.url, emulator, { maxConnectionsPerOrigin: 4 });
    const results = await Promise.all(Array.from({ length: 20 }, () => send(transport, emulator)));
    expect(results.map((result) => 'status' in result && result.status)).toEqual(Array(20).fill(201));
    expect(proxy.asked.length).toBeLessThanOrEqual(4);
  });

  test('resolves no name here: that is the proxy’s affair', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const resolve = () => Promise.reject(new Error('a name was looked up'));
    const transport = transportThrough(proxy.url, emulator, {
      resolve,
      allowedHosts: allowed(`localhost:${emulator.port}`),
    });
    const { subscription } = emulator.createDevice();
    const endpoint = subscription.endpoint.replace('127.0.0.1', 'localhost');
    // The token’s audience is the endpoint’s origin, which this emulator does not go by.
    expect(await transport.send(messageTo({ ...subscription, endpoint }), never)).toMatchObject({ status: 401 });
    expect(proxy.asked).toMatchObject([{ target: `localhost:${emulator.port}` }]);
  });

  test.each([
    'https://evil.example/x',
    'https://10.0.0.1/x',
    'https://[::1]/x',
    'https://8.8.8.8/x',
    'https://fcm.googleapis.com:8443/x',
  ])('is none where the endpoint is not allowed: %s', async (endpoint) => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const transport = transportThrough(proxy.url, emulator);
    const result = await transport.send(messageTo({ ...emulator.createDevice().subscription, endpoint }), never);
    expect(result).toEqual({ kind: 'failure', failure: 'endpoint_not_allowed' });
    expect(proxy.connections()).toBe(0);
  });

  test('goes directly where NO_PROXY says so, and where HTTPS_PROXY has nothing to say', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const direct = closing.transportTo(emulator, {
      proxy: through(proxy.url, { noProxy: `127.0.0.1:${emulator.port}` }),
    });
    expect(await send(direct, emulator)).toMatchObject({ status: 201 });
    const plain = await closing.emulator({ tls: false });
    const ofTheSystem = closing.transportTo(plain, { proxy: through(proxy.url, { from: 'HTTPS_PROXY' }) });
    expect(await send(ofTheSystem, plain)).toMatchObject({ status: 201 });
    expect(proxy.asked).toEqual([]);
    const own = closing.transportTo(plain, { proxy: through(proxy.url) });
    expect(await send(own, plain)).toMatchObject({ status: 201 });
    expect(proxy.asked).toHaveLength(1);
  });
});

describe('a proxy that', () => {
  const failure = (kind: string, proxy: string, status?: number) => ({
    kind: 'failure',
    failure: kind,
    scene: { host: '127.0.0.1', proxy, ...(status === undefined ? {} : { status }) },
  });

  test.each([
    [407, 'proxy_auth'],
    [403, 'proxy_denied'],
    [405, 'proxy_denied'],
    [302, 'proxy_denied'],
    [500, 'proxy_gateway'],
    [502, 'proxy_gateway'],
    [503, 'proxy_gateway'],
    [504, 'proxy_gateway'],
  ])('answers %i gives %s, and is asked once for each push', async (status, kind) => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    proxy.answerWith(status);
    const transport = transportThrough(proxy.url, emulator);
    expect(await send(transport, emulator)).toEqual(failure(kind, proxy.name, status));
    expect(await send(transport, emulator)).toEqual(failure(kind, proxy.name, status));
    expect(proxy.asked).toHaveLength(2);
    proxy.answerWith(null);
    expect(await send(transport, emulator)).toMatchObject({ status: 201 });
  });

  test.each([
    ['breaks off without an answer', 'reset'],
    ['answers what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('%s gives proxy_reset, and is not asked again and again', async (_name, answer) => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    proxy.answerWith(answer);
    const transport = transportThrough(proxy.url, emulator);
    expect(await send(transport, emulator)).toEqual(failure('proxy_reset', proxy.name));
    expect(proxy.asked).toHaveLength(1);
  });

  test('closes each connection at once gives proxy_reset, and is not connected to again and again', async () => {
    const emulator = await closing.emulator();
    let accepted = 0;
    const server = createServer((socket: Socket) => {
      accepted += 1;
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = transportThrough(`http://${name}`, emulator);
    expect(await send(transport, emulator)).toEqual(failure('proxy_reset', name));
    expect(accepted).toBeLessThanOrEqual(2);
    server.close();
  });

  test('does not answer gives proxy_timeout before the attempt’s own time is up', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    proxy.answerWith('hang');
    const transport = transportThrough(proxy.url, emulator, { attemptTimeoutMs: 600 });
    expect(await send(transport, emulator)).toEqual(failure('proxy_timeout', proxy.name));
  });

  test('is not there gives proxy_refused', async () => {
    const emulator = await closing.emulator();
    const name = `127.0.0.1:${await freePort()}`;
    expect(await send(transportThrough(`http://${name}`, emulator), emulator)).toEqual(failure('proxy_refused', name));
  });

  test('has no address gives proxy_dns', async () => {
    const emulator = await closing.emulator();
    const result = await send(transportThrough('http://no-such-proxy.test:3128', emulator), emulator);
    expect(result).toEqual(failure('proxy_dns', 'no-such-proxy.test:3128'));
  });

  test('has a certificate of an unknown authority, or none at all, gives proxy_tls', async () => {
    const [emulator, proxy, plain] = [
      await closing.emulator(),
      await connectProxy({ tls: true }),
      await connectProxy(),
    ];
    expect(await send(transportThrough(proxy.url, emulator), emulator)).toEqual(failure('proxy_tls', proxy.name));
    const url = plain.url.replace('http:', 'https:');
    expect(await send(transportThrough(url, emulator), emulator)).toEqual(failure('proxy_tls', plain.name));
  });

  test('leads to a push host whose certificate is not trusted gives tls: the fault is not the proxy’s', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const transport = transportThrough(proxy.url, emulator, { caPem: null });
    expect(await send(transport, emulator)).toEqual({ kind: 'failure', failure: 'tls' });
  });

  test('hangs does not outlive a closed transport, nor does a tunnel', async () => {
    const [emulator, proxy] = [await closing.emulator(), await connectProxy()];
    const transport = transportThrough(proxy.url, emulator, { attemptTimeoutMs: 60_000 });
    const hanging = emulator.createDevice({ behaviour: [{ fault: 'hang' }] });
    const sending = [transport.send(messageTo(hanging.subscription), never)];
    await hanging.nextRequest();
    proxy.answerWith('hang');
    sending.push(send(transport, emulator));
    await until('the proxy was asked again', () => proxy.asked.length === 2);
    await transport.close();
    const aborted = { kind: 'failure', failure: 'aborted' };
    expect(await Promise.all(sending)).toEqual([aborted, aborted]);
    await emulator.disconnected();
    await until('the proxy has no connection', () => proxy.connections() === 0);
    expect(await send(transport, emulator)).toEqual(aborted);
  });
});
