import type { Clock } from '../clock.ts';
import { superseded } from '../domain/delivery/life.ts';
import type { Events } from '../domain/events.ts';
import { notificationIdAt } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';

export type SupersederOptions = {
  readonly store: Pick<DeliveryStore, 'outdated' | 'settleMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/**
 * Cancels what a new notification makes pointless: unsent deliveries with the same topic to the same subscriptions that
 * were sent before it, whichever was accepted first. A delivery that is being sent at this moment goes out; where it has to be tried again, its next claim
 * says that it was superseded.
 */
export async function supersede(
  { store, events, clock }: SupersederOptions,
  notification: Notification,
  subscriptionIds: readonly string[],
): Promise<void> {
  const { id, topic, dueAtMs } = notification;
  if (topic === null || subscriptionIds.length === 0) return;
  const order = dueAtMs === null ? id : notificationIdAt(id, dueAtMs);
  const outdated = await store.outdated({ order, topic, subscriptionIds });
  const plans = outdated.map((delivery) => superseded(delivery, clock.now()));
  const settled = await store.settleMany(plans.map(({ settlement }) => settlement));
  for (const event of plans.filter((_, index) => settled[index]).flatMap((plan) => plan.events)) events.publish(event);
}
