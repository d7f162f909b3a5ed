import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Config, ConfigError } from '../config/config.ts';
import { limitPipelining } from './pipelining.ts';

/** Connections on which nothing was asked yet: browsers open them for later. */
const unused = new WeakMap<Server, Set<Socket>>();

/** How long callers in the middle of a request are waited for. */
const INTAKE_DRAIN_MS = 5_000;
const IDLE_CHECK_MS = 50;

/** A connection on which nothing moves: mostly one whose answers nobody takes. The streams of the demo page say something oftener. */
const STALLED_MS = 60_000;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1_000;

type ListenConfig = Pick<Config, 'port' | 'host' | 'intakeLimits'>;

/** Resolves once it listens. Rejects with ConfigError where it cannot. */
export async function listen(listener: RequestListener, { port, host, intakeLimits }: ListenConfig): Promise<Server> {
  const { maxConnections, headersTimeoutMs, bodyTimeoutMs } = intakeLimits;
  const server = createServer(
    {
      // The listener refuses a request without one, as all else, with a problem.
      requireHostHeader: false,
      headersTimeout: headersTimeoutMs,
      // A body that is read has a timeout of its own, with an answer. This one is for what is not read, too.
      requestTimeout: headersTimeoutMs + bodyTimeoutMs + TIMEOUT_CHECK_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    listener,
  );
  // Else Node would ask for the body before anybody has looked at the credentials.
  server.on('checkContinue', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  server.maxConnections = maxConnections;
  server.setTimeout(STALLED_MS);
  limitPipelining(server);
  unused.set(server, followUnused(server));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    const culprit = why === 'EADDRINUSE' || why === 'EACCES' ? 'free the port, or name another' : 'name another HOST';
    throw new ConfigError([`PORT ${port} on HOST ${host} cannot be listened on (${why}): ${culprit}.`]);
  }
  return server;
}

/** Where it listens, for example `http://127.0.0.1:8080`. */
export function addressOf(server: Server): string {
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function followUnused(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
  return sockets;
}

/** Takes no more connections, lets requests end, and cuts what is still open after a while. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const socket of unused.get(server) ?? []) socket.destroy();
  // Node closes those that are idle now, and not those that become it when their request has ended.
  const tidying = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const impatience = setTimeout(() => server.closeAllConnections(), INTAKE_DRAIN_MS);
  await closed;
  clearTimeout(impatience);
  clearInterval(tidying);
}
