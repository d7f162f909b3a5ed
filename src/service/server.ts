import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Config, ConfigError } from '../config/config.ts';
import type { Listener } from '../http/listener.ts';
import { limitPipelining } from './pipelining.ts';

/** What a server that closes has to look after. */
type Open = {
  /** Connections on which nothing was asked yet: browsers open them for later. */
  readonly unused: Set<Socket>;
  /** Answers to come. */
  readonly answers: Set<ServerResponse>;
  isClosing: boolean;
};
const openOf = new WeakMap<Server, Open>();

/** From this share of all connections on, those that wait for a next request make room for new ones. */
const CROWDED_SHARE = 0.9;

/** How long callers in the middle of a request are waited for. */
const INTAKE_DRAIN_MS = 5_000;
const IDLE_CHECK_MS = 50;

/** A connection on which nothing moves, and not because of us: mostly one whose answers nobody takes. Streams say something oftener. */
const STALLED_MS = 60_000;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1_000;

type ListenConfig = Pick<Config, 'port' | 'host' | 'intakeLimits'>;

/** Resolves once it listens. Rejects with ConfigError where it cannot. */
export async function listen(
  listener: Listener,
  { port, host, intakeLimits }: ListenConfig,
  stalledMs = STALLED_MS,
): Promise<Server> {
  const { maxConnections, headersTimeoutMs, bodyTimeoutMs, keepAliveTimeoutMs } = intakeLimits;
  const server = createServer(
    {
      // The listener refuses a request without one, as all else, with a problem.
      requireHostHeader: false,
      headersTimeout: headersTimeoutMs,
      // A body that is read has a timeout of its own, with an answer. This one is for what is not read, too.
      requestTimeout: headersTimeoutMs + bodyTimeoutMs + TIMEOUT_CHECK_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // From the end of an answer on. The others count from the first octet of a request, so it may be longer than they are.
      keepAliveTimeout: keepAliveTimeoutMs,
    },
    listener.onRequest,
  );
  // Else Node would ask for the body before anybody has looked at the credentials.
  server.on('checkContinue', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  server.on('clientError', listener.onUnreadable);
  server.maxConnections = maxConnections;
  limitPipelining(server);
  const open = followOpen(server, maxConnections);
  openOf.set(server, open);
  server.setTimeout(stalledMs, (socket) => {
    if (isOurTurn(open, socket)) socket.setTimeout(stalledMs);
    else socket.destroy();
  });
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

/** Whether the caller has sent all that is read of it and taken all that was answered, and waits: cut, it would not know what became of the call. */
function isOurTurn({ answers }: Open, socket: Socket): boolean {
  const isAskedFor = [...answers].some(
    ({ req, writableFinished }) =>
      req.socket === socket && !writableFinished && (req.complete || req.readableLength > 0),
  );
  return isAskedFor && socket.writableLength === 0;
}

function followOpen(server: Server, maxConnections: number): Open {
  const open: Open = { unused: new Set(), answers: new Set(), isClosing: false };
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    open.unused.add(socket);
    socket.once('close', () => {
      connections -= 1;
      open.unused.delete(socket);
    });
    // They are kept for long: those who are done with theirs shall not keep out others.
    if (connections >= maxConnections * CROWDED_SHARE) server.closeIdleConnections();
  });
  // Before the listener, which may answer at once.
  server.prependListener('request', ({ socket }, answer) => {
    open.unused.delete(socket);
    if (open.isClosing) answer.shouldKeepAlive = false;
    open.answers.add(answer);
    answer.once('close', () => open.answers.delete(answer));
  });
  return open;
}

/** Takes no more connections, lets requests end, and cuts what is still open after a while. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const open = openOf.get(server);
  if (open !== undefined) {
    open.isClosing = true;
    for (const socket of open.unused) socket.destroy();
    // Whoever waits for one is told that the connection ends with it, and sends no further request into its end.
    for (const answer of open.answers) answer.shouldKeepAlive = false;
  }
  // Node closes those that are idle now, and not those that become it when their request has ended.
  const tidying = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const impatience = setTimeout(() => server.closeAllConnections(), INTAKE_DRAIN_MS);
  await closed;
  clearTimeout(impatience);
  clearInterval(tidying);
}
