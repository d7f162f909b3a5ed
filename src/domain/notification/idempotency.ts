/** What a repeated call is recognised by: the caller's key, scoped to its API key, and a digest of the body. */
export type Idempotency = {
  readonly key: string;
  readonly bodyDigest: string;
  readonly expiresAtMs: number;
};

/** A key as it is kept: for which call, and until when. */
export type KeptKey = { readonly bodyDigest: string; readonly notificationId: string; readonly expiresAtMs: number };

/**
 * `first`: the key is free, or free again. `repeated`: the same call came before, and made this notification. `key_reused`:
 * another call came with this key.
 */
export type Repetition =
  | { readonly kind: 'first' | 'key_reused' }
  | { readonly kind: 'repeated'; readonly notificationId: string };

/** What a call is to the key that is kept, swept or not. */
export function judgeRepetition(kept: KeptKey | null, call: Idempotency, nowMs: number): Repetition {
  if (kept === null || isFreeAgain(kept, nowMs)) return { kind: 'first' };
  if (kept.bodyDigest !== call.bodyDigest) return { kind: 'key_reused' };
  return { kind: 'repeated', notificationId: kept.notificationId };
}

function isFreeAgain({ expiresAtMs }: KeptKey, nowMs: number): boolean {
  return expiresAtMs <= nowMs;
}
