import { type Fault, type FaultKind, MAX_BODY_OCTETS, type PushRequest } from './profile.ts';

/** Where the services differ in what they take. */
type HeaderLimits = {
  readonly minTtlSeconds: number;
  /** Refused above it. */
  readonly maxTtlSeconds: number;
  readonly checksUrgency: boolean;
  /** The Topic must be base64url that can be decoded. */
  readonly decodesTopic: boolean;
};

/** RFC 8030, no more and no less. */
const RFC_LIMITS: HeaderLimits = {
  minTtlSeconds: 0,
  maxTtlSeconds: Number.POSITIVE_INFINITY,
  checksUrgency: true,
  decodesTopic: false,
};

/** Judges headers and size by RFC 8030, RFC 8188 and these limits of a service. */
export function headerCheck(own: Partial<HeaderLimits> = {}): (request: PushRequest) => Fault | null {
  const limits = { ...RFC_LIMITS, ...own };
  return (request) => headerFault(request, limits);
}

function headerFault({ headers, bodyOctets }: PushRequest, limits: HeaderLimits): Fault | null {
  const wrong = ttlFault(headers.ttl, limits) ?? topicFault(headers.topic, limits);
  if (wrong !== null) return wrong;
  const { urgency } = headers;
  if (limits.checksUrgency && urgency !== undefined && !/^(?:very-low|low|normal|high)$/.test(String(urgency))) {
    return fault('urgency', 'BadUrgency');
  }
  if (headers['content-encoding'] !== 'aes128gcm') return fault('coding', 'Content-Encoding is not aes128gcm');
  if (headers.encryption !== undefined || headers['crypto-key'] !== undefined) {
    return fault('coding', 'Encryption and Crypto-Key do not go with aes128gcm');
  }
  if (bodyOctets === 0) return fault('body_missing', 'There is no encrypted body');
  return bodyOctets > MAX_BODY_OCTETS ? fault('body_too_large', 'Data payload too large') : null;
}

function ttlFault(ttl: string | string[] | undefined, limits: HeaderLimits): Fault | null {
  if (ttl === undefined) return fault('ttl_missing', 'Missing TTL header');
  if (!/^-?\d+$/.test(String(ttl))) return fault('ttl_malformed', 'TTL is not a whole number of seconds');
  const seconds = Number(ttl);
  if (seconds < 0) return fault('ttl_negative', 'TTL is negative');
  if (seconds < limits.minTtlSeconds) return fault('ttl_zero', `TTL is below ${limits.minTtlSeconds}`);
  return seconds > limits.maxTtlSeconds ? fault('ttl_too_long', `TTL is above ${limits.maxTtlSeconds}`) : null;
}

function topicFault(topic: string | string[] | undefined, { decodesTopic }: HeaderLimits): Fault | null {
  if (topic === undefined) return null;
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(String(topic))) {
    return fault('topic', 'Topic is not 1 to 32 characters of the base64url alphabet');
  }
  // Six bits beside whole groups of 24 are no octet (RFC 4648 section 5).
  return decodesTopic && topic.length % 4 === 1 ? fault('topic', 'Topic cannot be decoded') : null;
}

function fault(kind: FaultKind, message: string): Fault {
  return { kind, message };
}
