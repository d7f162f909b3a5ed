import { systemClock } from '../../src/clock.ts';
import { deliveryFor, FAN_OUT_START } from '../../src/domain/audience/audience.ts';
import { notificationId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { ActiveSubscription } from '../../src/store/subscription-store.ts';
import { answerQuestions } from './child.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made to wait. */
export type SeedQuestion = { readonly path: string; readonly userIds: readonly string[]; readonly count: number };

const PAGE = 500;
const TTL_SECONDS = 86_400;

async function notifyAll(store: Store, subscriptions: readonly ActiveSubscription[]): Promise<void> {
  const nowMs = Date.now();
  const notification: Notification = {
    id: notificationId(nowMs, Math.random),
    content: { type: 'bench', title: 'Hello' },
    priority: 'normal',
    ttlSeconds: TTL_SECONDS,
    urgency: 'normal',
    topic: null,
    userCount: subscriptions.length,
    status: 'accepted',
    acceptedAtMs: nowMs,
  };
  await store.notifications.accept({
    notification: notification,
    userIds: subscriptions.map(({ userId }) => userId),
    idempotency: null,
    mayFanOutNow: false,
  });
  let from = FAN_OUT_START;
  for (let start = 0; start < subscriptions.length; start += PAGE) {
    const page = subscriptions.slice(start, start + PAGE);
    const deliveries = page.map((subscription) => deliveryFor(notification, subscription, nowMs));
    const next = start + PAGE;
    const to = next < subscriptions.length ? { userIndex: next, after: null } : null;
    await store.notifications.commitFanOut({ notificationId: notification.id, from, to, deliveries });
    if (to !== null) from = to;
  }
}

/** Deliveries that wait, by the adapter that the service has, as its own fan-out makes them. */
answerQuestions<SeedQuestion>(async ({ path, userIds, count }) => {
  const store = await openSqliteStore({ path, clock: systemClock });
  const subscriptions = await store.subscriptions.activeOf({ userIds, after: null, limit: userIds.length });
  for (let made = 0; made < count; made += subscriptions.length) await notifyAll(store, subscriptions);
  await store.close();
  return { count };
});
