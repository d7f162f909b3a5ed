import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Gate } from '../domain/delivery/gate.ts';
import type { Events } from '../domain/events.ts';
import { type Random, subscriptionPartOf } from '../domain/ids.ts';
import type { Job, JobHandler, JobQueue, WaitsFor } from '../queue/job-queue.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Attempter } from './attempt.ts';
import type { ComposingOptions } from './composing.ts';
import { createDelivering, NO_PLACE } from './delivering.ts';
import type { GateFacts } from './gates.ts';
import type { Lanes } from './lanes.ts';
import { createPutOff } from './put-off.ts';

export type WorkerOptions = ComposingOptions & {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  /** How long a lease is: the attempt timeout and a margin for settling. */
  readonly leaseMs: number;
  readonly coordination: Pick<Coordination, 'pauseOrigin' | 'pausedUntilMs'>;
  readonly lanes: Lanes;
  /** While it says so, a job does nothing: the rescuer makes it again. */
  readonly isPaused: () => boolean | Promise<boolean>;
  /** Asked in this order of each delivery that was claimed. */
  readonly gates: readonly Gate<GateFacts>[];
  readonly rules: Pick<StandingRules, 'policyOf'>;
  readonly attempt: Attempter;
  readonly fanOutPage: (job: Job) => Promise<void>;
};

/** Runs jobs, and tells what a job must wait for in the queue. */
export type Worker = {
  readonly work: (job: Job, onPosted?: () => void) => Promise<void>;
  readonly waitsFor: (job: Job) => WaitsFor | null;
  /** Whether this process is at this delivery: whatever its clock says of the lease, the push is not lost. */
  readonly isAt: (deliveryId: string) => boolean;
};

/** Pages of fan-out run at once. A page takes long, and more of them would only delay what is urgent. */
const MOST_FAN_OUTS = 2;

/**
 * Runs jobs: a page of fan-out, or the claim, attempt and settlement of one delivery. A lane without a place postpones the
 * delivery: no attempt is spent, and no job stays behind to wait. At most one push to a subscription is under way: the next
 * one's job waits in the queue until the first is settled. A job never rejects: the worker announces its failure, and the
 * rescuer finds what was left.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { events, clock, lanes } = options;
  const putOff = createPutOff(options);
  const deliver = createDelivering(options, putOff);
  /** By the part of the ids that a subscription's deliveries have in common, the delivery that is under way to it. */
  const underWay = new Map<string, string>();

  const isPastDeadline = ({ deadlineAtMs }: Job): boolean => deadlineAtMs !== null && deadlineAtMs <= clock.now();

  const enterAndDeliver: JobHandler = async (job, onPosted) => {
    const entry = lanes.enter(job);
    if (entry.kind === 'wait' && !isPastDeadline(job)) return putOff.forLane(job, entry.untilMs);
    const place = entry.kind === 'go' ? entry.place : NO_PLACE;
    try {
      await deliver(job, place, onPosted);
    } finally {
      place.leave('nothing');
    }
  };

  const deliverAlone: JobHandler = async (job, onPosted) => {
    const subscription = subscriptionPartOf(job.id);
    // A queue that cannot pass a job over runs it all the same.
    if (underWay.has(subscription)) return putOff.forSubscription(job);
    underWay.set(subscription, job.id);
    try {
      await enterAndDeliver(job, onPosted);
    } finally {
      underWay.delete(subscription);
    }
  };

  let fanOuts = 0;
  const fanOut = async (job: Job): Promise<void> => {
    fanOuts += 1;
    try {
      await options.fanOutPage(job);
    } finally {
      fanOuts -= 1;
    }
  };

  const deliveryWaitsFor = (job: Job): WaitsFor | null => {
    const wait = underWay.has(subscriptionPartOf(job.id)) ? 'subscription' : lanes.waitsFor(job);
    // What is past its deadline ends without a place.
    return wait !== null && wait !== 'subscription' && isPastDeadline(job) ? null : wait;
  };

  return {
    work: async (job, onPosted = () => {}) => {
      const isPaused = options.isPaused();
      // The queue asks at once what the next job waits for, so what is known is not waited for.
      if (typeof isPaused === 'boolean' ? isPaused : await isPaused) return;
      try {
        await (job.kind === 'fan_out' ? fanOut(job) : deliverAlone(job, onPosted));
      } catch (error) {
        events.publish({ type: 'part.failed', part: 'worker', error });
      }
    },
    isAt: (deliveryId) => underWay.get(subscriptionPartOf(deliveryId)) === deliveryId,
    waitsFor: (job) => {
      if (job.kind === 'fan_out') return fanOuts >= MOST_FAN_OUTS ? 'line' : null;
      return deliveryWaitsFor(job);
    },
  };
}
