import { type Delivery, isFinal } from '../../../domain/delivery/delivery.ts';
import type { CapOfPattern } from '../../../domain/notification-type/type-policy.ts';
import { encodeText } from '../../stored-text.ts';
import type { CapAsked } from '../../user-store.ts';
import type { Collections } from '../collections/collections.ts';
import { USER_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';

type Taking = { readonly userId: string; readonly notificationId: string; readonly nowMs: number };

/**
 * Counts a notification to a user in one write, unless the cap is used up, and gives the uses that stand in its way; none where it was
 * counted, now or before. `isStopping` false: it counts in any case.
 */
export async function takeCap(
  { cap_uses: caps }: Collections,
  { pattern, limit, perSeconds }: CapOfPattern,
  isStopping: boolean,
  { userId, notificationId, nowMs }: Taking,
): Promise<readonly number[]> {
  const _id = { userId: encodeText(userId), pattern };
  const counting = {
    $filter: { input: { $ifNull: ['$uses', []] }, cond: { $gt: ['$$this.atMs', nowMs - perSeconds * 1000] } },
  };
  const isRefused = {
    $or: [
      { $in: [notificationId, '$$counting.notificationId'] },
      ...(isStopping ? [{ $gte: [{ $size: '$$counting' }, limit] }] : []),
    ],
  };
  const more = { $concatArrays: ['$$counting', [{ notificationId, atMs: nowMs }]] };
  const uses = { $let: { vars: { counting }, in: { $cond: [isRefused, '$$counting', more] } } };
  const write = () =>
    caps.findOneAndUpdate({ _id }, [{ $set: { uses, expiresAt: instant(nowMs + perSeconds * 1000) } }], {
      upsert: true,
      returnDocument: 'after',
    });
  // Two that come first at the same time: one makes the document, the other finds it.
  const kept = await write().catch((error: unknown) => {
    if (duplicateField(error) === null) throw error;
    return write();
  });
  const found = kept?.uses ?? [];
  return found.some((use) => use.notificationId === notificationId) ? [] : found.map(({ atMs }) => atMs);
}

/** See `UserStore.capUses`. */
export async function capUses(
  { cap_uses: caps }: Collections,
  userId: string,
  { pattern, perSeconds }: CapOfPattern,
  { atMs, exceptId }: CapAsked,
): Promise<readonly number[]> {
  const kept = await caps.findOne({ _id: { userId: encodeText(userId), pattern } });
  return (kept?.uses ?? [])
    .filter((use) => use.notificationId !== exceptId && use.atMs > atMs - perSeconds * 1000 && use.atMs <= atMs)
    .map((use) => use.atMs);
}

/** Where none of a notification's deliveries to a user is left that was delivered, or may be yet, it does not count. */
export async function giveCapsBack(collections: Collections, ended: readonly Delivery[]): Promise<void> {
  await Promise.all(ended.map((delivery) => giveCapBack(collections, delivery)));
}

async function giveCapBack(collections: Collections, delivery: Delivery): Promise<void> {
  const { capPattern, notificationId, userId } = delivery;
  if (capPattern === null) return;
  const { deliveries, cap_uses: caps } = collections;
  const filter = USER_OF_NOTIFICATION.filter({ notificationId, userId: encodeText(userId), afterId: null });
  const options = { ...optionsOf(USER_OF_NOTIFICATION), projection: { state: 1 } };
  const found = await deliveries.find(filter, options).toArray();
  if (found.some(({ state }) => state === 'delivered' || !isFinal(state))) return;
  await caps.updateOne(
    { _id: { userId: encodeText(userId), pattern: capPattern } },
    { $pull: { uses: { notificationId } } },
  );
}
