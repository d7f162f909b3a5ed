import { type Delivery, newDelivery } from '../delivery/delivery.ts';
import { deliveryId } from '../ids.ts';
import { deadlineAtMs, type Notification } from '../notification/notification.ts';
import type { TypePolicy } from '../notification-type/type-policy.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import { zoneOf } from '../user/person.ts';
import type { Member, Recipient } from './audience.ts';
import { release, releasedAtMs } from './release.ts';
import type { Suppression } from './suppression.ts';

/** What decides about each user beside the user: what holds for the type, and the zone of those who have none. */
export type ReleaseTerms = { readonly policy: TypePolicy; readonly serverZone: string };

/** A user to whom a notification goes that counts under a cap. */
export type CapUse = { readonly userId: string; readonly pattern: string };

/** What a page of an audience comes to. Each of its users is in `deliveries` or in `suppressions`. */
export type PagePlan = {
  readonly deliveries: readonly Delivery[];
  readonly suppressions: readonly Suppression[];
  readonly capUses: readonly CapUse[];
};

/** Plans a page once it is known when notifications that count under the type’s cap went to each user. */
export type PlanPage = (capUsesOf: (userId: string) => readonly number[]) => PagePlan;

/**
 * What a notification becomes for these users at this instant. Every fan-out makes its deliveries here. `capUsesOf`: when
 * notifications that count under the type’s cap went to a user; asked within the commit that takes the cap.
 */
export function planPage(
  notification: Notification,
  members: readonly Member[],
  terms: ReleaseTerms,
  nowMs: number,
  capUsesOf: (userId: string) => readonly number[],
): PagePlan {
  const { policy, serverZone } = terms;
  const deadline = deadlineAtMs(notification);
  const plan = { deliveries: [] as Delivery[], suppressions: [] as Suppression[], capUses: [] as CapUse[] };
  for (const { userId, devices, person } of members) {
    const answer = release(
      {
        type: notification.content.type,
        policy,
        deadlineAtMs: deadline,
        user: person.user,
        zone: zoneOf(person, serverZone),
        deviceCount: devices.length,
        capUses: policy.cap === null || devices.length === 0 ? null : capUsesOf(userId),
      },
      nowMs,
    );
    if (answer.kind === 'stop') {
      const { reason, detail } = answer;
      plan.suppressions.push({ notificationId: notification.id, userId, reason, detail, atMs: nowMs });
      continue;
    }
    if (policy.cap !== null) plan.capUses.push({ userId, pattern: policy.cap.pattern });
    const heldUntilMs = answer.kind === 'hold' ? releasedAtMs(answer.untilMs, deadline, shareOf(userId)) : null;
    for (const device of devices) plan.deliveries.push(deliveryFor(notification, device, terms, nowMs, heldUntilMs));
  }
  return plan;
}

/** How many deliveries a fan-out made, and for how many of the users. */
export type Reached = { readonly users: number; readonly deliveries: number };

/** What all of these deliveries together reach. */
export function reachedBy(deliveries: readonly Pick<Delivery, 'userId'>[]): Reached {
  return { users: new Set(deliveries.map(({ userId }) => userId)).size, deliveries: deliveries.length };
}

/** What a notification becomes for one recipient. */
function deliveryFor(
  notification: Notification,
  { id: subscriptionId, userId, endpoint }: Recipient,
  { policy }: ReleaseTerms,
  nowMs: number,
  heldUntilMs: number | null,
): Delivery {
  const { id: notificationId, topic, priority } = notification;
  const id = deliveryId(notificationId, subscriptionId);
  const { origin } = pushTargetOf(endpoint);
  const deadline = deadlineAtMs(notification);
  const capPattern = policy.cap?.pattern ?? null;
  return newDelivery(
    { id, notificationId, subscriptionId, userId, origin, topic, priority, deadlineAtMs: deadline, capPattern },
    nowMs,
    heldUntilMs,
  );
}

/** A number in [0, 1) that is a user’s own, whenever and wherever it is asked for: FNV-1a of 32 bits. */
export function shareOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < userId.length; index += 1) {
    hash = Math.imul(hash ^ userId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
