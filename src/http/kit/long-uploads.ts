import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiContext } from './request-context.ts';

/** Connections whose request may take as long as it likes, and how many such requests each has under way. */
const sockets = new WeakMap<Socket, number>();

/**
 * Has Node's time limit for a whole request leave this one alone. What does not move for a minute is still cut, as every connection is.
 */
export function allowLongUpload(c: ApiContext): void {
  const socket = c.env?.incoming?.socket;
  const outgoing: ServerResponse | undefined = c.env?.outgoing;
  if (socket === undefined || outgoing === undefined) return;
  sockets.set(socket, (sockets.get(socket) ?? 0) + 1);
  outgoing.once('close', () => sockets.set(socket, (sockets.get(socket) ?? 1) - 1));
}

export function isLongUpload(socket: Socket): boolean {
  return (sockets.get(socket) ?? 0) > 0;
}
