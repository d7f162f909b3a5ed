import { getNextSnapshot } from 'xstate';
import type { Clock } from '../clock.ts';
import { type Delivery, isFinal } from '../domain/delivery.ts';
import { deliveryMachine, restoreUnsent } from '../domain/delivery-machine.ts';
import type { Random } from '../domain/ids.ts';
import { PRIORITIES, type Priority } from '../domain/notification.ts';
import type { VerdictFacts } from '../domain/verdict.ts';
import { fanOutJobOf, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { Store } from '../store/store.ts';
import type { Events } from '../telemetry/events.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';
import { planSettlement, type SettlementPlan } from './settlement.ts';

export type RescuerOptions = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  readonly policy: VerdictFacts['policy'];
  readonly random: Random;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 5000;

/** As many as the embedded queue keeps per lane, so that a tick always reaches past what is already waiting there. */
const PAGE = 10_000;

/** Leases settled in one commit. */
const INTERRUPTED_PAGE = 128;

/**
 * Finds work whose reminder is lost: due deliveries, fan-outs not finished, and attempts whose process is gone, which
 * it puts on record as interrupted. The first tick, at start, is the recovery from a crash.
 */
export function createRescuer(options: RescuerOptions): Loop & { tick(): Promise<void> } {
  const tick = async (): Promise<void> => {
    const nowMs = options.clock.now();
    await rescueFanOuts(options, nowMs);
    for (const priority of PRIORITIES) await rescueLane(options, priority, nowMs);
  };
  const loop = createLoop({
    name: 'rescuer',
    intervalMs: options.intervalMs ?? DEFAULT_INTERVAL_MS,
    clock: options.clock,
    events: options.events,
    tick,
    leads: options.leads,
  });
  return { ...loop, tick };
}

async function rescueFanOuts({ store, queue }: RescuerOptions, nowMs: number): Promise<void> {
  const found = await store.notifications.unfinishedFanOuts(nowMs, PAGE);
  await queue.enqueueMany(found.map((notification) => fanOutJobOf(notification, nowMs)));
}

async function rescueLane(options: RescuerOptions, priority: Priority, nowMs: number): Promise<void> {
  const due = await options.store.deliveries.due({ priority, untilMs: nowMs, limit: PAGE });
  const interrupted = due.filter(({ state }) => state === 'sending');
  for (let start = 0; start < interrupted.length; start += INTERRUPTED_PAGE) {
    const ids = interrupted.slice(start, start + INTERRUPTED_PAGE).map(({ id }) => id);
    await recordInterrupted(options, ids, nowMs);
  }
  const waiting = due.filter(({ state }) => state !== 'sending');
  await options.queue.enqueueMany(waiting.map((delivery) => reminderOf(delivery, nowMs)));
}

/** The leases of these ran out with nothing settled: the process died, and the pushes may or may not have gone out. */
async function recordInterrupted(options: RescuerOptions, ids: readonly string[], nowMs: number): Promise<void> {
  const { store, queue, events } = options;
  const deliveries = await Promise.all(ids.map((id) => store.deliveries.get(id)));
  const plans = deliveries
    .filter((delivery) => delivery !== null)
    .filter(({ state, dueAtMs }) => state === 'sending' && dueAtMs !== null && dueAtMs <= nowMs)
    .map((delivery) => planInterrupted(options, delivery, nowMs));
  const settled = await store.deliveries.settleMany(plans.map(({ settlement }) => settlement));
  const won = plans.filter((_, index) => settled[index]);
  for (const event of won.flatMap((plan) => plan.events)) events.publish(event);
  const waiting = won.map(({ settlement }) => settlement.after).filter(({ state }) => !isFinal(state));
  await queue.enqueueMany(waiting.map((delivery) => reminderOf(delivery, delivery.dueAtMs ?? nowMs)));
}

function planInterrupted({ policy, random }: RescuerOptions, delivery: Delivery, nowMs: number): SettlementPlan {
  const event = { type: 'INTERRUPTED', nowMs, jitter: random() } as const;
  const snapshot = getNextSnapshot(deliveryMachine, restoreUnsent(delivery, policy), event);
  const startedAtMs = delivery.claimedAtMs ?? nowMs;
  const facts = { number: delivery.attemptCount, startedAtMs, endedAtMs: nowMs, result: null };
  return planSettlement(delivery, delivery.version, snapshot, facts);
}
