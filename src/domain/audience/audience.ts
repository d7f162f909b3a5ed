import { type Delivery, newDelivery } from '../delivery/delivery.ts';
import { deliveryId } from '../ids.ts';
import { deadlineAtMs, type Notification } from '../notification/notification.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import type { Subscription } from '../subscription/subscription.ts';

/** A caller names at most this many users in one call. */
export const MAX_USERS_PER_NOTIFICATION = 10_000;

/**
 * How far a fan-out has come: `userIndex` is the next user in the audience not yet begun with, `after` the last
 * subscription handled within the current chunk of users. Stored, so that a fan-out resumes where it stopped.
 */
export type FanOutCursor = {
  readonly userIndex: number;
  readonly after: { readonly userId: string; readonly subscriptionId: string } | null;
};

export const FAN_OUT_START: FanOutCursor = { userIndex: 0, after: null };

/** The same users once each, in the order given: naming a user twice sends once. */
export function uniqueUsers(userIds: readonly string[]): string[] {
  return [...new Set(userIds)];
}

/** What a notification becomes for each of these subscriptions. Every fan-out makes its deliveries here. */
export function deliveriesFor(
  notification: Notification,
  subscriptions: readonly Pick<Subscription, 'id' | 'userId' | 'endpoint'>[],
  nowMs: number,
): readonly Delivery[] {
  return subscriptions.map((subscription) => deliveryFor(notification, subscription, nowMs));
}

/** What a notification becomes for one subscription. */
export function deliveryFor(
  notification: Notification,
  { id: subscriptionId, userId, endpoint }: Pick<Subscription, 'id' | 'userId' | 'endpoint'>,
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
