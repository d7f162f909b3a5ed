import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { AppError } from '../domain/app-error.ts';
import type { AppOptions, createApp } from './app.ts';
import { problemOf } from './kit/problem.ts';
import { announcesBody } from './kit/raw-body.ts';
import { faultOfHead } from './kit/request-head.ts';
import { requestIdOf } from './kit/request-id.ts';
import { clientOf, refusalLine } from './kit/request-log.ts';
import { invalidRequest } from './kit/validation.ts';
import { createUnreadableListener, type UnreadableListener } from './unreadable.ts';

/** What an HTTP server calls: for each request, and for what is none. */
export type Listener = { readonly onRequest: RequestListener; readonly onUnreadable: UnreadableListener };

export type ListenerOptions = Pick<AppOptions, 'clock' | 'random' | 'log' | 'findClient'>;

/** How long what is sent after an answer that did not wait for it is thrown away, so that the caller can read the answer. */
const LINGER_MS = 2000;

/**
 * What stands between Node's HTTP server and the app. A request of which it is not clear where it leads is refused here:
 * the app would be shown a URL that was made of it. Add `onRequest` for `request` and for `checkContinue`.
 */
export function createListener(app: ReturnType<typeof createApp>, options: ListenerOptions): Listener {
  const pass = getRequestListener(app.fetch, { autoCleanupIncoming: false });
  const onRequest: RequestListener = (incoming, outgoing) => {
    const fault = faultOfHead(incoming);
    if (fault !== null) return refuse(incoming, outgoing, invalidRequest([fault]), options);
    // The URL that routing goes by is made of this. Whoever asks the app for Host gets the one that was sent.
    incoming.headers.host = 'localhost';
    // A caller that is not told to go on may send the body, or leave it out and send the next request.
    if (incoming.headers.expect !== undefined) outgoing.setHeader('Connection', 'close');
    const answered = pass(incoming, outgoing);
    if (announcesBody(incoming)) void answered.then(() => letGoOfBody(incoming));
  };
  return { onRequest, onUnreadable: createUnreadableListener(options) };
}

/** What nobody reads is not kept either, and does not go on for ever. */
function letGoOfBody(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const cut = setTimeout(() => incoming.socket.destroy(), LINGER_MS);
  incoming.once('close', () => clearTimeout(cut));
  incoming.resume();
}

/** Closes the connection: what follows on it might be part of this request. */
function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  error: AppError,
  { clock, random, log, findClient }: ListenerOptions,
): void {
  const given = incoming.headers['x-request-id'];
  const requestId = requestIdOf(typeof given === 'string' ? given : undefined, { clock, random });
  const { status, headers, body } = problemOf(error, requestId);
  const text = Buffer.from(JSON.stringify(body));
  const length = { 'Content-Length': text.byteLength };
  outgoing.writeHead(status, { ...headers, ...length, 'X-Request-Id': requestId, Connection: 'close' });
  outgoing.end(text);
  const client = clientOf(incoming, findClient);
  log(refusalLine({ requestId, method: incoming.method ?? '', status, code: error.code, client }));
}
