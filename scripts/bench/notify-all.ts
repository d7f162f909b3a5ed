import { usersNamed } from '../../src/domain/audience/audience.ts';
import { planPage, type ReleaseTerms } from '../../src/domain/audience/fan-out.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { notificationId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { AT_ONCE } from '../../src/domain/notification/send-at.ts';
import { policyOf } from '../../src/domain/notification-type/type-policy.ts';
import type { Store } from '../../src/store/store.ts';

/** Users of a page. */
export const PAGE = 500;
const TTL_SECONDS = 86_400;
/** Nothing is said of any type. */
export const TERMS: ReleaseTerms = { policy: policyOf(new Map(), 'bench'), serverZone: 'UTC' };

/** As it is accepted, to so many users that are known by then. */
export function notificationOf(content: Notification['content'], userCount: number, nowMs: number): Notification {
  return {
    id: notificationId(nowMs, Math.random),
    content,
    priority: 'normal',
    ttlSeconds: TTL_SECONDS,
    urgency: 'normal',
    topic: null,
    userCount,
    status: 'accepted',
    ...AT_ONCE,
    acceptedAtMs: nowMs,
  };
}

export type NotifyAllOptions = {
  readonly userIds: readonly string[];
  readonly nowMs: number;
  readonly content: Notification['content'];
  /** What becomes of each delivery of a page. */
  readonly as: (delivery: Delivery, index: number) => Delivery;
};

/** The deliveries of one notification, by the adapter that the service has, as its own fan-out makes them; page by page. */
export async function* notifyAll(
  store: Store,
  { userIds, nowMs, content, as }: NotifyAllOptions,
): AsyncGenerator<readonly Delivery[]> {
  const audience = usersNamed(userIds);
  const notification = notificationOf(content, audience.userIds.length, nowMs);
  await store.notifications.accept({ notification, audience, idempotency: null, mayFanOutNow: false, terms: TERMS });
  for (;;) {
    const fanOut = await store.fanOuts.get(notification.id);
    if (fanOut === null) return;
    const { cursor: from } = fanOut;
    const query = { audience, cursor: from, limit: PAGE, nowMs, serverZone: TERMS.serverZone };
    const { members, next: to } = await store.audiences.members(query);
    const page = await store.fanOuts.commitPage({
      ...{ notification, from, to, members, policy: TERMS.policy, isUserCountOpen: false, wave: null, nowMs },
      plan: (capUsesOf) => {
        const plan = planPage(notification, members, TERMS, nowMs, capUsesOf);
        return { ...plan, deliveries: plan.deliveries.map(as) };
      },
    });
    if (page !== null) yield page.deliveries;
  }
}
