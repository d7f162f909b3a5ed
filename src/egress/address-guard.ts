import { isIP, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type Clock, systemClock } from '../clock.ts';
import { pushServiceOf } from '../domain/push-service/push-service.ts';
import { type AllowedHost, isNamedHost } from '../domain/subscription/endpoint-policy.ts';
import { isRefusedAddress } from './public-address.ts';
import { type Resolver, rememberMissing, resolveBySystem } from './resolver.ts';
import { createTranslators } from './translators.ts';

export type EgressGuardOptions = {
  /** Hosts the operator trusts wherever they lead (PUSH_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly AllowedHost[];
  /** Certificates trusted beside the usual ones. */
  readonly caPem: string | null;
  /** How long connecting, TLS included, may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly resolve?: Resolver;
  /** The system's unless given. */
  readonly clock?: Pick<Clock, 'now'>;
};

export type EgressGuard = {
  readonly connect: buildConnector.connector;
  /** Breaks off connections still being made; undici only knows those that are complete. */
  destroyConnecting(): void;
};

/** The connection was refused by us: the address is not one a push service has. */
export class EgressRefusedError extends Error {
  readonly code = 'EGRESS_REFUSED';

  constructor() {
    super('the host leads to an address that is not public');
    this.name = 'EgressRefusedError';
  }
}

/** DNS leads a known push service to an address that is not public: a filter, a captive portal, or worse. */
export class SinkholeError extends Error {
  readonly code = 'DNS_SINKHOLE';
  readonly host: string;
  readonly address: string;

  constructor(host: string, address: string) {
    super('DNS leads a known push service to an address that is not public');
    this.name = 'SinkholeError';
    this.host = host;
    this.address = address;
  }
}

/** A `lookup` for sockets. The addresses that it gives are those that are connected to. */
export function createLookup(resolve: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      ([first, ...others]) => {
        if (first === undefined) callback(new EgressRefusedError(), '', 0);
        else if (options.all === true) callback(null, [first, ...others]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/**
 * A resolver that leaves out the addresses that are not public, so that the address judged is the address connected to: a
 * name resolved once to be checked and again to connect could change in between (DNS rebinding). Where some are public, those
 * are given. Rejects where none is: with SinkholeError for a known push service, with EgressRefusedError for other names.
 */
export function publicOnly(resolve: Resolver, clock: Pick<Clock, 'now'> = systemClock): Resolver {
  const translators = createTranslators(resolve, clock);
  return async (hostname) => {
    const found = await resolve(hostname);
    const prefixes = found.some(({ address }) => isIP(address) === 6) ? await translators() : [];
    const allowed = found.filter(({ address }) => !isRefusedAddress(address, prefixes));
    if (allowed.length > 0) return allowed;
    const [first] = found;
    const isSinkhole = first !== undefined && pushServiceOf(hostname) !== 'other';
    throw isSinkhole ? new SinkholeError(hostname, first.address) : new EgressRefusedError();
  };
}

/** A connector for undici that reaches public addresses only, but for hosts that are named. */
export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const { allowedHosts, clock = systemClock } = options;
  const resolve = rememberMissing(options.resolve ?? resolveBySystem, clock);
  const guarded = connectorWith(options, createLookup(publicOnly(resolve, clock)));
  const trusting = connectorWith(options, createLookup(resolve));
  const connecting = new Set<Socket>();

  return {
    connect(target, callback) {
      const port = Number(target.port) || (target.protocol === 'http:' ? 80 : 443);
      const named = isNamedHost(urlHostOf(target.hostname), port, allowedHosts);
      // A socket looks no literal address up, so the guard in `lookup` would never see it.
      if (!named && isIP(target.hostname) !== 0 && isRefusedAddress(target.hostname)) {
        process.nextTick(callback, new EgressRefusedError(), null);
        return;
      }
      const socket = (named ? trusting : guarded)(target, (...ending) => {
        if (socket !== undefined) connecting.delete(socket);
        callback(...ending);
      }) as Socket | undefined;
      if (socket !== undefined) connecting.add(socket);
    },
    destroyConnecting() {
      for (const socket of connecting) socket.destroy(new Error('the transport was closed'));
      connecting.clear();
    },
  };
}

/** undici takes the brackets of an IPv6 address off; `URL.hostname` and AllowedHost have them. */
function urlHostOf(hostname: string): string {
  return isIP(hostname) === 6 ? `[${hostname}]` : hostname;
}

/** undici's connector returns the socket, though its types leave that out. */
type SocketConnector = (...parameters: Parameters<buildConnector.connector>) => unknown;

function connectorWith({ caPem, connectTimeoutMs }: EgressGuardOptions, lookup: LookupFunction): SocketConnector {
  return buildConnector({ ...trustOf(caPem), lookup, timeout: connectTimeoutMs });
}

/**
 * What connections trust, for `tls.connect`: the usual certificates and these. One context for all of them: Node takes 18 ms
 * of processor time to read the root certificates into a new one.
 */
export function trustOf(caPem: string | null): object {
  if (caPem === null) return {};
  const ca = [...rootCertificates, caPem];
  return { ca, secureContext: createSecureContext({ ca }) };
}
