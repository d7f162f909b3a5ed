import { systemClock } from '../../src/clock.ts';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { planPage, type ReleaseTerms } from '../../src/domain/audience/fan-out.ts';
import { notificationId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { AT_ONCE } from '../../src/domain/notification/send-at.ts';
import { policyOf } from '../../src/domain/notification-type/type-policy.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { answerQuestions } from './child.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made to wait. */
export type SeedQuestion = { readonly path: string; readonly userIds: readonly string[]; readonly count: number };

const PAGE = 500;
/** Nothing is said of any type. */
const TERMS: ReleaseTerms = { policy: policyOf(new Map(), 'bench'), serverZone: 'UTC' };
const TTL_SECONDS = 86_400;

/** Returns how many deliveries wait now. */
async function notifyAll(store: Store, userIds: readonly string[]): Promise<number> {
  const nowMs = Date.now();
  const audience = usersNamed(userIds);
  const notification: Notification = {
    id: notificationId(nowMs, Math.random),
    content: { type: 'bench', title: 'Hello' },
    priority: 'normal',
    ttlSeconds: TTL_SECONDS,
    urgency: 'normal',
    topic: null,
    userCount: audience.userIds.length,
    status: 'accepted',
    ...AT_ONCE,
    acceptedAtMs: nowMs,
  };
  await store.notifications.accept({ notification, audience, idempotency: null, mayFanOutNow: false, terms: TERMS });
  const { id } = notification;
  let made = 0;
  for (;;) {
    const fanOut = await store.fanOuts.get(id);
    if (fanOut === null) return made;
    const { cursor } = fanOut;
    const query = { audience, cursor, limit: PAGE, nowMs, serverZone: TERMS.serverZone };
    const { members, next: to } = await store.audiences.members(query);
    const page = await store.fanOuts.commitPage({
      notification,
      from: cursor,
      to,
      members,
      policy: TERMS.policy,
      plan: (capUsesOf) => planPage(notification, members, TERMS, nowMs, capUsesOf),
      isUserCountOpen: false,
      wave: null,
      nowMs,
    });
    made += page?.deliveries.length ?? 0;
  }
}

/** Deliveries that wait, by the adapter that the service has, as its own fan-out makes them. */
answerQuestions<SeedQuestion>(async ({ path, userIds, count }) => {
  const store = await openSqliteStore({ path, clock: systemClock });
  for (let made = 0; made < count; ) made += await notifyAll(store, userIds);
  await store.close();
  return { count };
});
