import { createRequire } from 'node:module';
import type { Clock } from '../clock.ts';
import type { VapidKeyPair } from '../domain/push-service/vapid-key.ts';

export type VapidSigner = {
  /**
   * The `Authorization` header for requests to this origin, signed with the key pair of this public key; null when
   * that pair is missing here.
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

/** For what signs, which is loaded with the first signature: a twentieth of a start. */
const require = createRequire(import.meta.url);

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
      const { getVapidHeaders }: typeof import('web-push') = require('web-push');
      const value = getVapidHeaders(
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
