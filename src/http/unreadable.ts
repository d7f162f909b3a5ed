import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../domain/app-error.ts';
import type { AppOptions } from './app.ts';
import { isLongUpload } from './kit/long-uploads.ts';
import { problemOf } from './kit/problem.ts';
import { requestIdOf } from './kit/request-id.ts';
import { refusalLine } from './kit/request-log.ts';

type UnreadableOptions = Pick<AppOptions, 'clock' | 'random' | 'log' | 'findClient'>;

/** Called for what Node's parser cannot make a request of, with why. */
export type UnreadableListener = (error: Error & { readonly code?: string }, socket: Socket) => void;

/** So that a caller who is still sending can read the answer, which a reset would take away. */
const LINGER_MS = 500;

/**
 * Answers what is no request with a problem, as all that is refused; by itself, Node answers with a bare status line. Nothing is
 * answered where an earlier answer of the connection has begun, which would seem to go on with it.
 */
export function createUnreadableListener(options: UnreadableOptions): UnreadableListener {
  const refused = new WeakSet<Socket>();
  return (error, socket) => {
    // Node's limit is on the whole request: it says so once, and leaves the connection as it is.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isLongUpload(socket)) return;
    // Node calls again for whatever else comes on the connection.
    if (refused.has(socket)) return;
    refused.add(socket);
    const { _httpMessage: answering } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
    const isReachable = socket.writable && error.code !== 'ECONNRESET' && error.code !== 'EPIPE';
    if (!isReachable || answering?.headersSent === true) return void socket.destroy();
    answer(socket, problemFor(error.code), options);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}

function problemFor(code = ''): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('headers_too_large', 'The request line and the headers have more than 16 KiB together.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 'The request was not there in time. Send it at once.');
    default:
      return new AppError(
        'malformed_request',
        'What came on this connection is no HTTP/1.1 request. Behind a proxy, this is its plain HTTP port, without TLS.',
      );
  }
}

function answer(socket: Socket, error: AppError, { clock, random, log, findClient }: UnreadableOptions): void {
  const requestId = requestIdOf(undefined, { clock, random });
  const { status, headers, body } = problemOf(error, requestId);
  const text = JSON.stringify(body);
  const all = { ...headers, 'Content-Length': Buffer.byteLength(text), 'X-Request-Id': requestId, Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
  const client = findClient({ remoteAddress: socket.remoteAddress, header: () => undefined });
  // Logs of web servers write such a method so.
  log(refusalLine({ requestId, method: '-', status, code: error.code, client }));
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};
