import type { Clock } from '../clock.ts';
import { postponed } from '../domain/delivery/life.ts';
import type { Random } from '../domain/ids.ts';
import type { Job, JobQueue } from '../queue/job-queue.ts';
import type { Store } from '../store/store.ts';

export type PutOffOptions = {
  readonly store: Pick<Store, 'deliveries'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
};

/** Has a delivery looked at later, without an attempt: its time moves in the store, so that the rescuer does not find it due. */
export type PutOff = {
  /** Its lane has no place before `untilMs`. */
  forLane(job: Job, untilMs: number): Promise<void>;
  /** Another push to the same subscription is under way, which takes a moment: a tenth of a second as a rule. */
  forSubscription(job: Job): Promise<void>;
};

const SHORT_WAIT_MS = 100;
/** Two processes that gave way to each other come again at different times. */
const SHORT_SPREAD_MS = 400;

export function createPutOff({ store, queue, clock, random }: PutOffOptions): PutOff {
  const until = async (job: Job, waitsUntilMs: number, waitsForLane: boolean): Promise<void> => {
    const { id: deliveryId, step: attempt, deadlineAtMs } = job;
    const postponement = postponed({ deliveryId, attempt, deadlineAtMs }, waitsUntilMs);
    await store.deliveries.postponeMany([postponement]);
    await queue.enqueueMany([{ ...job, runAtMs: postponement.untilMs, waitsForLane }]);
  };
  return {
    forLane: (job, untilMs) => until(job, untilMs, true),
    forSubscription: (job) => until(job, clock.now() + SHORT_WAIT_MS + Math.ceil(random() * SHORT_SPREAD_MS), false),
  };
}
