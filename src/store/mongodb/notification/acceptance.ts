import { type Idempotency, judgeRepetition, type KeptKey } from '../../../domain/notification/idempotency.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { Acceptance, AcceptResult, RepeatedAcceptance } from '../../notification-store.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification, toNotificationDocument } from '../collections/notification-document.ts';
import { NOTIFICATION_BY_ID } from '../collections/notification-queries.ts';
import { IDEMPOTENCY_KEY } from '../collections/short-lived-queries.ts';
import { useExperiment } from '../experiment/experiments.ts';
import { duplicateField } from '../server/mongo-error.ts';
import { keepValues } from './recipient-values.ts';

/**
 * One document holds notification, audience and cursor, so one write accepts them all. The key, where there is one, is
 * kept before it and names it: whoever finds a key without its notification, because the first caller has not got there
 * or died on the way, writes the notification under that very id, and so it is there once. What recipients have as values stands
 * beside it, before it. Every fan-out is left to the
 * worker: deliveries would be documents beside it, and there is no commit for them all.
 */
export async function accept(collections: Collections, acceptance: Acceptance): Promise<AcceptResult> {
  const { notification, idempotency } = acceptance;
  const owner = idempotency === null ? null : await takeKey(collections, notification, idempotency);
  const repetition = idempotency === null ? null : judgeRepetition(owner, idempotency, notification.acceptedAtMs);
  if (repetition?.kind === 'key_reused') return { kind: 'key_reused' };
  const id = repetition?.kind === 'repeated' ? repetition.notificationId : notification.id;
  const isFirst = id === notification.id;
  // Values that were kept again after the fan-out would stand there until they expire.
  const known = isFirst ? null : await answerOf(collections, id);
  if (known !== null) return known;
  if (!(await useExperiment(collections, { ...notification, id }))) return { kind: 'experiment_used' };
  if (acceptance.values) await keepValues(collections, { ...notification, id }, acceptance.values);
  await insertOnce(collections, { ...notification, id }, acceptance);
  if (isFirst) return { kind: 'accepted', fannedOut: null };
  // Null: deleted in this very moment, or a day after it was made. Then there is nothing to repeat.
  return (await answerOf(collections, id)) ?? accept(collections, { ...acceptance, idempotency: null });
}

/** See `NotificationStore.repeated`. */
export async function repeated(
  collections: Collections,
  idempotency: Idempotency,
  nowMs: number,
): Promise<RepeatedAcceptance | null> {
  const repetition = judgeRepetition(await keptKey(collections, encodeText(idempotency.key)), idempotency, nowMs);
  return repetition.kind === 'repeated' ? answerOf(collections, repetition.notificationId) : null;
}

/** What the first call is answered with; null where it has not got so far, or its notification is gone. */
async function answerOf({ notifications }: Collections, id: string): Promise<RepeatedAcceptance | null> {
  const first = await notifications.findOne(NOTIFICATION_BY_ID.filter(id), optionsOf(NOTIFICATION_BY_ID));
  return first === null ? null : { kind: 'repeated', notification: toNotification(first), reachedUsers: null };
}

/** The key as it is kept by another call; null where this call has taken it, since it was free. */
async function takeKey(
  collections: Collections,
  { id: notificationId, acceptedAtMs }: Notification,
  { key, bodyDigest, expiresAtMs }: Idempotency,
): Promise<KeptKey | null> {
  const mine = { notificationId, bodyDigest, expiresAt: instant(expiresAtMs) };
  const _id = encodeText(key);
  try {
    // Fits only where the key is free again; where it is another's, the insertion meets it.
    await collections.idempotency_keys.updateOne(
      { _id, expiresAt: { $lte: instant(acceptedAtMs) } },
      { $set: mine },
      { upsert: true },
    );
    return null;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return keptKey(collections, _id);
  }
}

async function keptKey({ idempotency_keys: keys }: Collections, _id: string): Promise<KeptKey | null> {
  const kept = await keys.findOne(IDEMPOTENCY_KEY.filter(_id), optionsOf(IDEMPOTENCY_KEY));
  return kept === null ? null : { ...kept, expiresAtMs: kept.expiresAt.getTime() };
}

/** Met already: written by another caller with the same key, or by this very call, whose answer was lost. */
async function insertOnce(
  { notifications }: Collections,
  notification: Notification,
  { audience, requestId = null }: Acceptance,
): Promise<void> {
  try {
    const document = toNotificationDocument(notification, audience);
    await notifications.insertOne(requestId === null ? document : { ...document, requestId: encodeText(requestId) });
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
  }
}
