import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { MAX_REQUESTS_UNDER_WAY } from '../../src/service/pipelining.ts';
import { closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { closed, heard, LISTEN, openSocket } from '../support/raw-http.ts';

let api: Api;
let server: Server;
let port: number;
beforeEach(async () => {
  api = await startApi();
  server = await listen(createListener(api.app, api.parts), LISTEN);
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

const get = `GET /v1/subscriptions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`;
const answers = (count: number): RegExp => new RegExp(`(HTTP/1\\.1 200 [\\s\\S]*){${count}}"next_cursor":null}$`);

it('answers a few requests at once on a connection, and as many as you like one after the other', async () => {
  const socket = openSocket(port);
  for (let round = 0; round < 20; round += 1) {
    socket.write(get.repeat(MAX_REQUESTS_UNDER_WAY));
    await heard(socket, answers(MAX_REQUESTS_UNDER_WAY));
  }
  socket.destroy();
});

it('cuts a connection on which many more come at once', async () => {
  let requests = 0;
  server.on('request', () => {
    requests += 1;
  });
  const socket = openSocket(port);
  socket.resume();
  socket.write(get.repeat(1000));
  await closed(socket);
  expect(requests).toBe(MAX_REQUESTS_UNDER_WAY);
  const other = openSocket(port);
  other.write(get);
  await heard(other, answers(1));
  other.destroy();
});
