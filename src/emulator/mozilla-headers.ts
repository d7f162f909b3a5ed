import { type Fault, type FaultKind, MAX_BODY_OCTETS, type PushRequest } from './profile.ts';

const LARGEST_I64 = 2n ** 63n - 1n;

/**
 * Judges headers and size as autopush does: the size, then the TTL, the coding and the Topic. Neither Urgency nor, where
 * there is no body, the coding is looked at. The size is the one of its documentation; its code takes up to 5630 octets.
 */
export function mozillaHeaderFault({ headers, bodyOctets }: PushRequest): Fault | null {
  const text = (name: string): string | null => headers[name]?.toString() ?? null;
  const coding = text('content-encoding');
  if (coding !== null && /^(?:gzip|deflate|br|zstd)$/i.test(coding)) return fault('compressed', 'invalid gzip header');
  if (bodyOctets > MAX_BODY_OCTETS) return fault('body_too_large', 'payload reached size limit');
  return (
    missingTtlFault(text('ttl')) ??
    (bodyOctets === 0 ? null : codingFault(coding, text('encryption'), text('crypto-key'))) ??
    negativeTtlFault(text('ttl')) ??
    topicFault(text('topic'))
  );
}

/** What Rust does not read as an i64 counts as no TTL at all. */
function missingTtlFault(ttl: string | null): Fault | null {
  if (ttl === null) return fault('ttl_missing', 'Missing TTL value');
  return /^[+-]?\d+$/.test(ttl) && isI64(BigInt(ttl.replace('+', '')))
    ? null
    : fault('ttl_malformed', 'Missing TTL value');
}

function isI64(value: bigint): boolean {
  return value <= LARGEST_I64 && value >= -LARGEST_I64 - 1n;
}

function negativeTtlFault(ttl: string | null): Fault | null {
  return Number(ttl) < 0 ? fault('ttl_negative', 'ttl: TTL must be greater than 0') : null;
}

function topicFault(topic: string | null): Fault | null {
  if (topic === null) return null;
  if (topic.length > 32) return fault('topic', 'topic: Topic must be no greater than 32 characters');
  if (/^[\w-]+={0,32}$/.test(topic)) return null;
  return fault('topic', 'topic: Topic must be URL and Filename safe Base64 alphabet');
}

function codingFault(coding: string | null, encryption: string | null, cryptoKey: string | null): Fault | null {
  switch (coding) {
    case null:
      return fault('coding', 'Missing Content-Encoding header');
    case 'aes128gcm':
      return unwantedFault('Encryption', encryption, 'salt') ?? unwantedFault('Crypto-Key', cryptoKey, 'dh');
    case 'aesgcm':
      return (
        neededFault('Encryption', encryption ?? '', 'salt') ??
        (cryptoKey === null ? null : neededFault('Crypto-Key', cryptoKey, 'dh'))
      );
    default:
      return fault('coding', 'Unknown Content-Encoding header');
  }
}

/** RFC 8188 has both in the body. A VAPID key of before RFC 8292 may stand beside. */
function unwantedFault(header: string, text: string | null, name: string): Fault | null {
  if (text === null || headerItem(text, name) === null) return null;
  return fault('coding', `Do not include '${name}' header in aes128gcm ${header} header`);
}

function neededFault(header: string, text: string, name: string): Fault | null {
  const value = headerItem(text, name);
  if (value !== null && /^[\w-]+={0,64}$/.test(value)) return null;
  return fault('coding', `Missing ${name} value in ${header} header`);
}

/** An item of `Encryption` or `Crypto-Key`, such as `dh` in `dh="…";p256ecdsa=…`; null where there is none. */
export function headerItem(header: string, name: string): string | null {
  const items = header.split(/[,;]/).map((item) => item.trim());
  const item = items.find((candidate) => candidate.startsWith(`${name}=`));
  return item === undefined
    ? null
    : item
        .slice(name.length + 1)
        .replaceAll('"', '')
        .trim();
}

function fault(kind: FaultKind, message: string): Fault {
  return { kind, message };
}
