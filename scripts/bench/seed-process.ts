import { systemClock } from '../../src/clock.ts';
import { type Audience, usersNamed } from '../../src/domain/audience/audience.ts';
import { deliveriesFor } from '../../src/domain/audience/fan-out.ts';
import { notificationId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { answerQuestions } from './child.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made to wait. */
export type SeedQuestion = { readonly path: string; readonly userIds: readonly string[]; readonly count: number };

const PAGE = 500;
const TTL_SECONDS = 86_400;

/** Returns how many deliveries wait now. */
async function notifyAll(store: Store, audience: Audience): Promise<number> {
  const nowMs = Date.now();
  const notification: Notification = {
    id: notificationId(nowMs, Math.random),
    content: { type: 'bench', title: 'Hello' },
    priority: 'normal',
    ttlSeconds: TTL_SECONDS,
    urgency: 'normal',
    topic: null,
    userCount: audience.userIds.length,
    status: 'accepted',
    acceptedAtMs: nowMs,
  };
  await store.notifications.accept({ notification, audience, idempotency: null, mayFanOutNow: false });
  const { id } = notification;
  let made = 0;
  for (;;) {
    const fanOut = await store.fanOuts.get(id);
    if (fanOut === null) return made;
    const { subscriptions, next: to } = await store.audiences.recipients(audience, fanOut.cursor, PAGE);
    const deliveries = deliveriesFor(notification, subscriptions, nowMs);
    await store.fanOuts.commitPage({ notificationId: id, from: fanOut.cursor, to, deliveries });
    made += deliveries.length;
  }
}

/** Deliveries that wait, by the adapter that the service has, as its own fan-out makes them. */
answerQuestions<SeedQuestion>(async ({ path, userIds, count }) => {
  const store = await openSqliteStore({ path, clock: systemClock });
  for (let made = 0; made < count; ) made += await notifyAll(store, usersNamed(userIds));
  await store.close();
  return { count };
});
