import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type Clock, systemClock } from '../clock.ts';
import { type AllowedHost, isNamedHost } from '../domain/subscription/endpoint-policy.ts';
import { type Resolver, rememberMissing, resolveBySystem } from './resolver.ts';

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

/** IPv4 that is not on the public internet, or not one machine (RFC 6890 and the IANA special-purpose registry). */
const REFUSED_IPV4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

/** All global unicast is in here; loopback, mapped, NAT64, unique local, link-local and multicast are not. */
const GLOBAL_IPV6 = blockList('ipv6', [['2000::', 3]]);

/** Parts of global unicast that carry an IPv4 address (Teredo, 6to4) or are for documents. */
const REFUSED_IPV6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/** Whether an IP address is one that no push service has. True for whatever is not an IP address. */
export function isRefusedAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return REFUSED_IPV4.check(address, 'ipv4');
    case 6:
      // A zone only makes sense on a link, and BlockList knows no address with one.
      return address.includes('%') || !GLOBAL_IPV6.check(address, 'ipv6') || REFUSED_IPV6.check(address, 'ipv6');
    default:
      return true;
  }
}

/**
 * A `lookup` for sockets that leaves out the addresses `isRefused` names, so that the address judged is the address
 * connected to: a name resolved once to be checked and again to connect could change in between (DNS rebinding).
 * Calls back with EgressRefusedError when nothing is left.
 */
export function createLookup(resolve: Resolver, isRefused: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const allowed = found.filter(({ address }) => !isRefused(address));
        const [first] = allowed;
        if (first === undefined) callback(new EgressRefusedError(), '', 0);
        else if (options.all === true) callback(null, [...allowed]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** A connector for undici that reaches public addresses only, but for hosts that are named. */
export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const { allowedHosts, clock = systemClock } = options;
  const resolve = rememberMissing(options.resolve ?? resolveBySystem, clock);
  const guarded = connectorWith(options, createLookup(resolve, isRefusedAddress));
  const trusting = connectorWith(
    options,
    createLookup(resolve, () => false),
  );
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

/** One context for all connections: Node takes 18 ms of processor time to read the root certificates into a new one. */
function trustOf(caPem: string | null): object {
  if (caPem === null) return {};
  const ca = [...rootCertificates, caPem];
  return { ca, secureContext: createSecureContext({ ca }) };
}

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family);
  return list;
}
