import type { IncomingHttpHeaders } from 'node:http';
import { checkVapid, type VapidFacts } from './vapid-check.ts';

/** What a push service finds wrong with a request, answered the way Mozilla's does. */
export type Refusal = { readonly status: number; readonly errno: number; readonly message: string };

export type PushRequest = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyOctets: number;
};

export type RequestCheck = { readonly refusal: Refusal | null; readonly vapid: VapidFacts | null };

/** A service may refuse more (RFC 8030 section 7.2), and all of them do. */
export const MAX_BODY_OCTETS = 4096;

export const UNKNOWN_DEVICE: Refusal = { status: 404, errno: 102, message: 'Invalid URL endpoint' };

/**
 * Judges a request as a push service does before it looks at any device: RFC 8030 for the headers, RFC 8292 for the
 * signature. `requiredKey` is the VAPID key the subscription was made with, null when it was made with none.
 */
export function checkRequest(
  request: PushRequest,
  origin: string,
  requiredKey: string | null,
  nowMs: number,
): RequestCheck {
  const refusal = headerRefusal(request);
  if (refusal !== null) return { refusal, vapid: null };
  const vapid = checkVapid(request.headers.authorization, origin, nowMs);
  if (vapid.kind === 'fault') return { refusal: { status: 401, errno: 109, message: vapid.message }, vapid: null };
  if (requiredKey !== null && vapid.facts.publicKey !== requiredKey) {
    return { refusal: { status: 401, errno: 109, message: 'VAPID public key mismatch' }, vapid: vapid.facts };
  }
  return { refusal: null, vapid: vapid.facts };
}

function headerRefusal({ method, headers, bodyOctets }: PushRequest): Refusal | null {
  if (method !== 'POST') return { status: 405, errno: 405, message: 'Method not allowed' };
  if (headers.ttl === undefined) return bad(111, 'Missing TTL header');
  if (!/^-?\d+$/.test(String(headers.ttl))) return bad(112, 'TTL is not a whole number of seconds');
  if (Number(headers.ttl) < 0) return bad(114, 'TTL is negative');
  if (headers.topic !== undefined && !/^[A-Za-z0-9_-]{1,32}$/.test(String(headers.topic))) {
    return bad(113, 'Topic is not 1 to 32 characters of the base64url alphabet');
  }
  // Mozilla lets a bad urgency pass; Apple answers BadUrgency, and the stricter one finds more mistakes.
  if (headers.urgency !== undefined && !/^(?:very-low|low|normal|high)$/.test(String(headers.urgency))) {
    return bad(400, 'BadUrgency');
  }
  if (headers['content-encoding'] !== 'aes128gcm') return bad(110, 'Content-Encoding is not aes128gcm');
  if (headers.encryption !== undefined || headers['crypto-key'] !== undefined) {
    return bad(110, 'Encryption and Crypto-Key do not go with aes128gcm');
  }
  if (bodyOctets === 0) return bad(110, 'There is no encrypted body');
  return bodyOctets > MAX_BODY_OCTETS ? { status: 413, errno: 104, message: 'Data payload too large' } : null;
}

function bad(errno: number, message: string): Refusal {
  return { status: 400, errno, message };
}
