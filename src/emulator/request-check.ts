import type { IncomingHttpHeaders } from 'node:http';
import type { Fault, FaultKind, Limits, Profile } from './profile.ts';
import { checkVapid, type VapidFacts } from './vapid-check.ts';

export type PushRequest = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyOctets: number;
};

export type RequestCheck = { readonly fault: Fault | null; readonly vapid: VapidFacts | null };

/** What a request is judged by. `requiredKey` is the VAPID key of the subscription, null when it was made with none. */
export type Expectation = {
  readonly profile: Profile;
  readonly origin: string;
  readonly requiredKey: string | null;
  readonly nowMs: number;
};

/** A service may refuse more (RFC 8030 section 7.2), and all of them do. */
export const MAX_BODY_OCTETS = 4096;

export const UNKNOWN_DEVICE: Fault = { kind: 'unknown_device', message: 'Invalid URL endpoint' };

/**
 * Judges a request as a push service does before it looks at what its device does: RFC 8030 for the headers, RFC 8292
 * for the signature, and the service's own limits for both.
 */
export function checkRequest(request: PushRequest, expected: Expectation): RequestCheck {
  const { profile, origin, requiredKey, nowMs } = expected;
  const refused = headerFault(request, profile.limits);
  if (refused !== null) return { fault: refused, vapid: null };
  const { authorization } = request.headers;
  const vapid = checkVapid(authorization, origin, nowMs, profile.limits.subject);
  if (vapid.kind === 'fault') return { fault: vapid.fault, vapid: null };
  if (requiredKey !== null && vapid.facts.publicKey !== requiredKey) {
    return { fault: { kind: 'other_key', message: 'VAPID public key mismatch' }, vapid: vapid.facts };
  }
  return { fault: null, vapid: vapid.facts };
}

function headerFault({ method, headers, bodyOctets }: PushRequest, limits: Limits): Fault | null {
  if (method !== 'POST') return fault('method', 'Method not allowed');
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

function ttlFault(ttl: string | string[] | undefined, limits: Limits): Fault | null {
  if (ttl === undefined) return fault('ttl_missing', 'Missing TTL header');
  if (!/^-?\d+$/.test(String(ttl))) return fault('ttl_malformed', 'TTL is not a whole number of seconds');
  const seconds = Number(ttl);
  if (seconds < 0) return fault('ttl_negative', 'TTL is negative');
  if (seconds < limits.minTtlSeconds) return fault('ttl_zero', `TTL is below ${limits.minTtlSeconds}`);
  return seconds > limits.maxTtlSeconds ? fault('ttl_too_long', `TTL is above ${limits.maxTtlSeconds}`) : null;
}

function topicFault(topic: string | string[] | undefined, { decodesTopic }: Limits): Fault | null {
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
