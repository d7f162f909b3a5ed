import { once, setMaxListeners } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { makeCertificate, type ServerCertificate } from './certificates.ts';
import { type Counts, countPushes } from './counts.ts';
import type { Device, DeviceOptions } from './device.ts';
import { createDeviceTable } from './device-table.ts';
import { forHttp2, HTTP2_OPTIONS } from './exchange.ts';
import type { ProfileName } from './profile.ts';
import { PROFILES } from './profiles.ts';
import { createPushLog, type ReceivedPush } from './push-log.ts';
import { createRequestListener } from './request-listener.ts';
import { type ServiceBehaviour, startServiceScript } from './service-behaviour.ts';
import { trackSockets } from './socket-tracker.ts';

export type EmulatorOptions = {
  /** Whose manners it has; those of the RFCs unless given. */
  readonly profile?: ProfileName;
  /** False serves plain http. */
  readonly tls?: boolean;
  /** False offers HTTP/1.1 alone; else a client of TLS may choose HTTP/2 (ALPN). */
  readonly http2?: boolean;
  /** Shared by several that one authority is to vouch for; one is made unless given. */
  readonly certificate?: ServerCertificate;
  /** A free one unless given. */
  readonly port?: number;
  /** The name in endpoints; the server listens on 127.0.0.1 whatever it is. */
  readonly host?: string;
  /** Its idea of its own name, for which tokens must be signed; the one in endpoints unless given. */
  readonly ownOrigin?: string;
  /** The push service's idea of the time, in epoch milliseconds, for VAPID expiry, rates and records. */
  readonly nowMs?: () => number;
};

export type Emulator = {
  readonly profile: ProfileName;
  /** For example `https://127.0.0.1:41234`. */
  readonly origin: string;
  readonly port: number;
  /** `host:port`, to be named in PUSH_ALLOWED_HOSTS. */
  readonly allowedHost: string;
  /** The certificate authority to trust, as PEM; null without TLS. */
  readonly caPem: string | null;
  /** Every request to any device, in the order they came. */
  readonly pushes: readonly ReceivedPush[];
  /** In the order they were made. */
  readonly devices: readonly Device[];
  counts(): Counts;
  /** The script of the whole service, before those of its devices. */
  behaviour(): ServiceBehaviour;
  /** Starts another script for the whole service, counting anew; an empty one leaves everything to the devices. */
  setBehaviour(behaviour: ServiceBehaviour): void;
  /** Forgets devices, pushes, counts and the service's script. Endpoints handed out lead nowhere then. */
  reset(): void;
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

/** Starts a push service on a loopback port. It checks and decrypts what it gets, as service and browser do. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { tls = true, host = '127.0.0.1', nowMs = Date.now } = options;
  const profile = PROFILES[options.profile ?? 'generic'];
  const log = createPushLog();
  const devices = createDeviceTable(profile, log);
  const closing = makeClosing();
  let origin = '';
  let script = startServiceScript([]);
  let unknownDevices = 0;
  const listener = createRequestListener({
    profile,
    findDevice: devices.find,
    onUnknownDevice: () => ++unknownDevices,
    serviceStep: (device) => script.nextStep(device.index, nowMs()),
    origin: () => origin,
    audience: () => options.ownOrigin ?? origin,
    nowMs,
    closing: closing.signal,
  });
  const { server, caPem } = await makeServer(options, listener);
  const sockets = trackSockets(server);
  const port = await listen(server, options.port ?? 0);
  origin = `${tls ? 'https' : 'http'}://${host}:${port}`;

  return {
    profile: profile.name,
    origin,
    port,
    allowedHost: `${host}:${port}`,
    caPem,
    pushes: log.pushes,
    devices: devices.all,
    connectionCount: sockets.count,
    disconnected: sockets.noneOpen,
    createDevice: (deviceOptions = {}) => devices.add(origin, deviceOptions),
    counts: () => countPushes(devices.all, unknownDevices),
    behaviour: () => script.behaviour,
    setBehaviour(behaviour) {
      script = startServiceScript(behaviour);
    },
    reset() {
      devices.clear();
      log.clear();
      script = startServiceScript([]);
      unknownDevices = 0;
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

/** Every delayed answer listens to its signal; Node takes more than ten for a leak and says so on stderr. */
function makeClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
}

/** The certificate has the loopback names anyway. */
function namesOf(host = 'localhost'): string[] {
  return host === 'localhost' || host === '127.0.0.1' ? [] : [host];
}

type Served = { readonly server: Server; readonly caPem: string | null };

async function makeServer(options: EmulatorOptions, listener: RequestListener): Promise<Served> {
  if (options.tls === false) return { server: createHttpServer(listener), caPem: null };
  const { key, cert, caPem } = options.certificate ?? (await makeCertificate(namesOf(options.host)));
  if (options.http2 === false) return { server: createHttpsServer({ key, cert }, listener), caPem };
  return { server: createSecureServer({ key, cert, ...HTTP2_OPTIONS }, forHttp2(listener)), caPem };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
