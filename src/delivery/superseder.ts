import { transition } from 'xstate';
import type { Clock } from '../clock.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import { deliveryMachine, restoreUnsent } from '../domain/delivery/delivery-machine.ts';
import { planSettlement } from '../domain/delivery/settlement.ts';
import type { Events } from '../domain/events.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';

export type SupersederOptions = {
  readonly store: Pick<DeliveryStore, 'outdated' | 'settleMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/**
 * Cancels what a new notification makes pointless: unsent deliveries of earlier ones with the same topic to the same
 * subscriptions. One that is being sent at this moment goes out; should it have to be tried again, its claim says that it
 * was superseded.
 */
export async function supersede(
  { store, events, clock }: SupersederOptions,
  notification: Notification,
  subscriptionIds: readonly string[],
): Promise<void> {
  const { id: notificationId, topic } = notification;
  if (topic === null || subscriptionIds.length === 0) return;
  const outdated = await store.outdated({ notificationId, topic, subscriptionIds });
  const plans = outdated.map((delivery) => planCancellation(delivery, clock.now()));
  const settled = await store.settleMany(plans.map(({ settlement }) => settlement));
  for (const event of plans.filter((_, index) => settled[index]).flatMap((plan) => plan.events)) events.publish(event);
}

function planCancellation(delivery: Delivery, nowMs: number) {
  const { version, attemptCount } = delivery;
  const [after] = transition(deliveryMachine, restoreUnsent(delivery), { type: 'SUPERSEDE' });
  const facts = { number: attemptCount + 1, startedAtMs: nowMs, endedAtMs: nowMs, result: null };
  return planSettlement(delivery, version, after, facts);
}
