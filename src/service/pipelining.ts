import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** No client has so many under way on one connection: who pipelines at all waits for answers. */
export const MAX_REQUESTS_UNDER_WAY = 8;

/** Of Node's parser. Not documented, and not there everywhere: Deno has none. */
type Parser = { onIncoming?: (request: IncomingMessage, isKeptAlive: boolean) => number };

/** Anything but 0, 1 and 2 ends the parsing of a connection with an error, which is answered 400. */
const STOP_PARSING = -1;

/**
 * Cuts connections on which more requests are under way. Node parses 64 KiB at a time, some 1600 requests, before it looks
 * whether anybody takes the answers: all together they held gigabytes.
 */
export function limitPipelining(server: Server): void {
  const underWay = new WeakMap<Socket, number>();
  const isFull = (socket: Socket): boolean => (underWay.get(socket) ?? 0) >= MAX_REQUESTS_UNDER_WAY;
  server.on('connection', (socket: Socket & { parser?: Parser | null }) => {
    const { parser } = socket;
    const parsed = parser?.onIncoming;
    if (!parser || !parsed) return;
    parser.onIncoming = (request, isKeptAlive) => (isFull(socket) ? STOP_PARSING : parsed(request, isKeptAlive));
  });
  server.on('request', ({ socket }, response) => {
    // Where there is no such parser.
    if (isFull(socket)) socket.destroy();
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
    response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
  });
}
