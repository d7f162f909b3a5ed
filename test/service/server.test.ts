import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';

let api: Api;
let server: Server;
beforeEach(async () => {
  api = await startApi();
  server = await listen(createListener(api.app, api.parts), { port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

const socketTo = async (): Promise<Socket> => {
  const socket = connect({ port: Number(new URL(addressOf(server)).port), host: '127.0.0.1' });
  const accepted = once(server, 'connection');
  await Promise.all([once(socket, 'connect'), accepted]);
  // Else nobody would notice that the server closed it.
  socket.resume();
  return socket;
};

/** Well under the time after which everything is cut. */
const closesSoon = async (): Promise<void> => {
  const startedAtMs = performance.now();
  await closeServer(server);
  expect(performance.now() - startedAtMs).toBeLessThan(2500);
};

it('waits for no connection on which nothing was asked', async () => {
  const socket = await socketTo();
  const closed = once(socket, 'close');
  await closesSoon();
  await closed;
});

it('waits for no connection that is kept for a next request, even one that ends meanwhile', async () => {
  const socket = await socketTo();
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server, 'request');
  await closesSoon();
});

it('lets a request that is under way end', async () => {
  const socket = await socketTo();
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const closed = once(socket, 'close');
  const head = `POST /v1/notifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\nContent-Length: 2`;
  socket.write(`${head}\r\n\r\n{`);
  await once(server, 'request');
  const closing = closeServer(server);
  await turn();
  socket.write('}');
  await Promise.all([closing, closed]);
  expect(answer).toMatch(/^HTTP\/1\.1 415 /);
});
