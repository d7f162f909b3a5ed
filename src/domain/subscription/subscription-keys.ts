import type { Buffer } from 'node:buffer';
import { ECDH } from 'node:crypto';
import { hexOctetsOf, octetsOf } from '../key-text.ts';
import type { SubscriptionKeys } from './subscription.ts';

export type KeysJudgement =
  | { readonly kind: 'valid'; readonly keys: SubscriptionKeys }
  | { readonly kind: 'invalid'; readonly field: keyof SubscriptionKeys; readonly message: string };

const P256DH_OCTETS = 65;
const AUTH_OCTETS = 16;
/** SEC 1 section 2.3.3: the first octet of an uncompressed point. Browsers send no other form. */
const UNCOMPRESSED = 0x04;

/**
 * Whether a browser's keys can be encrypted to (RFC 8291 section 3), checked for real: a point off the curve would
 * fail every delivery, long after the caller who could mend it has gone. Padding, the plain base64
 * alphabet, hexadecimal and white space are tolerated; the keys given back are unpadded base64url. The message never holds a key.
 */
export function judgeSubscriptionKeys(keys: SubscriptionKeys): KeysJudgement {
  const p256dh = decode(keys.p256dh, P256DH_OCTETS);
  if (p256dh === null) return invalid('p256dh', 'is not base64url');
  if (p256dh.length !== P256DH_OCTETS) {
    return invalid('p256dh', `must decode to ${P256DH_OCTETS} octets, and decodes to ${p256dh.length}`);
  }
  if (p256dh[0] !== UNCOMPRESSED || !isOnCurve(p256dh)) {
    return invalid('p256dh', 'is not an uncompressed point on the P-256 curve');
  }
  const auth = decode(keys.auth, AUTH_OCTETS);
  if (auth === null) return invalid('auth', 'is not base64url');
  if (auth.length !== AUTH_OCTETS) {
    return invalid('auth', `must decode to ${AUTH_OCTETS} octets, and decodes to ${auth.length}`);
  }
  return { kind: 'valid', keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') } };
}

function invalid(field: keyof SubscriptionKeys, problem: string): KeysJudgement {
  return {
    kind: 'invalid',
    field,
    message: `keys.${field} ${problem}. Send what PushSubscription.toJSON() gives, unchanged.`,
  };
}

function decode(text: string, octets: number): Buffer | null {
  return hexOctetsOf(text, octets) ?? octetsOf(text);
}

function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false;
  }
}
