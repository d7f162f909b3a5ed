import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificates.ts';
import { type Device, type DeviceOptions, makeDevice, type ServedDevice } from './device.ts';
import { createPushLog, type ReceivedPush } from './push-log.ts';
import { createRequestListener } from './request-listener.ts';
import { trackSockets } from './socket-tracker.ts';

export type EmulatorOptions = {
  /** False serves plain http. */
  readonly tls?: boolean;
  /** The name in endpoints; the server listens on 127.0.0.1 either way. */
  readonly host?: 'localhost' | '127.0.0.1';
  /** The push service's idea of the time, in epoch milliseconds, for VAPID expiry and records. */
  readonly nowMs?: () => number;
};

export type Emulator = {
  /** For example `https://127.0.0.1:41234`. */
  readonly origin: string;
  readonly port: number;
  /** `host:port`, to be named in PUSH_ALLOWED_HOSTS. */
  readonly allowedHost: string;
  /** The certificate authority to trust, as PEM; null without TLS. */
  readonly caPem: string | null;
  /** Every request to any device, in the order they came. */
  readonly pushes: readonly ReceivedPush[];
  /** TCP connections accepted so far. */
  connectionCount(): number;
  /** Settles when no client is connected. */
  disconnected(): Promise<void>;
  createDevice(options?: DeviceOptions): Device;
  /** The first push, among those there are and those to come, that fits; judged when it comes and when answered. */
  waitFor(predicate: (push: ReceivedPush) => boolean): Promise<ReceivedPush>;
  /** Closes every connection, the hanging ones too. Harmless when repeated. */
  close(): Promise<void>;
};

/** Starts a push service on a free loopback port. It checks and decrypts what it gets, as service and browser do. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { tls = true, host = '127.0.0.1', nowMs = Date.now } = options;
  const log = createPushLog();
  const devices = new Map<string, ServedDevice>();
  const closing = new AbortController();
  // Every delayed answer listens to it; Node takes more than ten for a leak and says so on stderr.
  setMaxListeners(0, closing.signal);
  let origin = '';
  const listener = createRequestListener({
    findDevice: (path) => devices.get(path),
    origin: () => origin,
    nowMs,
    closing: closing.signal,
  });
  const { server, caPem } = await makeServer(tls, listener);
  const sockets = trackSockets(server);
  const port = await listen(server);
  origin = `${tls ? 'https' : 'http'}://${host}:${port}`;

  return {
    origin,
    port,
    allowedHost: `${host}:${port}`,
    caPem,
    pushes: log.pushes,
    connectionCount: sockets.count,
    disconnected: sockets.noneOpen,
    createDevice(deviceOptions = {}) {
      const path = `/wpush/v2/${randomBytes(48).toString('base64url')}`;
      const name = deviceOptions.name ?? `device-${devices.size + 1}`;
      const device = makeDevice(name, `${origin}${path}`, deviceOptions, log);
      devices.set(path, device);
      return device;
    },
    waitFor: log.waitFor,
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      log.close();
      const closed = once(server, 'close');
      server.close();
      sockets.destroyAll();
      await closed;
    },
  };
}

async function makeServer(tls: boolean, listener: RequestListener): Promise<{ server: Server; caPem: string | null }> {
  if (!tls) return { server: createHttpServer(listener), caPem: null };
  const { key, cert, caPem } = await makeCertificate();
  return { server: createHttpsServer({ key, cert }, listener), caPem };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
