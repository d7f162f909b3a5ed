import type { Values } from '../content/wording.ts';
import { type Delivery, newDelivery } from '../delivery/delivery.ts';
import type { DeliveryVariant } from '../experiment/experiment.ts';
import { type Lot, lotOf, variantIn } from '../experiment/lot.ts';
import { deliveryId, notificationIdAt } from '../ids.ts';
import { deadlineAtMs, type Notification } from '../notification/notification.ts';
import { type Turn, turnOf } from '../notification/send-at.ts';
import type { TypePolicy } from '../notification-type/type-policy.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import { zoneOf } from '../user/person.ts';
import type { Member, Recipient } from './audience.ts';
import { type ReleaseFacts, type RenderFailure, release, releasedAtMs } from './release.ts';
import type { Suppression } from './suppression.ts';

/** Of a notification whose text is made for each recipient. */
export type WordedTerms = {
  /** The user’s own values; null where there are none. */
  readonly valuesOf: (userId: string) => Values | null;
  /** Why the text can be made for no device of the member; null where it can. */
  readonly failureFor: (member: Member) => RenderFailure | null;
};

/**
 * What decides about each user beside the user: what holds for the type, the zone of those who have none, and what is said, where
 * that is not the same for all.
 */
export type ReleaseTerms = {
  readonly policy: TypePolicy;
  readonly serverZone: string;
  readonly worded?: WordedTerms | null;
};

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
  const { policy } = terms;
  const plan = { deliveries: [] as Delivery[], suppressions: [] as Suppression[], capUses: [] as CapUse[] };
  for (const member of members) {
    const { userId, devices } = member;
    const facts = factsOf(notification, member, terms, nowMs);
    const isCapAsked = policy.cap !== null && devices.length > 0;
    const answer = release({ ...facts, capUses: isCapAsked ? capUsesOf(userId) : null }, nowMs);
    if (answer.kind === 'stop') {
      const { reason, detail } = answer;
      plan.suppressions.push({ notificationId: notification.id, userId, reason, detail, atMs: nowMs });
      continue;
    }
    if (policy.cap !== null) plan.capUses.push({ userId, pattern: policy.cap.pattern });
    const { deadlineAtMs: deadline } = facts;
    const heldUntilMs = answer.kind === 'hold' ? releasedAtMs(answer.untilMs, deadline, shareOf(userId)) : null;
    const times = { nowMs, heldUntilMs, deadlineAtMs: deadline, variant: variantIn(notification, facts.lot) };
    for (const device of devices) plan.deliveries.push(deliveryFor(notification, device, terms, times));
  }
  return plan;
}

/** What the gates are told of a notification and a user; the uses of a cap are read apart. */
export function factsOf(
  notification: Notification,
  member: Member,
  { policy, serverZone, worded = null }: ReleaseTerms,
  nowMs: number,
): Omit<ReleaseFacts, 'capUses'> & { readonly lot: Lot | null } {
  const { devices, person } = member;
  const zone = zoneOf(person, serverZone);
  const turn = notification.sendAt === null ? null : turnOf(notification, zone, nowMs);
  return {
    type: notification.content.type,
    policy,
    deadlineAtMs: deadlineInTurn(notification, turn),
    user: person.user,
    zone,
    deviceCount: devices.length,
    turn,
    lot: lotOf(notification, member.userId),
    renderFailure: worded === null || devices.length === 0 ? null : worded.failureFor(member),
  };
}

/** A user’s own deadline: it counts from the wave in which the notification comes to them. */
function deadlineInTurn(notification: Notification, turn: Turn | null): number {
  if (turn === null) return deadlineAtMs(notification);
  return (turn.kind === 'due' ? turn.waveAtMs : turn.atMs) + notification.ttlSeconds * 1000;
}

/** How many deliveries a fan-out made, and for how many of the users. */
export type Reached = { readonly users: number; readonly deliveries: number };

/** What all of these deliveries together reach. */
export function reachedBy(deliveries: readonly Pick<Delivery, 'userId'>[]): Reached {
  return { users: new Set(deliveries.map(({ userId }) => userId)).size, deliveries: deliveries.length };
}

type Released = {
  readonly nowMs: number;
  readonly heldUntilMs: number | null;
  readonly deadlineAtMs: number;
  readonly variant: DeliveryVariant | null;
};

/** What a notification becomes for one recipient. */
function deliveryFor(
  { id: notificationId, topic, priority, dueAtMs }: Notification,
  { id: subscriptionId, userId, endpoint }: Recipient,
  { policy, worded = null }: ReleaseTerms,
  { nowMs, heldUntilMs, deadlineAtMs: deadline, variant }: Released,
): Delivery {
  const { origin } = pushTargetOf(endpoint);
  const values = worded?.valuesOf(userId) ?? null;
  return newDelivery(
    {
      ...(values !== null && { values }),
      ...(variant !== null && { variant }),
      id: deliveryId(notificationId, subscriptionId),
      notificationId,
      subscriptionId,
      userId,
      origin,
      topic,
      sentOrder: dueAtMs === null ? null : notificationIdAt(notificationId, dueAtMs),
      priority,
      deadlineAtMs: deadline,
      capPattern: policy.cap?.pattern ?? null,
    },
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
