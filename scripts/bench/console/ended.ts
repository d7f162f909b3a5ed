import type { Attempt, Delivery } from '../../../src/domain/delivery/delivery.ts';

/** One of so many has failed for good. */
const FAILED_OF = 10;

/** As it is once all was sent: with an attempt. */
export function ended(delivery: Delivery, index: number, nowMs: number): Delivery {
  const isFailed = index % FAILED_OF === 0;
  const times = { startedAtMs: nowMs, endedAtMs: nowMs + 40, latencyMs: 40 };
  const none = { number: 1, retryCount: 0, retryAtMs: null };
  const attempt: Attempt = isFailed
    ? {
        ...{ ...none, ...times, status: 'failed', outcome: 'rejected', httpStatus: 400 },
        ...{ error: 'HTTP 400: malformed', remedy: 'Read what the service says, mend it, and replay.' },
      }
    : { ...none, ...times, status: 'delivered', outcome: 'delivered', httpStatus: 201, error: null, remedy: null };
  return {
    ...delivery,
    state: isFailed ? 'failed' : 'delivered',
    reason: isFailed ? 'rejected' : null,
    dueAtMs: null,
    attemptCount: 1,
    attempts: [attempt],
    endedAtMs: nowMs + 40,
  };
}
