import type { UpdateFilter } from 'mongodb';
import { notificationCompleted } from '../../../domain/event/event-drafts.ts';
import { isPersonal } from '../../../domain/experiment/variant-content.ts';
import type { Cancelling } from '../../notification-store.ts';
import type { Collections } from '../collections/collections.ts';
import { ALL_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { type NotificationDocument, toNotification } from '../collections/notification-document.ts';
import { NOTIFICATION_BY_ID, NOTIFICATION_WITH_AUDIENCE } from '../collections/notification-queries.ts';
import {
  DELIVERED_USERS,
  SUPPRESSIONS_OF_NOTIFICATION,
  type SuppressionDocument,
} from '../collections/suppression-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { completeIfFinal, hasOpen } from './completion.ts';
import { forgetValues } from './recipient-values.ts';
import { suppressedSummary } from './suppressed-summary.ts';

/** Pushes under way end by themselves; what they came to is looked at then. */
const PUSHES_END_MS = 5000;

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
      $rename: { cursor: 'cancelledCursor' },
      $unset: { followingAtMs: 1 },
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
 * look, which puts the same list together again, and counts whom that page has come to.
 */
export async function endCancelled(collections: Collections, id: string, nowMs: number): Promise<void> {
  const { notifications, suppressions } = collections;
  const filter = NOTIFICATION_WITH_AUDIENCE.filter(id);
  const found = await notifications.findOne(filter, optionsOf(NOTIFICATION_WITH_AUDIENCE));
  if (found?.status !== 'cancelled' || found.dueAtMs === undefined || found.cancelledAtMs === undefined) return;
  const { userIds = [], cancelledAtMs, dueAtMs } = found;
  if (userIds.length > 0) {
    const decided = await decidedUsers(collections, id);
    const cancelled = userIds.filter((userId) => !decided.has(userId));
    const retainedFrom = instant(cancelledAtMs);
    const list = { notificationId: id, entries: [], unreached: [], cancelled, atMs: cancelledAtMs, retainedFrom };
    await suppressions.replaceOne({ _id: idOf(id) }, list, { upsert: true });
  }
  const late = await usersOfOpenPage(collections, found);
  const pagesEndAtMs = cancelledAtMs + PAGES_END_MS;
  const lookAgainAtMs =
    nowMs < pagesEndAtMs ? pagesEndAtMs : (await hasOpen(collections, id)) ? nowMs + PUSHES_END_MS : null;
  await notifications.updateOne(
    { _id: id, status: 'cancelled', dueAtMs, ...(late.length > 0 && { 'page.userIds': found.page?.userIds }) },
    {
      ...(late.length > 0 && { $inc: countsOf(found, late.length) }),
      ...(lookAgainAtMs === null
        ? await ending(collections, found)
        : { $set: { dueAtMs: lookAgainAtMs }, ...(late.length > 0 && { $pull: { 'page.userIds': { $in: late } } }) }),
    },
  );
}

/** Nobody is left to decide about, and nothing is under way. What recipients had as values goes first: nothing leads to it afterwards. */
async function ending(
  collections: Collections,
  found: NotificationDocument,
): Promise<UpdateFilter<NotificationDocument>> {
  const { _id: id } = found;
  const notification = toNotification(found);
  if (isPersonal(notification.content)) await forgetValues(collections, notification);
  const outbox = outboxOf(collections);
  const completedAtMs = outbox.now();
  const drafts = [await suppressedSummary(collections, id), notificationCompleted(id, completedAtMs, 'cancelled')];
  const gone = { dueAtMs: 1, userIds: 1, audience: 1, page: 1, cancelledCursor: 1 } as const;
  return { $set: { completedAtMs }, $unset: gone, ...outbox.pushing(drafts) };
}

/** Those whom the page that was under way has decided about, though its cursor failed: nobody has counted them. */
async function usersOfOpenPage(collections: Collections, found: NotificationDocument): Promise<readonly string[]> {
  const { page, cancelledCursor, _id: notificationId } = found;
  if (page === undefined || page.from !== cancelledCursor || page.userIds.length === 0) return [];
  const { deliveries, suppressions } = collections;
  const asked = { notificationId, userIds: page.userIds };
  const ofNotification = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId: '' });
  const [delivered, pages] = await Promise.all([
    deliveries.find(DELIVERED_USERS.filter(asked), optionsOf(DELIVERED_USERS)).toArray(),
    suppressions.find(ofNotification, optionsOf(SUPPRESSIONS_OF_NOTIFICATION)).toArray(),
  ]);
  const decided = new Set(delivered.map(({ userId }) => userId));
  for (const one of pages) if (one._id !== idOf(notificationId)) for (const userId of usersIn(one)) decided.add(userId);
  return page.userIds.filter((userId) => decided.has(userId));
}

function countsOf(
  { audience, sendAt }: NotificationDocument,
  users: number,
): { userCount?: number; releasedUsers?: number } {
  return { ...(audience !== undefined && { userCount: users }), ...(sendAt !== undefined && { releasedUsers: users }) };
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
    for (const userId of usersIn(page)) users.add(userId);
  }
  return users;
}

function usersIn({ entries, unreached, missed = [] }: SuppressionDocument): readonly string[] {
  return [...entries.map(({ userId }) => userId), ...unreached, ...missed];
}
