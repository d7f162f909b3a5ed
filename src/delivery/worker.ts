import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { askGates, type Gate } from '../domain/delivery/gate.ts';
import { postponed } from '../domain/delivery/life.ts';
import type { SettlementPlan } from '../domain/delivery/settlement.ts';
import type { Events } from '../domain/events.ts';
import type { OriginPause } from '../domain/push-service/origin-pause.ts';
import { type Job, type JobHandler, type JobQueue, reminderOf, type WaitsFor } from '../queue/job-queue.ts';
import type { Claimed } from '../store/delivery-store.ts';
import type { Store } from '../store/store.ts';
import type { Attempter } from './attempt.ts';
import type { Lanes, PlaceInLane } from './lanes.ts';

export type WorkerOptions = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  /** How long a lease is: the attempt timeout and a margin for settling. */
  readonly leaseMs: number;
  readonly coordination: Pick<Coordination, 'pauseOrigin' | 'pausedUntilMs'>;
  readonly lanes: Lanes;
  /** Asked in this order of each delivery that was claimed. */
  readonly gates: readonly Gate<Claimed>[];
  readonly attempt: Attempter;
  readonly fanOutPage: (job: Job) => Promise<void>;
};

/** Runs jobs, and tells what a job must wait for in the queue. */
export type Worker = {
  readonly work: (job: Job, onPosted?: () => void) => Promise<void>;
  readonly waitsFor: (job: Job) => WaitsFor | null;
};

const SETTLE_AGAIN_MS = 250;

/** Pages of fan-out run at once. A page takes long, and more of them would only delay what is urgent. */
const MOST_FAN_OUTS = 2;

/** For a delivery that ends without being sent. */
const NO_PLACE: PlaceInLane = { leave: () => {} };

/**
 * Runs jobs: a page of fan-out, or the claim, attempt and settlement of one delivery. A claim that is not granted is the
 * normal end of an outdated reminder. A lane without a place postpones the delivery: no attempt is spent, and no job stays
 * behind to wait. A job never rejects: the worker announces its failure, and the rescuer finds what was left.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { store, queue, events, clock, lanes } = options;
  const deliver = createDelivery(options);

  const enterAndDeliver: JobHandler = async (job, onPosted) => {
    const entry = lanes.enter(job.origin);
    if (entry.kind === 'wait') {
      const { id: deliveryId, step: attempt, deadlineAtMs } = job;
      if (deadlineAtMs !== null && deadlineAtMs <= clock.now()) return deliver(job, NO_PLACE, onPosted);
      const postponement = postponed({ deliveryId, attempt, deadlineAtMs }, entry.untilMs);
      await store.deliveries.postponeMany([postponement]);
      return queue.enqueueMany([{ ...job, runAtMs: postponement.untilMs }]);
    }
    try {
      await deliver(job, entry.place, onPosted);
    } finally {
      entry.place.leave('nothing');
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

  return {
    work: async (job, onPosted = () => {}) => {
      try {
        await (job.kind === 'fan_out' ? fanOut(job) : enterAndDeliver(job, onPosted));
      } catch (error) {
        events.publish({ type: 'part.failed', part: 'worker', error });
      }
    },
    waitsFor: (job) => ((job.kind === 'fan_out' ? fanOuts >= MOST_FAN_OUTS : lanes.isBusy(job.origin)) ? 'line' : null),
  };
}

/** Claims, attempts and settles. The place in the lane is given back once the push has ended, before the settlement. */
function createDelivery(options: WorkerOptions): (job: Job, place: PlaceInLane, onPosted: () => void) => Promise<void> {
  const { store, queue, events, clock, leaseMs } = options;

  /** A push that was sent must be on record, though the store is away for a moment: settles again until the lease ends. */
  const settleWithinLease = async (plan: SettlementPlan, leaseUntilMs: number): Promise<boolean> => {
    for (;;) {
      try {
        const [isKept = false] = await store.deliveries.settleMany([plan.settlement]);
        return isKept;
      } catch (error) {
        if (clock.now() + SETTLE_AGAIN_MS >= leaseUntilMs) throw error;
        await new Promise<void>((resolve) => {
          clock.wakeAt(clock.now() + SETTLE_AGAIN_MS, resolve);
        });
      }
    }
  };

  return async (job, place, onPosted) => {
    const nowMs = clock.now();
    const leaseUntilMs = nowMs + leaseMs;
    const [claimed = null] = await store.deliveries.claimMany([
      { deliveryId: job.id, attempt: job.step, nowMs, leaseUntilMs },
    ]);
    if (claimed === null) return;
    const plan = await options.attempt(claimed, askGates(options.gates, claimed, nowMs), onPosted);
    place.leave(plan.laneReport);
    const isKept = await settleWithinLease(plan, leaseUntilMs);
    if (plan.pause !== null) await pause(options, plan.pause);
    // The lease ran out, and another writer came first: what that one wrote stands.
    if (!isKept) return;
    for (const event of plan.events) events.publish(event);
    const { after } = plan.settlement;
    if (after.dueAtMs !== null) await queue.enqueueMany([reminderOf(after, after.dueAtMs)]);
  };
}

async function pause({ coordination, events, clock }: WorkerOptions, asked: OriginPause): Promise<void> {
  const isNew = coordination.pausedUntilMs(asked.origin, clock.now()) === null;
  await coordination.pauseOrigin(asked);
  if (isNew) events.publish({ type: 'origin.paused', ...asked });
}
