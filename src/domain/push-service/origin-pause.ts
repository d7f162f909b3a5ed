import { parseRetryAfter } from '../delivery/retry-policy.ts';
import { outcomeOf, type PushResult } from './push-outcome.ts';
import { pushTargetOf } from './push-target.ts';

/** A push service asked its senders to wait: nothing goes to this origin before `untilMs`. */
export type OriginPause = { readonly origin: string; readonly untilMs: number };

/** However long a service asks for: after this one delivery goes out again and tells whether it still does. */
export const LONGEST_PAUSE_MS = 3_600_000;

/** The pause that an answer asks of all deliveries to its origin, or null where it speaks of itself alone. */
export function pauseAskedBy(result: PushResult | null, endpoint: string, nowMs: number): OriginPause | null {
  if (result?.kind !== 'response' || outcomeOf(result).kind !== 'throttled') return null;
  const waitMs = parseRetryAfter(result.retryAfter, nowMs);
  const { origin, service } = pushTargetOf(endpoint);
  // Apple answers 429 for one device that gets too much, and means that device.
  if (waitMs === null || service === 'apple') return null;
  return { origin, untilMs: nowMs + Math.min(waitMs, LONGEST_PAUSE_MS) };
}
