import type { Delivery } from '../../../src/domain/delivery/delivery.ts';
import type { Settlement } from '../../../src/domain/delivery/settlement.ts';
import { answerQuestions } from '../child.ts';
import { notifyAll } from '../notify-all.ts';
import { openStore, type Place } from '../reach/place.ts';
import { ended } from './ended.ts';
import { notifyVeryMany } from './large-notification.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made. */
export type EndedSeed = { readonly place: Place; readonly userIds: readonly string[]; readonly count: number };

/** For what the pages are asked: one of each. */
export type SeededIds = {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly failedId: string;
  readonly subscriptionId: string;
  readonly userId: string;
  /** Notifications of as many deliveries, and of as many suppressions, as there are of all others together. */
  readonly manyDeliveriesId: string;
  readonly manySuppressionsId: string;
};

const CONTENT = {
  type: 'bench',
  title: 'Hello',
  body: 'A text as long as many of them are, and no longer than that.',
};

/** Of a page: so many are settled as a worker would, for the charts that settlements make. */
const SETTLED = 2;

function settlementOf(before: Delivery, index: number, nowMs: number): Settlement {
  const after = ended(before, index, nowMs);
  return { version: before.version, from: before.state, after, change: null, attempt: after.attempts[0] ?? null };
}

answerQuestions<EndedSeed>(async ({ place, userIds, count }) => {
  const store = await openStore(place);
  const notifications = Math.ceil(count / userIds.length);
  let latest: Delivery[] = [];
  // Over the days that a week’s charts have, the newest last.
  for (let made = 0; made < notifications; made += 1) {
    const nowMs = Date.now() - Math.floor((7 * 86_400_000 * (notifications - made)) / notifications);
    const as = (delivery: Delivery, index: number) => (index < SETTLED ? delivery : ended(delivery, index, nowMs));
    latest = [];
    for await (const page of notifyAll(store, { userIds, nowMs, content: CONTENT, as })) {
      await store.deliveries.settleMany(
        page.slice(0, SETTLED).map((delivery, index) => settlementOf(delivery, index, nowMs)),
      );
      latest.push(...page.slice(SETTLED));
    }
  }
  const large = { count, content: CONTENT, nowMs: Date.now() };
  const manyDeliveriesId = await notifyVeryMany(store, { ...large, of: 'deliveries' });
  const manySuppressionsId = await notifyVeryMany(store, { ...large, of: 'suppressions' });
  await store.close();
  const [failed, delivered] = [
    latest.find(({ state }) => state === 'failed'),
    latest.find(({ state }) => state !== 'failed'),
  ];
  if (failed === undefined || delivered === undefined) throw new Error('nothing was made');
  const { id: deliveryId, notificationId: ofNotification, subscriptionId, userId } = delivered;
  return {
    ...{ notificationId: ofNotification, deliveryId, failedId: failed.id, subscriptionId, userId },
    ...{ manyDeliveriesId, manySuppressionsId },
  } satisfies SeededIds;
});
