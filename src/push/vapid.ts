import { createECDH } from 'node:crypto';
import webPush from 'web-push';
import type { Clock } from '../clock.ts';

/** Both base64url without padding: 65 octets of public point, 32 of private scalar (RFC 8292 section 3.2). */
export type VapidKeyPair = { readonly publicKey: string; readonly privateKey: string };

export type VapidSigner = {
  /**
   * The `Authorization` header for requests to this origin, signed with the key pair of this public key; null when
   * that pair is not held.
   */
  authorization(endpointOrigin: string, publicKey: string): string | null;
};

export type VapidSignerOptions = {
  /** `mailto:` or `https:`; see `vapidSubjectProblem`. */
  readonly subject: string;
  /** The current pair and older ones: a subscription stays bound to the key it was made with. */
  readonly keyPairs: readonly VapidKeyPair[];
  /** Asked for a pair that is not among them: a rotation may have brought it since the start. */
  readonly findPair?: (publicKey: string) => VapidKeyPair | null;
  /** web-push checks the expiry against the system's time: a clock more than 12 h ahead of that cannot sign. */
  readonly clock: Clock;
};

/** RFC 8292 allows 24 h; half of it leaves room for clocks that disagree. */
const TOKEN_LIFE_SECONDS = 12 * 60 * 60;
/** Apple asks senders not to refresh more often than hourly; one signature a send is most of what a send costs. */
const TOKEN_REUSE_MS = 60 * 60 * 1000;
const MAX_CACHED_TOKENS = 1000;

/** A fresh P-256 key pair. */
export function generateVapidKeys(): VapidKeyPair {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  return { publicKey, privateKey };
}

/** What is wrong with a key pair, as a sentence that never holds the private key, or null. */
export function vapidKeyProblem(pair: VapidKeyPair): string | null {
  const publicKey = decode(pair.publicKey);
  if (publicKey === null) return 'The VAPID public key is not base64url without padding.';
  if (publicKey.length !== 65 || publicKey[0] !== 4) {
    return `The VAPID public key must be an uncompressed P-256 point of 65 octets, and has ${publicKey.length}.`;
  }
  const privateKey = decode(pair.privateKey);
  if (privateKey === null) return 'The VAPID private key is not base64url without padding.';
  if (privateKey.length !== 32) return `The VAPID private key must have 32 octets, and has ${privateKey.length}.`;
  const derived = publicPointOf(privateKey);
  if (derived === null) return 'The VAPID private key is not a valid P-256 key.';
  return derived.equals(publicKey) ? null : 'The VAPID public key does not belong to the VAPID private key.';
}

/**
 * What is wrong with a VAPID subject (RFC 8292 section 2.1), as a sentence, or null. Stricter than the RFC where Apple
 * is: it answers 403 BadJwtToken to localhost, spaces, angle brackets and bare addresses.
 */
export function vapidSubjectProblem(subject: string): string | null {
  if (/[\s<>\p{C}]/u.test(subject)) {
    return 'The VAPID subject must not hold spaces or angle brackets: write mailto:ops@example.com.';
  }
  const host = /^mailto:/i.test(subject) ? mailHost(subject) : webHost(subject);
  if (host === null) {
    return 'The VAPID subject must be a mailto: address or an https: URL, such as mailto:ops@example.com.';
  }
  if (!host.includes('.') || /(?:^|\.)localhost$|^127\./i.test(host)) {
    return 'The VAPID subject must name a public host: Apple refuses every push with localhost in it.';
  }
  return null;
}

/** Signs `Authorization` headers (RFC 8292), each reused for an hour per origin and key. Holds at most 1000. */
export function createVapidSigner(options: VapidSignerOptions): VapidSigner {
  const { subject, clock } = options;
  const privateKeys = new Map(options.keyPairs.map((pair) => [pair.publicKey, pair.privateKey]));
  const cache = new Map<string, { readonly value: string; readonly signedAtMs: number }>();

  return {
    authorization(endpointOrigin, publicKey) {
      const privateKey = privateKeys.get(publicKey) ?? options.findPair?.(publicKey)?.privateKey;
      if (privateKey === undefined) return null;
      privateKeys.set(publicKey, privateKey);
      const id = `${publicKey} ${endpointOrigin}`;
      const nowMs = clock.now();
      const cached = cache.get(id);
      // A clock set back must not stretch a token's use, nor leave one whose expiry is too far ahead.
      if (cached !== undefined && nowMs >= cached.signedAtMs && nowMs - cached.signedAtMs < TOKEN_REUSE_MS) {
        return cached.value;
      }
      const expiresAtSeconds = Math.floor(nowMs / 1000) + TOKEN_LIFE_SECONDS;
      const value = webPush.getVapidHeaders(
        endpointOrigin,
        subject,
        publicKey,
        privateKey,
        'aes128gcm',
        expiresAtSeconds,
      ).Authorization;
      cache.delete(id);
      cache.set(id, { value, signedAtMs: nowMs });
      evictOldest(cache);
      return value;
    },
  };
}

/** A Map keeps the order of insertion, so the first entry is the one signed longest ago. */
function evictOldest(cache: Map<string, unknown>): void {
  if (cache.size <= MAX_CACHED_TOKENS) return;
  for (const oldest of cache.keys()) {
    cache.delete(oldest);
    return;
  }
}

/** Buffer skips what it does not know, so the alphabet is checked first. */
function decode(text: string): Buffer | null {
  return /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url') : null;
}

function publicPointOf(privateKey: Buffer): Buffer | null {
  try {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(privateKey);
    return curve.getPublicKey();
  } catch {
    return null;
  }
}

function mailHost(subject: string): string | null {
  return /^mailto:[^@,?]+@([^@,?]+)$/i.exec(subject)?.[1] ?? null;
}

function webHost(subject: string): string | null {
  return /^https:\/\//i.test(subject) && URL.canParse(subject) ? new URL(subject).hostname : null;
}
