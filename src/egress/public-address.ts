import { BlockList, isIP } from 'node:net';
import { ipOctets } from '../domain/ip-octets.ts';
import { carries, ipv4Within, type Nat64Prefix, WELL_KNOWN_PREFIX } from './nat64.ts';

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

/** All global unicast is in here; loopback, mapped, unique local, link-local and multicast are not. */
const GLOBAL_IPV6 = blockList('ipv6', [['2000::', 3]]);

/** Parts of global unicast that carry an IPv4 address (Teredo, 6to4) or are for documents. */
const REFUSED_IPV6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/** For translators within a network (RFC 8215): nothing else has an address there. */
const LOCAL_NAT64 = blockList('ipv6', [['64:ff9b:1::', 48]]);

/**
 * Whether an IP address is one that no push service has. True for whatever is not an IP address. Where a translator carries
 * an IPv4 address within (NAT64), that one is judged: under the well-known prefix always, under `prefixes` as the network
 * names them.
 */
export function isRefusedAddress(address: string, prefixes: readonly Nat64Prefix[] = []): boolean {
  switch (isIP(address)) {
    case 4:
      return REFUSED_IPV4.check(address, 'ipv4');
    case 6:
      // A zone only makes sense on a link, and BlockList knows no address with one.
      return address.includes('%') || isRefusedIpv6(address, prefixes);
    default:
      return true;
  }
}

function isRefusedIpv6(address: string, prefixes: readonly Nat64Prefix[]): boolean {
  const octets = ipOctets(address);
  if (octets?.length !== 16) return true;
  if (carries(WELL_KNOWN_PREFIX, octets)) return isRefusedWithin(octets, WELL_KNOWN_PREFIX);
  const carrying = prefixes.filter((prefix) => carries(prefix, octets));
  if (carrying.some((prefix) => isRefusedWithin(octets, prefix))) return true;
  if (LOCAL_NAT64.check(address, 'ipv6')) return carrying.length === 0;
  return !GLOBAL_IPV6.check(address, 'ipv6') || REFUSED_IPV6.check(address, 'ipv6');
}

function isRefusedWithin(octets: Uint8Array, prefix: Nat64Prefix): boolean {
  const within = ipv4Within(octets, prefix.length);
  return within === null || REFUSED_IPV4.check(within, 'ipv4');
}

/**
 * Whether a prefix that DNS names may be believed. In global unicast it can only forbid; what lies in the range that is for
 * translators alone leads to nothing but IPv4. Any other, such as a unique local one, could be a lie that makes addresses of
 * the internal network look public.
 */
export function isBelievable({ address, length }: Nat64Prefix): boolean {
  if (LOCAL_NAT64.check(address, 'ipv6')) return length >= 48;
  return GLOBAL_IPV6.check(address, 'ipv6') && !REFUSED_IPV6.check(address, 'ipv6');
}

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family);
  return list;
}
