import type { Cancelling } from '../../notification-store.ts';
import type { Collections } from '../collections/collections.ts';
import { ALL_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { NOTIFICATION_BY_ID, NOTIFICATION_WITH_AUDIENCE } from '../collections/notification-queries.ts';
import { SUPPRESSIONS_OF_NOTIFICATION } from '../collections/suppression-queries.ts';
import { completeIfFinal } from './completion.ts';

/** Longer than a page takes that another process had begun with, and what it writes may be on its way to the server. */
const PAGES_END_MS = 60_000;

/** See `NotificationStore.cancel`. Without a cursor no page of it counts any more. */
export async function cancel(collections: Collections, id: string, nowMs: number): Promise<Cancelling | null> {
  const { notifications } = collections;
  // One whose last delivery has ended, and of which nobody has said so yet, is completed.
  await completeIfFinal(collections, id);
  const { modifiedCount } = await notifications.updateOne(
    { _id: id, status: { $in: ['scheduled', 'accepted', 'sending'] } },
    {
      $set: { status: 'cancelled', cancelledAtMs: nowMs, dueAtMs: nowMs, retainedFrom: instant(nowMs) },
      $unset: { cursor: 1, followingAtMs: 1 },
    },
  );
  const found = await notifications.findOne(NOTIFICATION_BY_ID.filter(id), optionsOf(NOTIFICATION_BY_ID));
  if (found === null) return null;
  const notification = toNotification(found);
  if (modifiedCount > 0) return { kind: 'cancelled', notification };
  return { kind: notification.status === 'cancelled' ? 'repeated' : 'completed', notification };
}

/**
 * See `FanOutStore.endCancelled`. Another process may be at a page: what it writes after it was looked at here is seen by the second
 * look, which puts the same list together again.
 */
export async function endCancelled(collections: Collections, id: string, nowMs: number): Promise<void> {
  const { notifications, suppressions } = collections;
  const filter = NOTIFICATION_WITH_AUDIENCE.filter(id);
  const found = await notifications.findOne(filter, optionsOf(NOTIFICATION_WITH_AUDIENCE));
  if (found?.status !== 'cancelled' || found.dueAtMs === undefined || found.cancelledAtMs === undefined) return;
  const { userIds = [], cancelledAtMs } = found;
  if (userIds.length > 0) {
    const decided = await decidedUsers(collections, id);
    const cancelled = userIds.filter((userId) => !decided.has(userId));
    const retainedFrom = instant(cancelledAtMs);
    const list = { notificationId: id, entries: [], unreached: [], cancelled, atMs: cancelledAtMs, retainedFrom };
    await suppressions.replaceOne({ _id: idOf(id) }, list, { upsert: true });
  }
  const lookAgainAtMs = cancelledAtMs + PAGES_END_MS;
  await notifications.updateOne(
    { _id: id, status: 'cancelled' },
    nowMs < lookAgainAtMs
      ? { $set: { dueAtMs: lookAgainAtMs } }
      : { $unset: { dueAtMs: 1, userIds: 1, audience: 1, page: 1 } },
  );
}

function idOf(notificationId: string): string {
  return `${notificationId} cancelled`;
}

/** Who has deliveries or a suppression for another reason, as texts are kept. */
async function decidedUsers({ deliveries, suppressions }: Collections, id: string): Promise<ReadonlySet<string>> {
  const users = new Set<string>();
  const made = ALL_OF_NOTIFICATION.filter({ notificationId: id, afterId: null });
  const userOnly = { ...optionsOf(ALL_OF_NOTIFICATION), projection: { _id: 0, userId: 1 } };
  for await (const { userId } of deliveries.find(made, userOnly)) users.add(userId);
  const filter = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId: id, fromId: '' });
  for await (const page of suppressions.find(filter, optionsOf(SUPPRESSIONS_OF_NOTIFICATION))) {
    if (page._id === idOf(id)) continue;
    for (const { userId } of page.entries) users.add(userId);
    for (const userId of [...page.unreached, ...(page.missed ?? [])]) users.add(userId);
  }
  return users;
}
