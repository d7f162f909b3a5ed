import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { closeServer, listen } from '../../src/service/server.ts';
import { type Api, startApi } from '../support/api.ts';
import { answerOf, closed, exchange, heard, LISTEN, openSocket } from '../support/raw-http.ts';

let api: Api;
let server: Server;
let port: number;
beforeEach(async () => {
  api = await startApi();
  const intakeLimits = { ...LISTEN.intakeLimits, headersTimeoutMs: 300, bodyTimeoutMs: 300 };
  server = await listen(createListener(api.app, api.parts), { ...LISTEN, intakeLimits });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

const head = 'GET /healthz HTTP/1.1\r\nHost: a\r\n';

it.each([
  ['words', 'hello\r\n\r\n', 400, 'malformed_request'],
  ['the begin of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'malformed_request'],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ['a header without a name', `${head}: x\r\n\r\n`, 400, 'malformed_request'],
  ['two lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400, 'malformed_request'],
  ['20 KB of headers', `${head}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['300 KB of headers', `${head}X-Long: ${'x'.repeat(300_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['half a head', `${head}X-Slow: `, 408, 'request_timeout'],
])('%s is answered with a problem, and is in the log', async (_, octets, status, code) => {
  const answer = await exchange(port, octets);
  expect(answer).toMatchObject({ status, body: { status, code, type: `urn:bellhop:error:${code}` } });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('connection')).toBe('close');
  expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id);
  expect(answer.text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  expect(api.lines).toMatchObject([
    { status, code, method: '-', route: null, client: '127.0.0.1', request_id: answer.body.request_id },
  ]);
});

it('what comes behind an answer is answered by itself', async () => {
  const socket = openSocket(port);
  socket.write(`${head}\r\n`);
  await heard(socket, /"status":"ok"/);
  const refused = heard(socket, /malformed_request/);
  socket.write('x\r\n\r\n');
  expect(answerOf(await refused).status).toBe(400);
  await closed(socket);
});
