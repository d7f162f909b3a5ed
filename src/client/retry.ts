import { BellhopError } from './bellhop-error.ts';

export type RetryPolicy = {
  /** Further tries after a first that failed. */
  readonly maxRetries: number;
  /** The longest wait before the first of them; it doubles with each, and is drawn evenly from half of it to all of it. */
  readonly retryBaseMs: number;
};

/** No wait grows beyond, and a `Retry-After` that asks for more ends the call: its caller may have better to do. */
const LONGEST_WAIT_MS = 30_000;

const PASSING_STATUSES = new Set([408, 425, 429, 502, 503, 504]);

/** Milliseconds to wait before another try, or null where another would not help. `retriesSpent` counts those before. */
export function waitBeforeRetry(error: unknown, retriesSpent: number, policy: RetryPolicy): number | null {
  if (!(error instanceof BellhopError) || retriesSpent >= policy.maxRetries || !isPassing(error)) return null;
  const asked = error.retryAfterSeconds === null ? 0 : error.retryAfterSeconds * 1000;
  if (asked > LONGEST_WAIT_MS) return null;
  const grown = Math.min(policy.retryBaseMs * 2 ** retriesSpent, LONGEST_WAIT_MS);
  return Math.max(asked, grown * (0.5 + Math.random() / 2));
}

/** Each try has a new nonce. One that was used before shows that something on the way sent the try twice. */
const PASSING_CODES = new Set(['connection_failed', 'timeout', 'reused_nonce']);

function isPassing({ code, status }: BellhopError): boolean {
  return PASSING_CODES.has(code) || (status !== null && PASSING_STATUSES.has(status));
}

/** A decimal number as programs print one, with a sign, an exponent, a unit or quotes. */
const SECONDS = /^("?)\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)? ?(?:s|secs?|seconds?)?\1$/i;
/** A comma between two values, and none within a date. */
const BETWEEN_VALUES = /,(?! \d\d[ -][A-Z][a-z]{2}[ -])/;
/** `Date.parse` reads much that is no date; each form of RFC 9110 section 5.6.7 begins with a day of the week. */
const DATE = /^"?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]*\d\d:\d\d:\d\d[\w ]*)"?$/;

/**
 * RFC 9110 section 10.2.3: seconds, or a date. Rounded up to whole seconds, 0 for a date that has passed. Of several, as a proxy
 * adds one of its own, the longest. Null where there is none that can be understood.
 */
export function retryAfterSeconds(header: string | null, nowMs: number): number | null {
  const waits = (header ?? '').split(BETWEEN_VALUES).map((value) => secondsOf(value.trim(), nowMs));
  return waits.reduce((longest, seconds) => (seconds === null ? longest : Math.max(longest ?? 0, seconds)), null);
}

function secondsOf(value: string, nowMs: number): number | null {
  const [, , digits, exponent = ''] = SECONDS.exec(value) ?? [];
  if (digits !== undefined) return Math.ceil(Number(digits + exponent));
  const [, date = ''] = DATE.exec(value) ?? [];
  // One of the three forms has no zone, and means UTC.
  const atMs = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  return Number.isNaN(atMs) ? null : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** Resolves after so long; rejects with the signal's reason as soon as it is aborted. */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
