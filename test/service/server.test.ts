import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { closed, heard, LISTEN, openSocket } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

let api: Api;
let server: Server;
beforeEach(async () => {
  api = await startApi();
  server = await listen(createListener(api.app, api.parts), LISTEN);
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

it('keeps a connection for longer than the head of a request may take, for as long as its setting says', async () => {
  const kept = await listen(createListener(api.app, api.parts), {
    ...LISTEN,
    intakeLimits: { ...LISTEN.intakeLimits, headersTimeoutMs: 200, bodyTimeoutMs: 200, keepAliveTimeoutMs: 4000 },
  });
  const socket = openSocket(Number(new URL(addressOf(kept)).port));
  const ask = (): Promise<string> => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    return heard(socket, /"status":"ok"/);
  };
  expect(await ask()).toMatch(/^Connection: keep-alive\r\nKeep-Alive: timeout=4\r$/m);
  // Node looks for what takes too long once a second.
  await delay(2600);
  expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
  const endedAtMs = performance.now();
  await closed(socket);
  expect(performance.now() - endedAtMs).toBeGreaterThan(3500);
  await closeServer(kept);
});

it('closes connections that wait for a next request where others need the room', async () => {
  const small = await listen(createListener(api.app, api.parts), {
    ...LISTEN,
    intakeLimits: { ...LISTEN.intakeLimits, maxConnections: 10 },
  });
  const port = Number(new URL(addressOf(small)).port);
  for (let count = 0; count < 30; count += 1) {
    const socket = openSocket(port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await heard(socket, /"status":"ok"/)).toMatch(/^HTTP\/1\.1 200 /);
  }
  await closeServer(small);
});

it('lets a request that is under way end, and the connection with it', async () => {
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
  expect(answer).toMatch(/^Connection: close\r$/im);
});

it('closes a connection that says nothing, and none that waits for an answer which takes long', async () => {
  let work = (): void => {};
  const worked = new Promise<void>((resolve) => {
    work = resolve;
  });
  const slow = await listen(
    {
      ...createListener(api.app, api.parts),
      async onRequest(_incoming, outgoing) {
        await worked;
        outgoing.end('done at last');
      },
    },
    LISTEN,
    100,
  );
  const port = Number(new URL(addressOf(slow)).port);
  const [waiting, silent, halfway] = [openSocket(port), openSocket(port), openSocket(port)];
  const answer = heard(waiting, /done at last/);
  waiting.write('POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}');
  halfway.write('POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n');
  await Promise.all([closed(silent), closed(halfway)]);
  // Both were opened after the one that waits, which had its own time thrice as long ago by now.
  await delay(200);
  work();
  expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  await closeServer(slow);
});

it('closes a connection that takes too long for the head of a request, or says nothing', async () => {
  const strict = await listen(createListener(api.app, api.parts), {
    ...LISTEN,
    intakeLimits: { ...LISTEN.intakeLimits, headersTimeoutMs: 200, bodyTimeoutMs: 200 },
  });
  const port = Number(new URL(addressOf(strict)).port);
  const [silent, slow, unread] = [openSocket(port), openSocket(port), openSocket(port)];
  slow.write('GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  unread.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
  for (const socket of [silent, slow, unread]) socket.resume();
  const startedAtMs = performance.now();
  await Promise.all([silent, slow, unread].map(closed));
  expect(performance.now() - startedAtMs).toBeLessThan(5000);
  await closeServer(strict);
});

it('has so many connections and no more', async () => {
  const small = await listen(createListener(api.app, api.parts), {
    ...LISTEN,
    intakeLimits: { ...LISTEN.intakeLimits, maxConnections: 2 },
  });
  const port = Number(new URL(addressOf(small)).port);
  const ask = (): Promise<string> => {
    const socket = openSocket(port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    return heard(socket, /"status":"ok"/).finally(() => socket.destroy());
  };
  const [first, second] = [openSocket(port), openSocket(port)];
  await Promise.all([once(first, 'connect'), once(second, 'connect')]);
  await expect(ask()).rejects.toThrow(/closed/);
  first.destroy();
  await until('there is room again', () => ask().then(Boolean, () => false));
  second.destroy();
  await closeServer(small);
});
