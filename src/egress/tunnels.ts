import { isIP, type Socket } from 'node:net';
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type ProxyServer, proxyName } from '../domain/push-service/proxy.ts';
import { ProxyError } from './proxy-error.ts';

export type TunnelOptions = {
  readonly server: ProxyServer;
  /** What connections to the proxy and to push hosts trust, for `tls.connect`. */
  readonly trust: object;
  /** How long connecting to a push host may take, once there is a tunnel, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long the proxy may take, from connecting to it to its answer, in milliseconds. */
  readonly proxyTimeoutMs: number;
  /** Of the connections through the tunnels. */
  readonly agent: {
    readonly connections?: number;
    readonly pipelining?: number;
    readonly headersTimeout?: number;
    readonly bodyTimeout?: number;
  };
};

export type Tunnels = {
  /** Sends through the proxy: a tunnel for each connection, which is kept as others are. */
  readonly dispatcher: Dispatcher;
  /** Breaks off whatever is under way. */
  destroy(): Promise<void>;
};

/** Connections through an HTTP proxy. What the proxy does wrong is a ProxyError, and no other is. */
export function createTunnels(options: TunnelOptions): Tunnels {
  const { server, trust, connectTimeoutMs, agent } = options;
  const sockets = new Set<Socket>();
  const dispatcher = new ProxyAgent({
    ...agent,
    uri: `${server.protocol}//${proxyName(server)}`,
    ...(server.authorization === null ? {} : { token: server.authorization }),
    requestTls: { ...trust, timeout: connectTimeoutMs },
    clientFactory: (origin) => createProxyClient(origin, options, sockets),
  });
  return {
    dispatcher,
    async destroy() {
      await dispatcher.destroy();
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
}

/** What asks the proxy for tunnels. Each of its sockets, a tunnel too, is in `sockets` until it is closed. */
function createProxyClient(origin: URL, options: TunnelOptions, sockets: Set<Socket>): Dispatcher {
  const proxy = proxyName(options.server);
  const pool = new Pool(origin.origin, {
    connect: createConnector(options, sockets),
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const ask = pool.connect.bind(pool);
  const open = async (asked: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const deadline = createDeadline(options.proxyTimeoutMs);
    try {
      const tunnel = await ask({ ...asked, signal: deadline.signal });
      if (tunnel.statusCode >= 200 && tunnel.statusCode <= 299) return { ...tunnel, statusCode: 200 };
      tunnel.socket.on('error', () => undefined).destroy();
      throw new ProxyError(proxy, { status: tunnel.statusCode });
    } catch (error) {
      // A pool that was destroyed has met no fault of the proxy's.
      throw error instanceof ProxyError || pool.destroyed ? error : new ProxyError(proxy, { cause: error });
    } finally {
      deadline.cancel();
    }
  };
  return Object.assign(pool, { connect: open });
}

function createConnector({ trust, proxyTimeoutMs }: TunnelOptions, sockets: Set<Socket>): buildConnector.connector {
  const connect = buildConnector({ ...trust, timeout: proxyTimeoutMs });
  return (target, callback) => {
    const { servername, ...rest } = target;
    // An address is no name that TLS could ask for (RFC 6066 section 3).
    const isName = servername !== undefined && isIP(servername) === 0;
    // It returns the socket, though its types leave that out.
    const socket = connect(isName ? target : rest, callback) as unknown as Socket;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
}

function createDeadline(timeoutMs: number): { readonly signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(Object.assign(new Error('the proxy did not answer in time'), { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  return { signal: controller.signal, cancel: () => clearTimeout(timer) };
}
