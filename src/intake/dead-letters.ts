import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { DeadLetterFilter } from '../domain/delivery/dead-letter-filter.ts';
import { type Delivery, type DeliveryState, isFinal, MAX_REPLAYS } from '../domain/delivery/delivery.ts';
import { type ReplayFacts, type ReplayRefusal, replayed } from '../domain/delivery/life.ts';
import type { Events } from '../domain/events.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import { type JobQueue, reminderOf } from '../queue/job-queue.ts';
import { kindsMeant } from '../store/dead-kinds.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { Store } from '../store/store.ts';

type DeadLetterQuery = PageRequest & { readonly filter: DeadLetterFilter };

export type DeadLetters = {
  /** `failed` deliveries, newest first; those of one notification in order of id. */
  list(query: DeadLetterQuery): Promise<Page<Delivery>>;
  /** Sends an ended delivery again, with a new deadline where `ttlSeconds` is given. Resolves once it is durable. */
  replay(deliveryId: string, request: { readonly ttlSeconds: number | null }): Promise<Delivery>;
};

export type DeadLettersOptions = {
  readonly store: Pick<Store, 'subscriptions' | 'deliveries' | 'notifications'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/** A lost race is read again and judged anew; more than a few in a row means that others are busy with it. */
const MAX_RACES = 3;

/** The deliveries that Bellhop gave up, and the way back for each. */
export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  return {
    list: (query) => list(options, query),
    replay: (deliveryId, { ttlSeconds }) => replay(options, deliveryId, ttlSeconds),
  };
}

async function list({ store }: DeadLettersOptions, query: DeadLetterQuery): Promise<Page<Delivery>> {
  const { filter, ...page } = query;
  const kinds = await kindsMeant(store.deliveries, filter);
  const { items: found, next } = await store.deliveries.skimFailed({ ...page, scope: filter, kinds });
  const deliveries = new Map((await store.deliveries.getMany(found.map(({ id }) => id))).map((one) => [one.id, one]));
  // One that somebody replayed in this moment is none any more.
  const items = found.flatMap(({ id }) => deliveries.get(id) ?? []).filter(({ state }) => state === 'failed');
  return { items, next };
}

async function replay(options: DeadLettersOptions, deliveryId: string, ttlSeconds: number | null): Promise<Delivery> {
  const { deliveries, subscriptions, notifications } = options.store;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const nowMs = options.clock.now();
    const before = await deliveries.get(deliveryId);
    if (before === null) throw new AppError('delivery_not_found', 'There is no delivery with this id.');
    const facts = {
      subscription: await subscriptions.get(before.subscriptionId),
      notification: await notifications.get(before.notificationId),
    };
    const turn = replayed(before, facts, { nowMs, ttlSeconds });
    if (turn.kind === 'refused') throw refusalOf(turn.why, before, facts);
    const { settlement, events } = turn.plan;
    const [won] = await deliveries.settleMany([settlement]);
    if (won === true) {
      void remind(options, settlement.after, nowMs);
      for (const event of events) options.events.publish(event);
      return { ...settlement.after, version: before.version + 1 };
    }
  }
  throw new AppError('delivery_not_replayable', 'Others are changing this delivery at this moment. Look at it again.');
}

function refusalOf(
  why: ReplayRefusal,
  { state, deadlineAtMs, replays, subscriptionId }: Delivery,
  { subscription, notification }: ReplayFacts,
) {
  switch (why) {
    case 'notification':
      return new AppError(
        'notification_cancelled',
        'The notification of this delivery was called off. Send a new one instead.',
        { cancelled_at: notification?.cancelledAtMs && new Date(notification.cancelledAtMs).toISOString() },
      );
    case 'state':
      return new AppError('delivery_not_replayable', `${whyNot(state)} Only failed and expired ones are sent again.`, {
        state,
      });
    case 'too_often':
      return new AppError(
        'delivery_not_replayable',
        `This delivery was replayed ${MAX_REPLAYS} times, which is the limit. Send a new notification instead.`,
        { state, replay_count: replays.length },
      );
    case 'subscription':
      return subscriptionRefusal(subscriptionId, subscription);
    case 'deadline':
      return new AppError(
        'deadline_passed',
        'The deadline of this delivery has passed. Give ttl_seconds to send it with a new deadline.',
        { deadline_at: new Date(deadlineAtMs).toISOString() },
      );
  }
}

function whyNot(state: DeliveryState): string {
  const isUnderWay = !isFinal(state);
  return `This delivery is ${isUnderWay ? `still under way (${state})` : state}.`;
}

function subscriptionRefusal(id: string, subscription: Subscription | null): AppError {
  const why = subscription === null ? 'was deleted' : `is inactive (${subscription.retired?.reason})`;
  return new AppError(
    'subscription_inactive',
    `The subscription of this delivery ${why}, so nothing can be sent to it. It comes back when its browser registers again.`,
    { subscription_id: id, retired_reason: subscription?.retired?.reason ?? null },
  );
}

/** Not waited for: the delivery is due in the store, and the rescuer finds it there if the queue lost the word. */
async function remind({ queue, events }: DeadLettersOptions, delivery: Delivery, nowMs: number): Promise<void> {
  try {
    await queue.enqueueMany([reminderOf(delivery, nowMs)]);
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'dead_letters', error });
  }
}
