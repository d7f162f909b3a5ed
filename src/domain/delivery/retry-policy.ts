import { parseHttpDate } from '../push-service/http-date.ts';
import { readSeconds } from '../push-service/seconds.ts';

export type RetryPolicy = {
  /** Retries after the first attempt; 0 means one attempt only. */
  readonly maxRetries: number;
  /** The upper bound of the first wait; it doubles with each retry. */
  readonly baseMs: number;
  readonly maxMs: number;
};

export type RetryDecision =
  | { readonly kind: 'retry'; readonly atMs: number }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'past_deadline' };

/** Spreads the deliveries that one `Retry-After` would otherwise bring back in the same instant. */
const RETRY_AFTER_SPREAD_MS = 1000;

/**
 * When to try again after a failed attempt, if at all.
 * Exponential backoff with full jitter: a uniform wait in [0, min(maxMs, baseMs * 2^retryCount)).
 * `jitter` is the uniform draw, in [0, 1). A `Retry-After` replaces the backoff and is never undercut. There is no retry at
 * or past the deadline.
 */
export function decideRetry(
  policy: RetryPolicy,
  facts: { retryCount: number; nowMs: number; deadlineAtMs: number; retryAfterMs: number | null; jitter: number },
): RetryDecision {
  if (facts.retryCount >= policy.maxRetries) return { kind: 'exhausted' };
  const waitMs =
    facts.retryAfterMs === null
      ? backoffMs(policy, facts.retryCount, facts.jitter)
      : facts.retryAfterMs + facts.jitter * Math.min(RETRY_AFTER_SPREAD_MS, policy.baseMs);
  const atMs = facts.nowMs + Math.ceil(waitMs);
  return atMs < facts.deadlineAtMs ? { kind: 'retry', atMs } : { kind: 'past_deadline' };
}

/** When a probe of a closed lane that failed waits for that lane again: at once, unless the push service says when. */
export function decideProbeAgain(facts: {
  nowMs: number;
  deadlineAtMs: number;
  retryAfterMs: number | null;
}): RetryDecision {
  const atMs = facts.nowMs + (facts.retryAfterMs ?? 0);
  return atMs < facts.deadlineAtMs ? { kind: 'retry', atMs } : { kind: 'past_deadline' };
}

/** Exponential backoff with full jitter, in whole milliseconds: the wait after `failures` earlier failures. */
export function backoffMs(policy: RetryPolicy, failures: number, jitter: number): number {
  return Math.ceil(jitter * Math.min(policy.maxMs, policy.baseMs * 2 ** failures));
}

/** A comma between two values, and none within a date: `120, Thu, 01 Jan 2026 00:01:00 GMT`. */
const BETWEEN_VALUES = /,(?! \d\d[ -][A-Z][a-z]{2}[ -])/;

/**
 * How long a `Retry-After` header asks to wait, in milliseconds from `nowMs`: RFC 9110 section 10.2.3, seconds or an HTTP
 * date. Seconds that are no whole number are rounded up. Of several values, as a proxy adds one of its own, the longest counts.
 * Null for none, for one already past, and for anything else: a stray header must not stop a retry.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  const longestMs = (header ?? '')
    .split(BETWEEN_VALUES)
    .reduce((longest, value) => Math.max(longest, waitMsOf(value.trim(), nowMs)), 0);
  return longestMs > 0 ? longestMs : null;
}

function waitMsOf(value: string, nowMs: number): number {
  const seconds = readSeconds(value);
  if (seconds !== null) return Math.ceil(seconds) * 1000;
  return (parseHttpDate(unquoted(value), nowMs) ?? nowMs) - nowMs;
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
