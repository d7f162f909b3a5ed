import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { askGates, type Gate } from '../domain/delivery/gate.ts';
import type { SettlementPlan } from '../domain/delivery/settlement.ts';
import type { BellhopEvent, Events } from '../domain/events.ts';
import type { OriginPause } from '../domain/push-service/origin-pause.ts';
import { type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Attempter } from './attempt.ts';
import { type ComposingOptions, composeClaimed } from './composing.ts';
import type { GateFacts } from './gates.ts';
import type { PlaceInLane } from './lanes.ts';
import type { PutOff } from './put-off.ts';

export type DeliveringOptions = ComposingOptions & {
  readonly store: Pick<Store, 'deliveries'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly coordination: Pick<Coordination, 'pauseOrigin' | 'pausedUntilMs'>;
  readonly gates: readonly Gate<GateFacts>[];
  readonly rules: Pick<StandingRules, 'policyOf'>;
  readonly attempt: Attempter;
};

const SETTLE_AGAIN_MS = 250;

/** For a delivery that ends without being sent. */
export const NO_PLACE: PlaceInLane = { isProbe: false, leave: () => {} };

/**
 * Claims, attempts and settles. A claim that is not granted is the normal end of an outdated reminder. The place in the lane is
 * given back once the push has ended, before the settlement.
 */
export function createDelivering(
  options: DeliveringOptions,
  putOff: PutOff,
): (job: Job, place: PlaceInLane, onPosted: () => void) => Promise<void> {
  const { store, queue, events, clock, leaseMs, gates, rules, serverZone } = options;

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
    if (claimed === 'busy') return putOff.forSubscription(job);
    const { isProbe } = place;
    const policy = await rules.policyOf(claimed.notification.content.type);
    const composing = composeClaimed(options, claimed);
    const { failure: renderFailure, payload } = composing instanceof Promise ? await composing : composing;
    // Not the time of the claim: a store may take long to answer, and quiet hours begin meanwhile.
    const gate = askGates(gates, { ...claimed, policy, serverZone, renderFailure }, clock.now());
    const plan = await options.attempt(claimed, { gate, payload, isProbe, onPosted });
    place.leave(plan.laneReport);
    const isKept = await settleWithinLease(plan, leaseUntilMs);
    if (plan.pause !== null) await pause(options, plan.pause);
    // The lease ran out, and another writer came first: what that one wrote stands.
    if (!isKept) return;
    for (const event of plan.events) events.publish(traced(event, claimed.notification.content.trace));
    const { after } = plan.settlement;
    if (after.dueAtMs !== null) await queue.enqueueMany([reminderOf(after, after.dueAtMs)]);
  };
}

async function pause({ coordination, events, clock }: DeliveringOptions, asked: OriginPause): Promise<void> {
  const isNew = coordination.pausedUntilMs(asked.origin, clock.now()) === null;
  await coordination.pauseOrigin(asked);
  if (isNew) events.publish({ type: 'origin.paused', ...asked });
}

/** What came of the delivery, with the trace of the call that it came by. */
function traced(event: BellhopEvent, trace: string | undefined): BellhopEvent {
  return event.type === 'delivery.settled' && trace !== undefined ? { ...event, trace } : event;
}
