import { parseRetryAfter } from '../delivery/retry-policy.ts';
import type { OutcomeKind, PushResult } from './push-outcome.ts';
import { pushTargetOf } from './push-target.ts';

/** A push service asked its senders to wait: nothing goes to this origin before `untilMs`. */
export type OriginPause = { readonly origin: string; readonly untilMs: number };

/** The longest pause, whatever a service asks for: the answers after it tell whether the service still wants one. */
export const LONGEST_PAUSE_MS = 3_600_000;

/** The pause that an answer of this outcome asks of all deliveries to its origin, or null where it asks for none. */
export function pauseAskedBy(
  outcome: OutcomeKind,
  result: PushResult,
  endpoint: string,
  nowMs: number,
): OriginPause | null {
  if (outcome !== 'throttled' || result.kind !== 'response') return null;
  const waitMs = parseRetryAfter(result.retryAfter, nowMs);
  const { origin, service } = pushTargetOf(endpoint);
  // Apple answers 429 for one device that gets too much, and means that device alone.
  if (waitMs === null || service === 'apple') return null;
  return { origin, untilMs: nowMs + Math.min(waitMs, LONGEST_PAUSE_MS) };
}
