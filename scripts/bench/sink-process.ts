import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { makeCertificate } from '../../src/emulator/certificates.ts';
import { forHttp2, HTTP2_OPTIONS } from '../../src/emulator/exchange.ts';
import { trackSockets } from '../../src/emulator/socket-tracker.ts';
import { answerQuestions } from './child.ts';

export type SinkQuestion =
  | { readonly kind: 'where' }
  | { readonly kind: 'count' }
  | { readonly kind: 'await'; readonly count: number }
  | { readonly kind: 'reached'; readonly paths: readonly string[] }
  | { readonly kind: 'left' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'arrivals' };

/**
 * The emulator's server without its eyes: it takes every push and notes when each endpoint was first called. Checking and
 * decrypting would cost more than sending, on the one core that is left.
 */
const LOOK_AGAIN_MS = 5;

const { key, cert, caPem } = await makeCertificate();
const arrivals = new Map<string, number>();
let count = 0;
let awaited: { readonly count: number; readonly resolve: () => void } | null = null;

const server = createSecureServer(
  { key, cert, ...HTTP2_OPTIONS },
  forHttp2((request, response) => {
    const url = request.url ?? '';
    if (!arrivals.has(url)) arrivals.set(url, performance.timeOrigin + performance.now());
    request.resume();
    request.on('end', () => {
      response.writeHead(201, { TTL: '60' });
      response.end();
      count += 1;
      if (awaited !== null && count >= awaited.count) awaited.resolve();
    });
  }),
);
const sockets = trackSockets(server);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

answerQuestions<SinkQuestion>(async (question) => {
  switch (question.kind) {
    case 'where':
      return { port, caPem };
    case 'count':
      return { count };
    case 'await':
      await new Promise<void>((resolve) => {
        awaited = { count: question.count, resolve };
        if (count >= question.count) resolve();
      });
      awaited = null;
      return { count, atMs: performance.timeOrigin + performance.now() };
    case 'reached':
      while (!question.paths.every((path) => arrivals.has(path))) await wait(LOOK_AGAIN_MS);
      return {};
    case 'left':
      await sockets.noneOpen();
      return {};
    case 'forget':
      arrivals.clear();
      count = 0;
      return {};
    case 'arrivals':
      return { arrivals: [...arrivals] };
  }
});
