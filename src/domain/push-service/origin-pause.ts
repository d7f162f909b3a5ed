import { parseRetryAfter } from '../delivery/retry-policy.ts';
import type { Outcome, PushResult } from './push-outcome.ts';
import { pushTargetOf } from './push-target.ts';

/** A push service asked its senders to wait: nothing goes to this origin before `untilMs`. */
export type OriginPause = { readonly origin: string; readonly untilMs: number };

/** The longest pause, whatever a service asks for: the answers after it tell whether the service still wants one. */
export const LONGEST_PAUSE_MS = 3_600_000;

/**
 * The pause that an answer asks of all deliveries to its origin, or null where it asks for none. Any fault of the push
 * service's may come with a `Retry-After`: Mozilla sends one with 503. Apple's 429 is about one device, and pauses no other.
 */
export function pauseAskedBy(
  { fault }: Pick<Outcome, 'fault'>,
  result: PushResult,
  endpoint: string,
  nowMs: number,
): OriginPause | null {
  if (fault !== 'service' || result.kind !== 'response') return null;
  const waitMs = parseRetryAfter(result.retryAfter, nowMs);
  if (waitMs === null) return null;
  return { origin: pushTargetOf(endpoint).origin, untilMs: nowMs + Math.min(waitMs, LONGEST_PAUSE_MS) };
}
