import { Buffer } from 'node:buffer';

const PEM_BEGIN = '-----BEGIN ';

/**
 * The octets that a text stands for: base64url or common base64, with padding or without, in one line or several. Null
 * where it is neither. Buffer skips what it does not know, so the alphabet is checked first.
 */
export function octetsOf(text: string): Buffer | null {
  // Its hyphens are letters of base64url.
  if (text.includes(PEM_BEGIN)) return null;
  const unpadded = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/_-]+$/.test(unpadded) || unpadded.length % 4 === 1) return null;
  return Buffer.from(unpadded, 'base64');
}

/** The octets of a text that is so many octets in hexadecimal and nothing else, or null. */
export function hexOctetsOf(text: string, count: number): Buffer | null {
  const trimmed = text.trim();
  return trimmed.length === 2 * count && /^[0-9A-Fa-f]+$/.test(trimmed) ? Buffer.from(trimmed, 'hex') : null;
}

/**
 * What stands between the lines of a PEM with one of these labels (RFC 7468), or null. The line breaks may have become
 * spaces or `\n` on the way through an environment; other blocks may stand around it.
 */
export function pemOctetsOf(text: string, ...labels: readonly string[]): { label: string; octets: Buffer } | null {
  for (const label of labels) {
    const [, after] = text.split(`${PEM_BEGIN}${label}-----`);
    const [inside, end] = after?.split(`-----END ${label}-----`) ?? [];
    const octets = inside === undefined || end === undefined ? null : octetsOf(inside.replaceAll(String.raw`\n`, ''));
    if (octets !== null) return { label, octets };
  }
  return null;
}
