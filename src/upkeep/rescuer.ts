import type { Clock } from '../clock.ts';
import { isFinal } from '../domain/delivery/delivery.ts';
import { interrupted } from '../domain/delivery/life.ts';
import type { DeliveryPolicy } from '../domain/delivery/verdict.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { Priority } from '../domain/notification/priority.ts';
import { ALARM_AHEAD_MS, fanOutJobOf, type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';
import { createRefill, type Found } from './refill.ts';

export type RescuerOptions = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  readonly policy: DeliveryPolicy;
  readonly random: Random;
  readonly leads?: Leads;
  /** While it says so, nothing is looked for. */
  readonly isPaused?: () => boolean | Promise<boolean>;
  /** Whether this process is at a delivery. Where its clock was set on, the lease seems to be over, and the push goes on. */
  readonly isAt?: (deliveryId: string) => boolean;
  readonly intervalMs?: number;
  /** The most deliveries of a priority that one tick finds. */
  readonly pageSize?: number;
};

/** `refill` has a priority read at once: the queue dropped jobs of it, and has room for them again. */
export type Rescuer = Loop & { refill(priority: Priority): void; tick(): Promise<void> };

const DEFAULT_INTERVAL_MS = 5000;

/** As many as the embedded queue keeps of a priority and origin. */
const DEFAULT_PAGE_SIZE = 10_000;

/** However many deliveries one user has due, those of others that stand behind them are found as well: see `DueQuery`. */
const FEW_OF_USER = 100;
const MOST_READ_FOR_A_PAGE = 10;

/** Jobs enqueued in one turn of the event loop. */
const ENQUEUED_AT_ONCE = 1000;

/** Leases settled in one commit. */
const INTERRUPTED_PAGE = 128;

/**
 * Finds work whose reminder is lost: due deliveries, fan-outs not finished, and attempts whose process is gone, which
 * it puts on record as interrupted. The first tick, at start, is the recovery from a crash. `refill.ts` says which
 * priorities a tick reads: none that the queue has plenty of, and each that runs low, before it runs dry.
 */
export function createRescuer(options: RescuerOptions): Rescuer {
  const { queue, clock, events, leads, intervalMs = DEFAULT_INTERVAL_MS, pageSize = DEFAULT_PAGE_SIZE } = options;
  const refill = createRefill({ queue, clock, pageSize, hurry: () => loop.hurry() });
  const tick = async (): Promise<void> => {
    if ((await options.isPaused?.()) === true) return;
    const nowMs = clock.now();
    await rescueWaves(options, nowMs, pageSize);
    const priorities = await refill.prioritiesToRead();
    await rescueFanOuts(options, priorities, nowMs, pageSize);
    for (const priority of priorities) {
      refill.noteRead(priority, await rescueDeliveries(options, priority, nowMs, pageSize));
    }
    refill.watch();
  };
  const loop = createLoop({ name: 'rescuer', intervalMs, clock, events, tick, leads });
  return {
    ...loop,
    start() {
      refill.start();
      return loop.start();
    },
    stop() {
      refill.stop();
      return loop.stop();
    },
    refill: (priority) => refill.ask(priority),
    tick,
  };
}

async function rescueFanOuts(
  { store, queue }: RescuerOptions,
  priorities: readonly Priority[],
  nowMs: number,
  limit: number,
): Promise<void> {
  if (priorities.length === 0) return;
  const found = await store.fanOuts.unfinished(nowMs, limit);
  const wanted = found.filter(({ priority }) => priorities.includes(priority));
  await enqueue(
    queue,
    wanted.map((notification) => fanOutJobOf(notification, [], nowMs)),
  );
}

/** Waves that have come, and those that come before the next ticks: their jobs wait in the queue for the very second. */
async function rescueWaves({ store, queue }: RescuerOptions, nowMs: number, limit: number): Promise<void> {
  const due = await store.fanOuts.due(nowMs + ALARM_AHEAD_MS, limit);
  await enqueue(
    queue,
    due.map((one) => fanOutJobOf(one, [], Math.max(nowMs, one.dueAtMs))),
  );
}

async function rescueDeliveries(
  options: RescuerOptions,
  priority: Priority,
  nowMs: number,
  limit: number,
): Promise<Found> {
  const share = { limit, fewOfUser: FEW_OF_USER, mostRead: MOST_READ_FOR_A_PAGE * limit };
  const due = await options.store.deliveries.due({ priority, untilMs: nowMs, ...share });
  const { isAt = () => false } = options;
  const unsettled = due.filter(({ id, state }) => state === 'sending' && !isAt(id));
  for (let start = 0; start < unsettled.length; start += INTERRUPTED_PAGE) {
    const ids = unsettled.slice(start, start + INTERRUPTED_PAGE).map(({ id }) => id);
    await recordInterrupted(options, ids, nowMs);
  }
  const waiting = due.filter(({ state }) => state !== 'sending');
  await enqueue(
    options.queue,
    waiting.map((delivery) => reminderOf(delivery, nowMs)),
  );
  return { count: due.length, lastId: due.at(-1)?.id ?? null };
}

/** A thousand jobs at a time: more in one turn would hold up every push that is under way. */
async function enqueue(queue: JobQueue, jobs: readonly Job[]): Promise<void> {
  for (let start = 0; start < jobs.length; start += ENQUEUED_AT_ONCE) {
    if (start > 0) await new Promise(setImmediate);
    await queue.enqueueMany(jobs.slice(start, start + ENQUEUED_AT_ONCE));
  }
}

/** The leases of these ran out with nothing settled: the process died, and the pushes may or may not have gone out. */
async function recordInterrupted(options: RescuerOptions, ids: readonly string[], nowMs: number): Promise<void> {
  const { store, queue, events, policy, random } = options;
  const deliveries = await Promise.all(ids.map((id) => store.deliveries.get(id)));
  const plans = deliveries
    .filter((delivery) => delivery !== null)
    .filter(({ state, dueAtMs }) => state === 'sending' && dueAtMs !== null && dueAtMs <= nowMs)
    .map((delivery) => interrupted(delivery, policy, { nowMs, jitter: random() }));
  const settled = await store.deliveries.settleMany(plans.map(({ settlement }) => settlement));
  const won = plans.filter((_, index) => settled[index]);
  for (const event of won.flatMap((plan) => plan.events)) events.publish(event);
  const waiting = won.map(({ settlement }) => settlement.after).filter(({ state }) => !isFinal(state));
  await queue.enqueueMany(waiting.map((delivery) => reminderOf(delivery, delivery.dueAtMs ?? nowMs)));
}
