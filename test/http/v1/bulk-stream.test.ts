import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createListener } from '../../../src/http/listener.ts';
import { closeServer, listen } from '../../../src/service/server.ts';
import { type Api, type ApiOptions, SECRET, signatureOf, startApi } from '../../support/api.ts';
import { closed, heard, LISTEN, openSocket } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

let api: Api;
let server: Server;
let port: number;
/** The server's end of each connection. */
let ends: Socket[];
const start = async (options: ApiOptions = {}, limits: Partial<typeof LISTEN.intakeLimits> = {}): Promise<void> => {
  api = await startApi(options);
  ends = [];
  server = await listen(createListener(api.app, api.parts), {
    ...LISTEN,
    intakeLimits: { ...LISTEN.intakeLimits, ...limits },
  });
  server.on('connection', (socket) => ends.push(socket));
  port = (server.address() as AddressInfo).port;
};
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

const BEARER = `Authorization: Bearer ${SECRET}`;
const head = (...more: string[]): string =>
  `${['POST /v1/notifications/bulk HTTP/1.1', 'Host: a', 'Content-Type: application/x-ndjson', ...more].join('\r\n')}\r\n\r\n`;
const streaming = (): string => head(BEARER, 'Transfer-Encoding: chunked');
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const END = '0\r\n\r\n';
const line = (key: string): string =>
  `${JSON.stringify({ idempotency_key: key, type: 'order.shipped', user_ids: ['ada'], title: 'On its way' })}\n`;
const result = (number: number, status: string): RegExp => new RegExp(`"line":${number},[^\\n]*"status":"${status}"`);
const stored = async (): Promise<number> =>
  (await api.call('GET', '/v1/notifications?limit=200')).body.items.length as number;
const ended = (socket: Socket): Promise<string> => heard(socket, /(^|\n)0\r\n\r\n$/);

