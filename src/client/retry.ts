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

/** RFC 9110 section 10.2.3: seconds, or a date. Null where there is none that can be understood. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, (atMs - nowMs) / 1000);
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
