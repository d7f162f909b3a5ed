/** The octets of an IP address, 4 or 16, or null where the text is none. IPv6 in any notation, in brackets or without. */
export function ipOctets(text: string): Uint8Array | null {
  return ipv4Octets(text) ?? ipv6Octets(text);
}

/** Whether two addresses agree in their first bits. Those of different length never do. */
export function agreeInBits(one: Uint8Array, other: Uint8Array, bits: number): boolean {
  if (one.length !== other.length) return false;
  return one.every((octet, index) => {
    const left = Math.min(8, Math.max(0, bits - index * 8));
    return octet >> (8 - left) === (other[index] ?? 0) >> (8 - left);
  });
}

function ipv4Octets(text: string): Uint8Array | null {
  const parts = text.split('.');
  const octets = parts
    .map(Number)
    .filter((octet, index) => octet >= 0 && octet <= 255 && parts[index] === String(octet));
  return parts.length === 4 && octets.every(Number.isInteger) && octets.length === 4 ? Uint8Array.from(octets) : null;
}

/** The URL parser knows each notation, and writes all of them in one: eight groups, of which `::` leaves out zeros. */
function ipv6Octets(text: string): Uint8Array | null {
  const url = `http://${text.startsWith('[') ? text : `[${text}]`}`;
  if (!text.includes(':') || !URL.canParse(url)) return null;
  const { hostname, pathname, port, search, hash, username } = new URL(url);
  if (!hostname.startsWith('[') || pathname !== '/' || port + search + hash + username !== '') return null;
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 255]));
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
