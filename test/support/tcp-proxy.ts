import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A network between a client and a server on this host that a test can break. */
export type TcpProxy = {
  readonly port: number;
  /** Connections of clients that are open now. */
  connections(): number;
  /** How many connections clients have made so far. */
  accepted(): number;
  /** Has new connections lead to the server on another port. Those that are open stay where they are. */
  leadTo(port: number): void;
  /** Resets every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Keeps and accepts connections, but passes no byte either way, until `restore`. */
  blackHole(): void;
  /** Passes every chunk this much later, each way. */
  delay(ms: number): void;
  /** Passes everything at once again, what waited in the black hole included. */
  restore(): Promise<void>;
  close(): Promise<void>;
};

/** Starts a proxy on a free loopback port for the server that listens on `port`. */
export async function startTcpProxy(first: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let target = first;
  let accepted = 0;
  let isBlackHole = false;
  let delayMs = 0;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    accepted += 1;
    const link = createLink(client, target, () => delayMs);
    links.add(link);
    client.once('close', () => links.delete(link));
    if (!isBlackHole) link.flow();
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const cut = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : null;
    if (closed !== null) server.close();
    for (const link of links) link.destroy();
    await closed;
  };
  return {
    port,
    connections: () => links.size,
    accepted: () => accepted,
    leadTo(to) {
      target = { ...target, port: to };
    },
    cut,
    blackHole() {
      isBlackHole = true;
      for (const link of links) link.hold();
    },
    delay(ms) {
      delayMs = ms;
    },
    async restore() {
      isBlackHole = false;
      delayMs = 0;
      if (!server.listening) await listen(server, port);
      for (const link of links) link.flow();
    },
    close: cut,
  };
}

type Link = { flow(): void; hold(): void; destroy(): void };

/** One client's way to the server. It dials the server only once bytes may flow. */
function createLink(
  client: Socket,
  target: { readonly port: number; readonly host?: string },
  delayMs: () => number,
): Link {
  let upstream: Socket | null = null;
  const destroy = (): void => {
    client.resetAndDestroy();
    upstream?.destroy();
  };
  client.on('error', destroy).on('close', destroy);
  const dial = (): Socket => {
    const socket = connect({ port: target.port, host: target.host ?? '127.0.0.1' });
    socket.setNoDelay(true).on('error', destroy).on('close', destroy);
    pass(client, socket, delayMs);
    pass(socket, client, delayMs);
    return socket;
  };
  return {
    flow() {
      upstream ??= dial();
      client.resume();
      upstream.resume();
    },
    hold() {
      client.pause();
      upstream?.pause();
    },
    destroy,
  };
}

function pass(from: Socket, to: Socket, delayMs: () => number): void {
  const late: Buffer[] = [];
  from.on('data', (chunk: Buffer) => {
    if (delayMs() === 0 && late.length === 0) {
      to.write(chunk);
      return;
    }
    late.push(chunk);
    // Each timer passes the oldest chunk, so that a delay that shrinks does not reorder them.
    setTimeout(() => {
      const oldest = late.shift();
      if (oldest !== undefined && !to.destroyed) to.write(oldest);
    }, delayMs());
  });
  from.on('end', () => to.end());
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
