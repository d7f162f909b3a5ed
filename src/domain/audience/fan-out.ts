import { type Delivery, newDelivery } from '../delivery/delivery.ts';
import { deliveryId } from '../ids.ts';
import { deadlineAtMs, type Notification } from '../notification/notification.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import type { Recipient } from './audience.ts';

/** What a notification becomes for each of these recipients. Every fan-out makes its deliveries here. */
export function deliveriesFor(
  notification: Notification,
  recipients: readonly Recipient[],
  nowMs: number,
): readonly Delivery[] {
  return recipients.map((recipient) => deliveryFor(notification, recipient, nowMs));
}

/** How many deliveries a fan-out made, and for how many of the users. */
export type Reached = { readonly users: number; readonly deliveries: number };

/** What all of these deliveries together reach. */
export function reachedBy(deliveries: readonly Pick<Delivery, 'userId'>[]): Reached {
  return { users: new Set(deliveries.map(({ userId }) => userId)).size, deliveries: deliveries.length };
}

/** What a notification becomes for one recipient. */
export function deliveryFor(
  notification: Notification,
  { id: subscriptionId, userId, endpoint }: Recipient,
  nowMs: number,
): Delivery {
  const { id: notificationId, topic, priority } = notification;
  const id = deliveryId(notificationId, subscriptionId);
  const { origin } = pushTargetOf(endpoint);
  const deadline = deadlineAtMs(notification);
  return newDelivery(
    { id, notificationId, subscriptionId, userId, origin, topic, priority, deadlineAtMs: deadline },
    nowMs,
  );
}
