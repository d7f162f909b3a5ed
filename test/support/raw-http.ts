import { connect, type Socket } from 'node:net';

/** How a server listens unless a test is about that. */
export const LISTEN = {
  port: 0,
  host: '127.0.0.1',
  intakeLimits: {
    maxConnections: 1000,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 30_000,
    keepAliveTimeoutMs: 75_000,
    maxUnverifiedBodyOctets: 12 * 1024 * 1024,
  },
};

export type RawAnswer = {
  /** Of the first answer; 0 where none came. */
  readonly status: number;
  readonly headers: Headers;
  /** Parsed, where it is JSON. Tests look into it freely. */
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about.
  readonly body: any;
  /** All that came, Latin-1. */
  readonly text: string;
};

/** Every octet as it is, and all that comes until the server closes. So let the request say `Connection: close`. */
export async function exchange(port: number, octets: string | Uint8Array): Promise<RawAnswer> {
  const socket = openSocket(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  await closed(socket);
  return answerOf(Buffer.concat(chunks).toString('latin1'));
}

/** All that has come on a connection by when it matches; rejects where it was closed before. */
export function heard(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!pattern.test(text)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error(`closed after: ${text}`)));
  });
}

/** A connection on which nothing that goes wrong throws. */
export function openSocket(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  return socket;
}

/** Resolves once the connection is closed for good, also where it was before. */
export function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** What came over the wire, the first answer taken apart. */
export function answerOf(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const body = rest.join('\r\n\r\n');
  const isJson = /json/.test(headers.get('content-type') ?? '');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1] ?? 0),
    headers,
    body: isJson ? JSON.parse(body.slice(0, Number(headers.get('content-length')))) : undefined,
    text,
  };
}
