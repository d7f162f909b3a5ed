import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Heard = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What the server does with one request. */
export type Move =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  /** Breaks the connection, the request having come whole. */
  | 'cut'
  /** Begins an answer and breaks off. */
  | 'half'
  /** Never answers. */
  | 'silence';

export type ScriptedServer = {
  readonly url: string;
  readonly heard: readonly Heard[];
  close(): Promise<void>;
};

/** A server on a free port that does one move after the other, and then the last one again. */
export async function startScriptedServer(...moves: readonly Move[]): Promise<ScriptedServer> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const move = moves[Math.min(heard.length, moves.length - 1)];
    const { method = '', url = '', headers } = request;
    heard.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
    if (move !== undefined) make(move, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function make(move: Move, response: ServerResponse): void {
  if (move === 'silence') return;
  if (move === 'cut') {
    response.destroy();
    return;
  }
  if (move === 'half') {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
    response.write('{"id"', () => response.destroy());
    return;
  }
  const { status, headers = {}, body } = move;
  const isText = typeof body === 'string';
  response.writeHead(status, { 'Content-Type': isText ? 'text/html' : 'application/json', ...headers });
  response.end(body === undefined ? '' : isText ? body : JSON.stringify(body));
}
