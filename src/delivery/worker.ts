import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { OriginPause } from '../domain/origin-pause.ts';
import type { Job, JobQueue } from '../queue/job-queue.ts';
import type { Claim, Claimed } from '../store/delivery-store.ts';
import type { Store } from '../store/store.ts';
import type { Events } from '../telemetry/events.ts';
import type { AttemptPlan } from './attempt.ts';
import { batch } from './batcher.ts';
import { reminderOf } from './reminder.ts';
import type { SettlementPlan } from './settlement.ts';

export type WorkerOptions = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  /** How long a claim holds: the attempt timeout and a margin for settling. */
  readonly leaseMs: number;
  readonly coordination: Pick<Coordination, 'pauseOrigin' | 'pausedUntilMs'>;
  readonly attempt: (claimed: Claimed) => Promise<AttemptPlan>;
  readonly fanOutPage: (job: Job) => Promise<void>;
};

const SETTLE_AGAIN_MS = 250;

/**
 * What a job does: a page of fan-out, or claim, attempt, settle. A claim that finds the delivery elsewhere is the
 * normal end of an outdated reminder. Never rejects: trouble is announced, and the rescuer finds what was left.
 */
export function createWorker(options: WorkerOptions): (job: Job) => Promise<void> {
  const { store, queue, events, clock, leaseMs, coordination } = options;
  const claim = batch((claims: readonly Claim[]) => store.deliveries.claimMany(claims));
  const settle = batch((plans: readonly SettlementPlan[]) =>
    store.deliveries.settleMany(plans.map(({ settlement }) => settlement)),
  );

  /** A store that is away for a moment must not cost the record of a push that was sent: try until the lease ends. */
  const settleWithinLease = async (plan: SettlementPlan, leaseUntilMs: number): Promise<boolean> => {
    for (;;) {
      try {
        return await settle(plan);
      } catch (error) {
        if (clock.now() + SETTLE_AGAIN_MS >= leaseUntilMs) throw error;
        await new Promise<void>((resolve) => {
          clock.wakeAt(clock.now() + SETTLE_AGAIN_MS, resolve);
        });
      }
    }
  };

  const pause = async (asked: OriginPause): Promise<void> => {
    const isNew = coordination.pausedUntilMs(asked.origin, clock.now()) === null;
    await coordination.pauseOrigin(asked);
    if (isNew) events.publish({ type: 'origin.paused', ...asked });
  };

  const deliver = async (job: Job): Promise<void> => {
    const nowMs = clock.now();
    const leaseUntilMs = nowMs + leaseMs;
    const claimed = await claim({ deliveryId: job.id, attempt: job.step, nowMs, leaseUntilMs });
    if (claimed === null) return;
    const pausedUntilMs = pauseOf(claimed, coordination, nowMs);
    const plan = pausedUntilMs === null ? await options.attempt(claimed) : postpone(claimed, pausedUntilMs);
    const isKept = await settleWithinLease(plan, leaseUntilMs);
    if (plan.pause !== null) await pause(plan.pause);
    // The lease ran out and another writer came first. Its record stands.
    if (!isKept) return;
    for (const event of plan.events) events.publish(event);
    const { after } = plan.settlement;
    if (after.dueAtMs === null) return;
    await queue.enqueueMany([reminderOf(after, after.dueAtMs)]);
  };

  return async (job) => {
    try {
      await (job.kind === 'fan_out' ? options.fanOutPage(job) : deliver(job));
    } catch (error) {
      events.publish({ type: 'loop.failed', loop: 'worker', error });
    }
  };
}

/** Past its deadline nothing is sent anyway, and the machine is to say so now. */
function pauseOf({ before, subscription }: Claimed, coordination: WorkerOptions['coordination'], nowMs: number) {
  if (subscription === null || before.deadlineAtMs <= nowMs) return null;
  return coordination.pausedUntilMs(new URL(subscription.endpoint).origin, nowMs);
}

/** Back as it was, to be looked at when the pause ends, or at the deadline if that comes first. No attempt is spent. */
function postpone({ before, version }: Claimed, untilMs: number): AttemptPlan {
  const after = { ...before, dueAtMs: Math.min(untilMs, before.deadlineAtMs) };
  return { settlement: { version, after, retire: null }, events: [], pause: null };
}
