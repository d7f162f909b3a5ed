import type { Delivery } from '../domain/delivery.ts';
import type { Job } from '../queue/job-queue.ts';

/** The job that looks at a waiting delivery again: for its next attempt, at `runAtMs`. */
export function reminderOf(delivery: Pick<Delivery, 'id' | 'attemptCount' | 'priority'>, runAtMs: number): Job {
  const { id, attemptCount, priority } = delivery;
  return { kind: 'deliver', id, step: attemptCount + 1, priority, runAtMs };
}
