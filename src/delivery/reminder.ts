import type { Delivery } from '../domain/delivery.ts';
import type { Job } from '../queue/job-queue.ts';

type Reminded = Pick<Delivery, 'id' | 'attemptCount' | 'priority' | 'origin' | 'deadlineAtMs'>;

/** The job that looks at a waiting delivery again: for its next attempt, at `runAtMs`. */
export function reminderOf(delivery: Reminded, runAtMs: number): Job {
  const { id, attemptCount, priority, origin, deadlineAtMs } = delivery;
  return { kind: 'deliver', id, step: attemptCount + 1, priority, origin, deadlineAtMs, runAtMs };
}
