import { agreeInBits, ipOctets } from '../domain/ip-octets.ts';

/** Where a translator carries IPv4 addresses within IPv6 ones (RFC 6052 section 2.2). `length` in bits. */
export type Nat64Prefix = {
  /** Its first address. */
  readonly address: string;
  readonly octets: Uint8Array;
  readonly length: number;
};

const LENGTHS = [32, 40, 48, 56, 64, 96] as const;

/** Bits 64 to 71 are zero in every address that carries another (RFC 6052 section 2.2). */
const RESERVED_OCTET = 8;

/** `ipv4only.arpa` has these two addresses and no others (RFC 7050 section 8.2). */
const WELL_KNOWN_IPV4 = ['192.0.0.170', '192.0.0.171'];

/** For all networks (RFC 6052 section 2.1). */
export const WELL_KNOWN_PREFIX: Nat64Prefix = prefixAt(
  Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  96,
);

/** Whether an address lies under a prefix. */
export function carries(prefix: Nat64Prefix, octets: Uint8Array): boolean {
  return agreeInBits(prefix.octets, octets, prefix.length);
}

/** The IPv4 address that an address under a prefix of so many bits carries; null where the reserved octet is not zero. */
export function ipv4Within(octets: Uint8Array, length: number): string | null {
  if (octets[RESERVED_OCTET] !== 0) return null;
  const carried = [...octets].filter((_, index) => index >= length / 8 && index !== RESERVED_OCTET);
  return carried.slice(0, 4).join('.');
}

/**
 * The prefixes of this network, by what it answers for `ipv4only.arpa` (RFC 7050 section 3). An answer in which the known
 * address stands in several places is read by what the answers have in common, and counts for nothing where they do not tell.
 */
export function prefixesIn(answers: readonly string[]): readonly Nat64Prefix[] {
  const readings = answers.map(readingsOf);
  const isSure = ({ prefix, found }: Reading): boolean =>
    readings.flat().some((other) => isSame(other.prefix, prefix) && other.found !== found);
  const sure = readings.flatMap((each) => (each.length === 1 ? each : each.filter(isSure)));
  const prefixes = sure.map(({ prefix }) => prefix);
  return prefixes.filter((prefix, index) => prefixes.findIndex((other) => isSame(other, prefix)) === index);
}

type Reading = { readonly prefix: Nat64Prefix; readonly found: string };

function readingsOf(answer: string): readonly Reading[] {
  const octets = ipOctets(answer);
  if (octets?.length !== 16) return [];
  return LENGTHS.flatMap((length) => {
    const found = ipv4Within(octets, length);
    return found !== null && WELL_KNOWN_IPV4.includes(found) ? [{ prefix: prefixAt(octets, length), found }] : [];
  });
}

function isSame(one: Nat64Prefix, other: Nat64Prefix): boolean {
  return one.address === other.address && one.length === other.length;
}

function prefixAt(octets: Uint8Array, length: number): Nat64Prefix {
  const first = octets.map((octet, index) => (index < length / 8 ? octet : 0));
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => (((first[at] ?? 0) << 8) | (first[at + 1] ?? 0)).toString(16));
  return { address: groups.join(':'), octets: first, length };
}
