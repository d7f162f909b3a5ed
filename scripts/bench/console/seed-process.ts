import { usersNamed } from '../../../src/domain/audience/audience.ts';
import { planPage, type ReleaseTerms } from '../../../src/domain/audience/fan-out.ts';
import type { Attempt, Delivery } from '../../../src/domain/delivery/delivery.ts';
import { notificationId } from '../../../src/domain/ids.ts';
import type { Notification } from '../../../src/domain/notification/notification.ts';
import { AT_ONCE } from '../../../src/domain/notification/send-at.ts';
import { policyOf } from '../../../src/domain/notification-type/type-policy.ts';
import type { Store } from '../../../src/store/store.ts';
import { answerQuestions } from '../child.ts';
import { openStore, type Place } from '../reach/place.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made. */
export type EndedSeed = { readonly place: Place; readonly userIds: readonly string[]; readonly count: number };

/** For what the pages are asked: one of each. */
export type SeededIds = {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly failedId: string;
  readonly subscriptionId: string;
};

const PAGE = 500;
/** One of so many has failed for good. */
const FAILED_OF = 10;
const TERMS: ReleaseTerms = { policy: policyOf(new Map(), 'bench'), serverZone: 'UTC' };

/** As they are once all was sent: with an attempt each, made by the adapter that the service has. */
async function notifyAll(store: Store, userIds: readonly string[], nowMs: number): Promise<readonly Delivery[]> {
  const audience = usersNamed(userIds);
  const notification: Notification = {
    id: notificationId(nowMs, Math.random),
    content: { type: 'bench', title: 'Hello', body: 'A text as long as many of them are, and no longer than that.' },
    priority: 'normal',
    ttlSeconds: 86_400,
    urgency: 'normal',
    topic: null,
    userCount: audience.userIds.length,
    status: 'accepted',
    ...AT_ONCE,
    acceptedAtMs: nowMs,
  };
  await store.notifications.accept({ notification, audience, idempotency: null, mayFanOutNow: false, terms: TERMS });
  const made: Delivery[] = [];
  for (;;) {
    const fanOut = await store.fanOuts.get(notification.id);
    if (fanOut === null) return made;
    const { cursor: from } = fanOut;
    const query = { audience, cursor: from, limit: PAGE, nowMs, serverZone: TERMS.serverZone };
    const { members, next: to } = await store.audiences.members(query);
    const page = await store.fanOuts.commitPage({
      ...{ notification, from, to, members, policy: TERMS.policy, isUserCountOpen: false, wave: null, nowMs },
      plan: (capUsesOf) => {
        const plan = planPage(notification, members, TERMS, nowMs, capUsesOf);
        return { ...plan, deliveries: plan.deliveries.map((one, index) => ended(one, index, nowMs)) };
      },
    });
    made.push(...(page?.deliveries ?? []));
  }
}

function ended(delivery: Delivery, index: number, nowMs: number): Delivery {
  const isFailed = index % FAILED_OF === 0;
  const times = { startedAtMs: nowMs, endedAtMs: nowMs + 40, latencyMs: 40 };
  const none = { number: 1, retryCount: 0, retryAtMs: null };
  const attempt: Attempt = isFailed
    ? {
        ...{ ...none, ...times, status: 'failed', outcome: 'rejected', httpStatus: 400 },
        ...{ error: 'HTTP 400: malformed', remedy: 'Read what the service says, mend it, and replay.' },
      }
    : { ...none, ...times, status: 'delivered', outcome: 'delivered', httpStatus: 201, error: null, remedy: null };
  return {
    ...delivery,
    state: isFailed ? 'failed' : 'delivered',
    reason: isFailed ? 'rejected' : null,
    dueAtMs: null,
    attemptCount: 1,
    attempts: [attempt],
    endedAtMs: nowMs + 40,
  };
}

answerQuestions<EndedSeed>(async ({ place, userIds, count }) => {
  const store = await openStore(place);
  const notifications = Math.ceil(count / userIds.length);
  let latest: readonly Delivery[] = [];
  // Over the days that a week’s charts have, the newest last.
  for (let made = 0; made < notifications; made += 1) {
    latest = await notifyAll(
      store,
      userIds,
      Date.now() - Math.floor((7 * 86_400_000 * (notifications - made)) / notifications),
    );
  }
  await store.close();
  const [failed, delivered] = [
    latest.find(({ state }) => state === 'failed'),
    latest.find(({ state }) => state !== 'failed'),
  ];
  if (failed === undefined || delivered === undefined) throw new Error('nothing was made');
  const { id: deliveryId, notificationId: ofNotification, subscriptionId } = delivered;
  return { notificationId: ofNotification, deliveryId, failedId: failed.id, subscriptionId } satisfies SeededIds;
});
