import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { makeCertificate } from '../../src/emulator/certificates.ts';

/** What the proxy was asked for: `host:port`, and `Proxy-Authorization`. */
type AskedFor = { readonly target: string; readonly authorization: string | undefined };

/** A real HTTP proxy on loopback that takes CONNECT, and leads every name to this machine. */
export type ConnectProxy = {
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  /** `127.0.0.1:port`. */
  readonly name: string;
  /** Of its certificate’s authority; null without TLS. */
  readonly caPem: string | null;
  /** Every CONNECT so far. */
  readonly asked: readonly AskedFor[];
  /** Open connections of clients, tunnels included. */
  connections(): number;
  /** What CONNECT is answered from now on: a tunnel where null, nothing at all for `hang`, a reset for `reset`. */
  answerWith(answer: number | string | null | 'hang' | 'reset'): void;
  close(): Promise<void>;
};

export type ConnectProxyOptions = {
  readonly tls?: boolean;
  /** Without it, 407. */
  readonly authorization?: string;
};

export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const certificate = options.tls === true ? await makeCertificate() : null;
  const server = certificate === null ? createServer() : createTlsServer(certificate);
  const asked: AskedFor[] = [];
  const sockets = new Set<Socket>();
  let answer: number | string | null = null;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Duplex) => {
    client.on('error', () => undefined);
    const authorization = headers['proxy-authorization'];
    asked.push({ target: url, authorization });
    // Unread, the end of a connection is not seen; and a server of Node's leaves its own half open.
    if (answer === 'hang') client.resume().once('end', () => client.end());
    else if (answer === 'reset') client.destroy();
    else if (typeof answer === 'string') client.end(answer);
    else if (options.authorization !== undefined && authorization !== options.authorization) refuse(client, 407);
    else if (answer !== null) refuse(client, answer);
    else tunnel(client, Number(url.slice(url.lastIndexOf(':') + 1)), sockets);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${certificate === null ? 'http' : 'https'}://${name}`,
    name,
    caPem: certificate?.caPem ?? null,
    asked,
    connections: () => sockets.size,
    answerWith(given) {
      answer = given;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** As Squid does: with a page, over a connection that stays open. */
function refuse(client: Duplex, status: number): void {
  const page = '<html><title>ERROR: secret-path-of-nobody</title></html>';
  client.write(
    `HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
  );
}

function tunnel(client: Duplex, port: number, sockets: Set<Socket>): void {
  const upstream = connect({ port, host: '127.0.0.1' });
  sockets.add(upstream);
  upstream.once('close', () => sockets.delete(upstream));
  upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(client);
    client.pipe(upstream);
  });
}
