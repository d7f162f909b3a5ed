import type { Attempt, Delivery } from '../../../src/domain/delivery/delivery.ts';
import { answerQuestions } from '../child.ts';
import { notifyAll } from '../notify-all.ts';
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

/** One of so many has failed for good. */
const FAILED_OF = 10;
const CONTENT = {
  type: 'bench',
  title: 'Hello',
  body: 'A text as long as many of them are, and no longer than that.',
};

/** As it is once all was sent: with an attempt. */
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
  let latest: Delivery[] = [];
  // Over the days that a week’s charts have, the newest last.
  for (let made = 0; made < notifications; made += 1) {
    const nowMs = Date.now() - Math.floor((7 * 86_400_000 * (notifications - made)) / notifications);
    const as = (delivery: Delivery, index: number) => ended(delivery, index, nowMs);
    latest = [];
    for await (const page of notifyAll(store, { userIds, nowMs, content: CONTENT, as })) latest.push(...page);
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
