import type { Clock } from '../clock.ts';
import {
  type BulkAction,
  type BulkOutcome,
  isUnderWay,
  pageDone,
  pageTaken,
  skippedIn,
} from '../domain/bulk-action/bulk-action.ts';
import { type BulkTurn, bulkTurn } from '../domain/bulk-action/bulk-turn.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Events } from '../domain/events.ts';
import { type JobQueue, reminderOf } from '../queue/job-queue.ts';
import { kindsMeant } from '../store/dead-kinds.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type BulkWorkerOptions = {
  readonly store: Pick<Store, 'bulkActions' | 'deliveries' | 'subscriptions' | 'notifications'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

const PART = 'bulk_actions';
/** What another process was asked for is begun after so long at most. */
const DEFAULT_INTERVAL_MS = 2000;

/** Dead letters looked at for one page. Between two pages it can be called off. */
const PAGE_SIZE = 400;
/** Read and settled side by side. */
const AT_ONCE = 100;
/** A lost race is read again and judged anew; more than a few in a row means that others are busy with it. */
const MAX_RACES = 3;

/**
 * Does what was asked for with dead letters, one action after another, a page at a time: its ids are written ahead, then each is dealt
 * with, then the page is written off with what came of it. Whoever finds a page after a crash goes through it again; what was done bears
 * the action’s mark. Were two processes to do it, each delivery would be settled once, and one of the two would write the page off.
 * One action may take many times as long as a leader is waited for: so who leads is asked for each page.
 */
export function createBulkWorker(options: BulkWorkerOptions): Loop {
  const { store, clock, events, leads = async () => true, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const tick = async (isStopped: () => boolean): Promise<void> => {
    while (!isStopped() && (await leads(PART))) {
      const action = await store.bulkActions.underWay();
      if (action === null) return;
      await step(options, action);
    }
  };
  return createLoop({ name: PART, intervalMs, clock, events, tick });
}

/** Takes a page, or works one off. A write that loses changes nothing: the next step begins with what is kept. */
async function step(options: BulkWorkerOptions, action: BulkAction): Promise<void> {
  const { store, clock, events } = options;
  if (action.state === 'running' && action.page.length === 0 && !action.isLastPage) {
    await store.bulkActions.update(await nextPage(options, action));
    return;
  }
  const outcomes: BulkOutcome[] = [];
  for (let start = 0; start < action.page.length; start += AT_ONCE) {
    outcomes.push(...(await workOff(options, action, action.page.slice(start, start + AT_ONCE))));
  }
  const done = pageDone(action, outcomes, clock.now());
  if (!(await store.bulkActions.update(done)) || isUnderWay(done)) return;
  const { replayed, discarded } = done.counts;
  events.publish({
    type: 'bulk_action.ended',
    actionId: done.id,
    action: done.action,
    state: done.state === 'cancelled' ? 'cancelled' : 'completed',
    replayed,
    discarded,
    skipped: skippedIn(done.counts),
  });
}

async function nextPage({ store }: BulkWorkerOptions, action: BulkAction): Promise<BulkAction> {
  const { filter, cursor, createdAtMs } = action;
  const kinds = await kindsMeant(store.deliveries, filter);
  // What fails meanwhile was not meant.
  const scope = { ...filter, untilMs: Math.min(createdAtMs, filter.untilMs ?? createdAtMs) };
  const page = await store.deliveries.skimFailed({ scope, kinds, cursor, limit: PAGE_SIZE });
  return pageTaken(
    action,
    page.items.map(({ id }) => id),
    page.next,
  );
}

async function workOff(
  options: BulkWorkerOptions,
  action: BulkAction,
  ids: readonly string[],
): Promise<readonly BulkOutcome[]> {
  const outcomes: BulkOutcome[] = [];
  let left = ids;
  for (let race = 0; race < MAX_RACES && left.length > 0; race += 1) {
    const turns = await turnsFor(options, action, left);
    const won = await settle(options, turns);
    outcomes.push(...turns.filter((_, index) => won[index]).flatMap((turn) => turn?.outcome ?? []));
    left = left.filter((_, index) => !won[index]);
  }
  return [...outcomes, ...left.map(() => 'contended' as const)];
}

/** In the order of the ids; null for what is left alone. */
async function turnsFor(
  { store, clock }: BulkWorkerOptions,
  action: BulkAction,
  ids: readonly string[],
): Promise<readonly (BulkTurn | null)[]> {
  const found = await store.deliveries.getMany(ids);
  const deliveryOf = new Map(found.map((delivery) => [delivery.id, delivery]));
  const isReplay = action.action === 'replay';
  const [notifications, subscriptions] = await Promise.all([
    isReplay ? store.notifications.getMany([...new Set(found.map(({ notificationId }) => notificationId))]) : [],
    Promise.all((isReplay ? found : []).map(({ subscriptionId }) => store.subscriptions.get(subscriptionId))),
  ]);
  const subscriptionOf = new Map(found.map(({ id }, index) => [id, subscriptions[index] ?? null]));
  const notificationOf = new Map(notifications.map((notification) => [notification.id, notification]));
  const nowMs = clock.now();
  return ids.map((id) => {
    const delivery = deliveryOf.get(id) ?? null;
    const subscription = delivery === null ? null : (subscriptionOf.get(delivery.id) ?? null);
    const notification = delivery === null ? null : (notificationOf.get(delivery.notificationId) ?? null);
    return bulkTurn(action, { delivery, subscription, notification }, nowMs);
  });
}

/** Whether what each turn says is true now. */
async function settle(options: BulkWorkerOptions, turns: readonly (BulkTurn | null)[]): Promise<readonly boolean[]> {
  const plans = turns.flatMap((turn) => turn?.plan ?? []);
  const answers = await options.store.deliveries.settleMany(plans.map(({ settlement }) => settlement));
  const lost = new Set(plans.filter((_, index) => !answers[index]));
  const kept = plans.filter((plan) => !lost.has(plan));
  await remind(
    options,
    kept.map(({ settlement }) => settlement.after).filter(({ dueAtMs }) => dueAtMs !== null),
  );
  for (const event of kept.flatMap(({ events }) => events)) options.events.publish(event);
  return turns.map((turn) => turn === null || turn.plan === null || !lost.has(turn.plan));
}

/** They are due in the store, and the rescuer finds them there if the queue lost the word. */
async function remind({ queue, events, clock }: BulkWorkerOptions, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  try {
    await queue.enqueueMany(deliveries.map((delivery) => reminderOf(delivery, clock.now())));
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'bulk_actions', error });
  }
}
