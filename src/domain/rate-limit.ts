/** How often something may be done: `burst` times at once, and once more after each `refillMs`. Both are whole numbers. */
export type RateLimit = { readonly burst: number; readonly refillMs: number };

/** `fullAtMs`: when a whole burst is free again. That instant is all that a limit remembers of a spender. */
export type Spent =
  | { readonly kind: 'allowed'; readonly fullAtMs: number }
  /** How long until there is one again. */
  | { readonly kind: 'refused'; readonly waitMs: number };

/** A limit of so many a minute, all of which may come at once. At most 60 000. */
export function perMinute(count: number): RateLimit {
  return { burst: count, refillMs: Math.round(60_000 / count) };
}

/** How long a burst takes to come back: what is remembered of a spender is of no use any longer then. */
export function refillOfBurstMs({ burst, refillMs }: RateLimit): number {
  return burst * refillMs;
}

/**
 * Takes one of what the limit allows, by the generic cell rate algorithm (ITU-T I.371). `fullAtMs` is what the last allowed one
 * left; null for a spender that is new or forgotten. One further ahead than a burst, as after the clock was set back, counts as a
 * burst that is spent.
 */
export function spendOne(limit: RateLimit, fullAtMs: number | null, nowMs: number): Spent {
  const wholeMs = refillOfBurstMs(limit);
  const fromMs = Math.min(Math.max(fullAtMs ?? nowMs, nowMs), nowMs + wholeMs);
  const waitMs = fromMs + limit.refillMs - (nowMs + wholeMs);
  return waitMs > 0 ? { kind: 'refused', waitMs } : { kind: 'allowed', fullAtMs: fromMs + limit.refillMs };
}
