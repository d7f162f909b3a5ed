import type { Notification } from '../../../domain/notification/notification.ts';
import type { AcceptResult, Idempotency } from '../../notification-store.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification, toNotificationDocument } from '../collections/notification-document.ts';
import { NOTIFICATION_BY_ID } from '../collections/notification-queries.ts';
import { IDEMPOTENCY_KEY } from '../collections/short-lived-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';

/**
 * One document holds notification, audience and cursor, so one write accepts them all. The key, where there is one, is
 * kept before it and names it: whoever finds a key without its notification, because the first caller has not got there
 * or died on the way, writes the notification under that very id, and so it is there once.
 */
export async function accept(
  collections: Collections,
  notification: Notification,
  userIds: readonly string[],
  idempotency: Idempotency | null,
): Promise<AcceptResult> {
  const owner = idempotency === null ? null : await takeKey(collections, notification, idempotency);
  if (owner !== null && owner.bodyDigest !== idempotency?.bodyDigest) return { kind: 'key_reused' };
  const id = owner?.notificationId ?? notification.id;
  await insertOnce(collections, { ...notification, id }, userIds);
  if (id === notification.id) return { kind: 'accepted', deliveries: null };
  const options = optionsOf(NOTIFICATION_BY_ID);
  const first = await collections.notifications.findOne(NOTIFICATION_BY_ID.filter(id), options);
  // Deleted in this very moment, or a day after it was made: then there is nothing to repeat.
  if (first === null) return accept(collections, notification, userIds, null);
  return { kind: 'repeated', notification: toNotification(first) };
}

type Owner = { readonly notificationId: string; readonly bodyDigest: string };

/** Whose the key is: this call's, unless an earlier one's has not expired. */
async function takeKey(
  { idempotency_keys: keys }: Collections,
  { id: notificationId, acceptedAtMs }: Notification,
  { key, bodyDigest, expiresAtMs }: Idempotency,
): Promise<Owner> {
  const mine = { notificationId, bodyDigest, expiresAt: instant(expiresAtMs) };
  const _id = encodeText(key);
  try {
    // Fits only where the key is free again; where it is another's, the insertion meets it.
    await keys.updateOne({ _id, expiresAt: { $lte: instant(acceptedAtMs) } }, { $set: mine }, { upsert: true });
    return mine;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return (await keys.findOne(IDEMPOTENCY_KEY.filter(_id), optionsOf(IDEMPOTENCY_KEY))) ?? mine;
  }
}

/** Met already: written by another caller with the same key, or by this very call, whose answer was lost. */
async function insertOnce(
  { notifications }: Collections,
  notification: Notification,
  userIds: readonly string[],
): Promise<void> {
  try {
    await notifications.insertOne(toNotificationDocument(notification, userIds));
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
  }
}
