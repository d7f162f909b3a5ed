import type { Member } from '../audience/audience.ts';
import type { PagePlan } from '../audience/fan-out.ts';
import type { Suppression } from '../audience/suppression.ts';
import { idsAfter } from '../ids.ts';
import type { NotificationContent } from '../notification/notification.ts';
import type { ErasedPerson } from './erasure.ts';

/** Who was erased a moment ago: pages of fan-outs that were read before may still have them. */
export type ErasedLately = ReadonlyMap<string, ErasedPerson>;

/** Whether a subscription of an erased person is one of before. */
export function isOfBefore(subscriptionId: string, untilMs: number): boolean {
  return subscriptionId < idsAfter('subscription', untilMs);
}

/**
 * What a page comes to without those who were erased since it was read: no delivery to a device of theirs, no use of a cap, and a suppression
 * that names nobody, so that the users of a notification are still those with deliveries and those with suppressions.
 */
export function planWithoutErased(plan: PagePlan, erased: ErasedLately): PagePlan {
  if (erased.size === 0) return plan;
  const kept = plan.deliveries.filter(({ userId, subscriptionId }) => {
    const person = erased.get(userId);
    return person === undefined || !isOfBefore(subscriptionId, person.untilMs);
  });
  const still = new Set(kept.map(({ userId }) => userId));
  const lost = new Map<string, Suppression>();
  for (const { userId, notificationId, createdAtMs: atMs } of plan.deliveries) {
    const person = erased.get(userId);
    if (person === undefined || still.has(userId) || lost.has(userId)) continue;
    lost.set(userId, { notificationId, userId: person.alias, reason: 'no_subscription', detail: {}, atMs });
  }
  return {
    deliveries: kept,
    suppressions: [...plan.suppressions.map((one) => suppressionWithout(one, erased)), ...lost.values()],
    capUses: plan.capUses.filter(({ userId }) => !lost.has(userId)),
  };
}

function suppressionWithout(suppression: Suppression, erased: ErasedLately): Suppression {
  const person = erased.get(suppression.userId);
  if (person === undefined || suppression.notificationId >= idsAfter('notification', person.untilMs))
    return suppression;
  return { ...suppression, userId: person.alias, detail: {} };
}

/** The users of a page as it is kept: those who were erased since are called by what stands for them. */
export function membersWithoutErased(members: readonly Member[], erased: ErasedLately): readonly Member[] {
  if (erased.size === 0) return members;
  return members.map((member) => {
    const person = erased.get(member.userId);
    if (person === undefined) return member;
    const devices = member.devices.filter(({ id }) => !isOfBefore(id, person.untilMs));
    return devices.length > 0 ? { ...member, devices } : { ...member, userId: person.alias, devices };
  });
}

/** A list of users with the person replaced; null where it has them not. */
export function listWithout(userIds: readonly string[], { userId, alias }: ErasedPerson): readonly string[] | null {
  return userIds.includes(userId) ? userIds.map((one) => (one === userId ? alias : one)) : null;
}

/**
 * The body of a notification as a schedule has it, without the person: `same` where it does not name them, `nobody` where it names nobody
 * else.
 */
export function bodyWithout(
  body: Readonly<Record<string, unknown>>,
  userId: string,
): Readonly<Record<string, unknown>> | 'same' | 'nobody' {
  const changes: Record<string, readonly unknown[]> = {};
  for (const name of ['user_ids', 'recipients', 'exclude_user_ids']) {
    const list = body[name];
    if (!Array.isArray(list)) continue;
    const rest = list.filter((one: unknown) => one !== userId && userOf(one) !== userId);
    if (rest.length === list.length) continue;
    if (rest.length === 0 && name !== 'exclude_user_ids') return 'nobody';
    changes[name] = rest;
  }
  return Object.keys(changes).length === 0 ? 'same' : { ...body, ...changes };
}

function userOf(recipient: unknown): unknown {
  return typeof recipient === 'object' && recipient !== null ? (recipient as { user_id?: unknown }).user_id : undefined;
}

/** What is left of a notification that went to the person alone: what kind it was. */
export function contentWithoutWords({ type }: NotificationContent): NotificationContent {
  return { type, title: '' };
}
