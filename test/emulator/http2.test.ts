import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Step } from '../../src/emulator/behaviour.ts';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { pushTo } from './push-request.ts';

let emulator: Emulator;
let device: Device;
let session: ClientHttp2Session;
beforeEach(async () => {
  emulator = await startEmulator();
  device = emulator.createDevice();
  session = connect(emulator.origin, { ca: emulator.caPem ?? '' });
  // What breaks is looked at in the streams.
  session.on('error', () => undefined);
});
afterEach(async () => {
  session.destroy();
  await emulator.close();
});

function send(to = device, path = new URL(to.subscription.endpoint).pathname): ClientHttp2Stream {
  const { headers, body } = pushTo(to);
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  stream.end(body);
  return stream;
}

type Ending = { status: number | undefined; octets: number; error: string | null };

/** How the exchange ended, and what came before. */
async function endingOf(stream: ClientHttp2Stream): Promise<Ending> {
  const ending: Ending = { status: undefined, octets: 0, error: null };
  stream.on('response', (headers) => {
    ending.status = headers[':status'];
  });
  stream.on('data', (chunk: Buffer) => {
    ending.octets += chunk.length;
  });
  stream.on('error', (error: Error) => {
    ending.error = error.message;
  });
  await new Promise((resolve) => stream.once('close', resolve));
  return ending;
}

async function negotiated(origin: Emulator, ...protocols: string[]): Promise<string | false | null> {
  const socket = connectTls({
    port: origin.port,
    host: '127.0.0.1',
    ca: origin.caPem ?? '',
    ALPNProtocols: protocols,
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket.alpnProtocol;
}

describe('one port', () => {
  test('speaks HTTP/2 to a client that can, and HTTP/1.1 to one that cannot', async () => {
    expect(await negotiated(emulator, 'h2', 'http/1.1')).toBe('h2');
    expect(await negotiated(emulator, 'http/1.1')).toBe('http/1.1');
  });

  test('can be told to offer HTTP/1.1 alone', async () => {
    const older = await startEmulator({ http2: false });
    expect(await negotiated(older, 'h2', 'http/1.1')).toBe('http/1.1');
    await older.close();
  });
});

describe('over HTTP/2', () => {
  test('pushes are accepted and decrypted, many over one connection', async () => {
    const endings = await Promise.all(Array.from({ length: 20 }, () => endingOf(send())));
    expect(endings).toEqual(Array(20).fill({ status: 201, octets: 0, error: null }));
    expect(device.received.map(({ payload, httpVersion }) => [payload, httpVersion])).toEqual(
      Array(20).fill(['hi', '2.0']),
    );
    expect(emulator.connectionCount()).toBe(1);
  });

  test('an unknown endpoint is refused', async () => {
    expect(await endingOf(send(device, '/wpush/v2/nobody'))).toMatchObject({ status: 404, error: null });
  });

  test('a reset closes the stream, and leaves the connection to the others', async () => {
    device.setBehaviour([{ fault: 'reset' }]);
    const patient = emulator.createDevice({ behaviour: [{ delayMs: 50 }] });
    const [broken, whole] = await Promise.all([endingOf(send()), endingOf(send(patient))]);
    expect(broken).toEqual({ status: undefined, octets: 0, error: expect.stringContaining('INTERNAL_ERROR') });
    expect(whole).toEqual({ status: 201, octets: 0, error: null });
    expect(device.requests.map((push) => push.status)).toEqual([null]);
    expect(emulator.connectionCount()).toBe(1);
  });

  test('a reset within the body comes after the status and the start', async () => {
    device.setBehaviour([{ status: 500, body: 'begun', fault: 'reset_mid_body' }]);
    expect(await endingOf(send())).toEqual({
      status: 500,
      octets: 5,
      error: expect.stringContaining('INTERNAL_ERROR'),
    });
  });

  test.each<[Step, number | undefined]>([
    [{ fault: 'hang' }, undefined],
    [{ status: 503, fault: 'hang_mid_body' }, 503],
  ])('%j never ends until the client gives up', async (step, status) => {
    device.setBehaviour([step]);
    const stream = send();
    const ending = endingOf(stream);
    const push = await device.nextRequest();
    if (status !== undefined) await once(stream, 'response');
    stream.close();
    expect(await ending).toMatchObject({ status });
    await push.closed;
  });

  test('junk of 64 KiB arrives whole', async () => {
    device.setBehaviour([{ status: 502, bodyOctets: 65_536 }]);
    expect(await endingOf(send())).toEqual({ status: 502, octets: 65_536, error: null });
  });

  test.each([2, 500])('a Content-Length of %i beside a body of 4 makes the answer malformed', async (contentLength) => {
    device.setBehaviour([{ status: 404, body: 'gone', contentLength }]);
    expect(await endingOf(send())).toMatchObject({ error: expect.stringContaining('PROTOCOL_ERROR') });
  });

  test('closing ends what hangs, and its connection', async () => {
    device.setBehaviour([{ fault: 'hang' }]);
    const ending = endingOf(send());
    const push = await device.nextRequest();
    await emulator.close();
    expect((await ending).status).toBeUndefined();
    await push.closed;
    await emulator.disconnected();
  });
});
