import { BlockList, isIP, SocketAddress } from 'node:net';

/** The addresses that have these first bits: `10.0.0.0` and 8. One address alone has all of its bits. */
export type AddressRange = { readonly address: string; readonly prefixLength: number };

/** What a connection says of the caller. Headers are those of the request; several of one name are joined by commas. */
type Arrival = {
  readonly remoteAddress: string | undefined;
  readonly header: (name: 'x-forwarded-for' | 'forwarded') => string | undefined;
};

/** The address that a request comes from; null where the connection has none (any more). */
export type ClientFinder = (arrival: Arrival) => string | null;

/**
 * Finds who calls from behind proxies. A caller can write anything into `X-Forwarded-For` and `Forwarded` (RFC 7239), and a
 * proxy adds the address it sees at the end. So these are read from the end, and only as far as trusted proxies wrote them:
 * the client is the nearest hop that is not one of them. With no trusted proxy, it is the other end of the connection.
 */
export function createClientFinder(trustedProxies: readonly AddressRange[]): ClientFinder {
  const trusted = new BlockList();
  for (const { address, prefixLength } of trustedProxies) trusted.addSubnet(address, prefixLength, familyOf(address));
  const hasAny = trustedProxies.length > 0;
  const isTrusted = (address: string): boolean => hasAny && trusted.check(address, familyOf(address));
  const peerOf = rememberingLast(canonicalPeer);
  return ({ remoteAddress = '', header }) => {
    const peer = peerOf(remoteAddress);
    if (peer === null || !isTrusted(peer)) return peer;
    const clients = [
      nearestUntrusted(peer, header('x-forwarded-for'), hopOfEntry, isTrusted),
      nearestUntrusted(peer, header('forwarded'), hopOfElement, isTrusted),
    ].filter((client) => client !== null);
    // Proxies write one of the two and hand on the other as it came: where they differ, either may be the caller's own.
    return clients.every((client) => client === clients[0]) ? (clients[0] ?? peer) : peer;
  };
}

function canonicalPeer(remoteAddress: string): string | null {
  // Of a link-local address, the zone is the name of an interface of this machine.
  return canonicalAddress(remoteAddress.split('%', 1)[0] ?? '');
}

/** A back end calls again and again from where it is, and to spell an IPv6 address takes a hundredth of a call. */
function rememberingLast<Value>(of: (text: string) => Value): (text: string) => Value {
  let last: { readonly text: string; readonly value: Value } | null = null;
  return (text) => {
    if (last?.text !== text) last = { text, value: of(text) };
    return last.value;
  };
}

/** Null where there is no such header. A hop that is no address ends what can be known: then it is the proxy that wrote so. */
function nearestUntrusted(
  peer: string,
  chain: string | undefined,
  hopOf: (text: string) => string | null,
  isTrusted: (address: string) => boolean,
): string | null {
  if (chain === undefined) return null;
  let nearest = peer;
  for (const text of chain.split(',').reverse()) {
    if (text.trim() === '') continue;
    const hop = hopOf(text.trim());
    if (hop === null) return nearest;
    nearest = hop;
    if (!isTrusted(hop)) return hop;
  }
  return nearest;
}

/** An entry of `X-Forwarded-For`: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function hopOfEntry(text: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonicalAddress(bracketed) : null;
  return canonicalAddress(plain ?? text);
}

const PAIR = /^([A-Za-z]+)=(?:([^"\\\s]+)|"([^"\\]*)")$/;

/**
 * An element of `Forwarded`. It is taken by itself, so that no quote that a caller left open swallows what the proxy added
 * after it: addresses have no comma.
 */
function hopOfElement(element: string): string | null {
  const pairs = element.split(';').map((pair) => PAIR.exec(pair.trim()));
  const hops = pairs.filter((pair) => pair?.[1]?.toLowerCase() === 'for');
  if (pairs.includes(null) || hops.length !== 1) return null;
  return hopOfEntry(hops[0]?.[2] ?? hops[0]?.[3] ?? '');
}

/** The one spelling of an address, or null; IPv4 as such, also where a socket for both writes `::ffff:192.0.2.1`. */
export function canonicalAddress(text: string): string | null {
  if (isIP(text) === 4) return text;
  if (isIP(text) !== 6 || text.includes('%')) return null;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  return isIP(mapped) === 4 ? mapped : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
