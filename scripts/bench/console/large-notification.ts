import type { Member } from '../../../src/domain/audience/audience.ts';
import { planPage } from '../../../src/domain/audience/fan-out.ts';
import type { SuppressionReason } from '../../../src/domain/audience/release.ts';
import type { Suppression } from '../../../src/domain/audience/suppression.ts';
import { subscriptionId } from '../../../src/domain/ids.ts';
import type { Notification } from '../../../src/domain/notification/notification.ts';
import { NOBODY_KNOWN } from '../../../src/domain/user/person.ts';
import { AUDIENCE_START, cursorAfterUser } from '../../../src/store/audience-cursor.ts';
import type { Store } from '../../../src/store/store.ts';
import { notificationOf, PAGE, TERMS } from '../notify-all.ts';
import { ended } from './ended.ts';

export type LargeNotification = {
  readonly count: number;
  /** What each of its users has: a delivery that has ended, or a suppression. */
  readonly of: 'deliveries' | 'suppressions';
  readonly content: Notification['content'];
  readonly nowMs: number;
};

/** One notification to very many users of whom nothing else is kept, by the adapter that the service has. Gives its id. */
export async function notifyVeryMany(store: Store, { count, of, content, nowMs }: LargeNotification): Promise<string> {
  const notification = notificationOf(content, 0, nowMs);
  const audience = { kind: 'everyone', excludedIds: [] } as const;
  await store.notifications.accept({ notification, audience, idempotency: null, mayFanOutNow: false, terms: TERMS });
  let from = AUDIENCE_START;
  for (let start = 0; start < count; start += PAGE) {
    const members = Array.from({ length: Math.min(PAGE, count - start) }, (_, at) => memberAt(start + at, nowMs));
    const to = start + PAGE < count ? cursorAfterUser(members.at(-1)?.userId ?? '') : null;
    const page = await store.fanOuts.commitPage({
      ...{ notification, from, to, members, policy: TERMS.policy, isUserCountOpen: true, wave: null, nowMs },
      plan: () => {
        const plan = planPage(notification, members, TERMS, nowMs, () => []);
        if (of === 'deliveries')
          return { ...plan, deliveries: plan.deliveries.map((one, at) => ended(one, at, nowMs)) };
        const suppressions = members.map(({ userId }, at) => suppressed(notification.id, userId, start + at, nowMs));
        return { ...plan, deliveries: [], suppressions };
      },
    });
    if (page === null) throw new Error('somebody else fans it out');
    if (to !== null) from = to;
  }
  return notification.id;
}

function memberAt(at: number, nowMs: number): Member {
  const userId = `crowd-${String(at).padStart(8, '0')}`;
  const endpoint = `https://push.example.com/wpush/${at}`;
  const none = { locale: null, timeZone: null, updatedAtMs: nowMs };
  return {
    userId,
    devices: [{ id: subscriptionId(nowMs, Math.random), userId, endpoint, ...none }],
    person: NOBODY_KNOWN,
  };
}

/** Half of them in lists, half with one each; one in a hundred thousand for a reason that is rare. */
function suppressed(notificationId: string, userId: string, at: number, atMs: number): Suppression {
  const often: SuppressionReason = at % 2 === 0 ? 'no_subscription' : 'opted_out';
  return { notificationId, userId, reason: at % 100_000 === 99_999 ? 'paused' : often, detail: {}, atMs };
}