describe('a body of lines that is streamed', () => {
  it('is answered while it is read: the first results are there before the next line is sent', async () => {
    await start();
    const socket = openSocket(port);
    socket.write(streaming());
    expect(await heard(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*X-Accel-Buffering: no\r\n/i);
    for (let number = 1; number <= 5; number += 1) {
      const answered = heard(socket, result(number, 'accepted'));
      socket.write(chunk(line(`k${number}`)));
      await answered;
      expect(await stored()).toBe(number);
    }
    const over = ended(socket);
    socket.write(END);
    await over;
    // The connection is good for the next request.
    const next = heard(socket, /"status":"ok"/);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await next;
    socket.destroy();
  });

  it('is not read while nobody takes the results', async () => {
    await start();
    const LINES = 12_000;
    // Of 160 octets come more than 1200: all of it is more than the kernel keeps for a connection.
    const strange = JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x${at}`, 0])));
    const body = `${strange}\n`.repeat(LINES);
    const socket = openSocket(port);
    socket.pause();
    socket.write(head(BEARER, `Content-Length: ${body.length}`));
    socket.write(body);
    await until('results pile up', () => (ends[0]?.writableLength ?? 0) > 0, 30_000);
    let read = -1;
    await until('nothing more is read', async () => {
      const before = read;
      read = ends[0]?.bytesRead ?? 0;
      await wait(300);
      return read === before;
    });
    expect(read).toBeLessThan(body.length);
    // One group of results, and what Node writes at once.
    expect(ends[0]?.writableLength).toBeLessThan(256 * 1024);
    let count = 0;
    socket.on('data', (octets: Buffer) => {
      count += octets.toString('latin1').split('"line":').length - 1;
    });
    const over = ended(socket);
    socket.resume();
    await over;
    // Some names are cut in two by the borders of what came.
    expect(count).toBeGreaterThan(LINES * 0.9);
    socket.destroy();
  }, 90_000);

  it('may take longer than any other request, as long as something moves', async () => {
    await start({}, { headersTimeoutMs: 300, bodyTimeoutMs: 300 });
    const socket = openSocket(port);
    socket.write(streaming());
    for (let number = 1; number <= 3; number += 1) {
      const answered = heard(socket, result(number, 'accepted'));
      socket.write(chunk(line(`k${number}`)));
      await answered;
      // Node looks for what takes too long once a second.
      await wait(1500);
    }
    // Only as long as it is under way: the next request on the connection is like any other.
    const over = ended(socket);
    socket.write(END);
    await over;
    const refused = heard(socket, /request_timeout/);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    expect(await refused).toMatch(/408/);
  });

  it('keeps whole lines alone where it breaks off, and is continued by the same file', async () => {
    await start();
    const all = Array.from({ length: 100 }, (_, at) => line(`k${at}`)).join('');
    const socket = openSocket(port);
    socket.write(head(BEARER, `Content-Length: ${all.length}`));
    const answered = heard(socket, result(50, 'accepted'));
    // Line 51 is whole JSON, but its end has not come.
    const cut = line('k0').length * 10 + line('k10').length * 40 + line('k50').length - 1;
    socket.write(all.slice(0, cut));
    await answered;
    socket.destroy();
    await until('the break is noticed', () => ends[0]?.destroyed === true);
    expect(await stored()).toBe(50);
    const again = openSocket(port);
    const over = ended(again);
    again.write(head(BEARER, `Content-Length: ${all.length}`) + all);
    const text = await over;
    expect([text.match(/"status":"repeated"/g)?.length, text.match(/"status":"accepted"/g)?.length]).toEqual([50, 50]);
    expect(await stored()).toBe(100);
    expect(api.errors).toEqual([]);
    again.destroy();
  });

  it('says to whoever waits for it that the body may come, and not to a stranger', async () => {
    await start();
    const socket = openSocket(port);
    socket.write(head(BEARER, `Content-Length: ${line('k').length}`, 'Expect: 100-continue'));
    await heard(socket, /^HTTP\/1\.1 100 Continue\r\n\r\n/);
    const answered = heard(socket, result(1, 'accepted'));
    socket.write(line('k'));
    await answered;
    const stranger = openSocket(port);
    stranger.write(head('Authorization: Bearer no', 'Content-Length: 10', 'Expect: 100-continue'));
    expect(await heard(stranger, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401 /);
    stranger.destroy();
    socket.destroy();
  });

  it('ends with whole results when the server stops, and at once', async () => {
    const stopping = new AbortController();
    await start({ stopping: stopping.signal });
    const socket = openSocket(port);
    socket.write(streaming());
    const first = heard(socket, result(1, 'accepted'));
    socket.write(chunk(line('k1')));
    await first;
    const over = ended(socket);
    stopping.abort();
    await over;
    await closed(socket);
    expect(await stored()).toBe(1);
  });
});

describe('a signed body of lines', () => {
  const signed = (body: string, digest: string | null): string => {
    const timestamp = String(Math.floor(api.clock.now() / 1000));
    const signature = signatureOf({ timestamp, method: 'POST', path: '/v1/notifications/bulk', body });
    return head(
      `X-Timestamp: ${timestamp}`,
      `X-Signature: ${signature}`,
      ...(digest === null ? [] : [`X-Content-SHA256: ${digest}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
    );
  };

  it('is accepted when its last octet is there, and not a line before', async () => {
    await start();
    const body = line('k1') + line('k2');
    const socket = openSocket(port);
    socket.write(signed(body, null));
    socket.write(body.slice(0, -1));
    await until('it is read', () => (ends[0]?.bytesRead ?? 0) > body.length);
    expect(await stored()).toBe(0);
    const answered = heard(socket, result(2, 'accepted'));
    socket.write(body.slice(-1));
    await answered;
    expect(await stored()).toBe(2);
    socket.destroy();
  });

  it('is refused by its head where the digest there is not the one that was signed', async () => {
    await start();
    const socket = openSocket(port);
    socket.write(signed(line('k1'), '0'.repeat(64)));
    // Nothing of the body was sent.
    expect(await heard(socket, /bad_signature/)).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });
});
