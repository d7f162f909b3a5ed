import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** How a text can be sent (RFC 9110 section 8.4.1); `identity` is as it is. */
export type Encoding = 'identity' | 'gzip' | 'br';

/** Those that make it shorter, the shortest first. */
const SHORTENING = ['br', 'gzip'] as const;

const WEIGHT = /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * What this `Accept-Encoding` likes best (RFC 9110 section 12.5.3); without one, the text as it is. A header that refuses all that
 * there is gets the text as it is, too: whoever writes such a header can more likely read that than a 406.
 */
export function chooseEncoding(acceptEncoding: string | undefined): Encoding {
  const weights = new Map((acceptEncoding ?? '').split(',').map(weightOf));
  const weightFor = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
  let best: Encoding = 'identity';
  // What is not named is liked least of all that is not refused.
  let bestWeight = weights.get('identity') ?? 0;
  for (const name of SHORTENING) {
    const weight = Math.max(weightFor(name), name === 'gzip' ? (weights.get('x-gzip') ?? 0) : 0);
    if (weight > 0 && (weight > bestWeight || (best === 'identity' && weight === bestWeight))) {
      best = name;
      bestWeight = weight;
    }
  }
  return best;
}

/** The octets of a text in this encoding. */
export async function encode(text: string, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  const octets = Buffer.from(text);
  if (encoding === 'gzip') return whole(await promisify(gzip)(octets, { level: constants.Z_BEST_COMPRESSION }));
  if (encoding === 'identity') return octets;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: octets.byteLength, [constants.BROTLI_PARAM_QUALITY]: 9 };
  return whole(await promisify(brotliCompress)(octets, { params }));
}

function whole(octets: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(octets);
}

/** A name that nobody can read is one that is not there: its weight is 0. */
function weightOf(item: string): [name: string, weight: number] {
  const [name = '', weight] = item.split(';', 2).map((part) => part.trim().toLowerCase());
  if (weight === undefined) return [name, 1];
  return [name, WEIGHT.test(weight) ? Number(weight.slice('q='.length)) : 0];
}
