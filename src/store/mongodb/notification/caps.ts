import { type Delivery, isFinal } from '../../../domain/delivery/delivery.ts';
import type { CapOfPattern } from '../../../domain/notification-type/type-policy.ts';
import { encodeText } from '../../stored-text.ts';
import type { CapAsked } from '../../user-store.ts';
import { type CapDocument, DELIVERIES_OF_USES, USES_OF_CAP } from '../collections/cap-queries.ts';
import type { Collections } from '../collections/collections.ts';
import { USER_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';

type Taking = { readonly userId: string; readonly notificationId: string; readonly nowMs: number };

type Use = CapDocument['uses'][number];

/**
 * Counts a notification to a user, unless the cap is used up, and gives the uses that stand in its way; none where it was counted, now
 * or before. `isStopping` false: it counts in any case. A process that dies between the end of a notification’s last delivery and
 * giving its use back leaves the use behind: such ones are given back here, before they stop anybody.
 */
export async function takeCap(
  collections: Collections,
  cap: CapOfPattern,
  isStopping: boolean,
  taking: Taking,
): Promise<readonly number[]> {
  const inTheWay = await takeOnce(collections, cap, isStopping, taking);
  if (inTheWay.length === 0) return [];
  const { userId } = taking;
  const lost = await usesInVain(collections, userId, inTheWay);
  if (lost.size === 0) return inTheWay.map(({ atMs }) => atMs);
  await collections.cap_uses.updateOne(USES_OF_CAP.filter({ userId: encodeText(userId), pattern: cap.pattern }), {
    $pull: { uses: { notificationId: { $in: [...lost] } } },
  });
  return (await takeOnce(collections, cap, isStopping, taking)).map(({ atMs }) => atMs);
}

/** One write. */
async function takeOnce(
  { cap_uses: caps }: Collections,
  { pattern, limit, perSeconds }: CapOfPattern,
  isStopping: boolean,
  { userId, notificationId, nowMs }: Taking,
): Promise<readonly Use[]> {
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
    caps.findOneAndUpdate(
      USES_OF_CAP.filter(_id),
      [{ $set: { uses, expiresAt: instant(nowMs + perSeconds * 1000) } }],
      {
        upsert: true,
        returnDocument: 'after',
      },
    );
  // Two that come first at the same time: one makes the document, the other finds it.
  const kept = await write().catch((error: unknown) => {
    if (duplicateField(error) === null) throw error;
    return write();
  });
  const found = kept?.uses ?? [];
  return found.some((use) => use.notificationId === notificationId) ? [] : found;
}

/** Notifications that count, though all of their deliveries to the user have ended and none was delivered. One that has none yet counts. */
async function usesInVain(
  { deliveries }: Collections,
  userId: string,
  uses: readonly Use[],
): Promise<ReadonlySet<string>> {
  if (uses.length === 0) return new Set();
  const notificationIds = uses.map(({ notificationId }) => notificationId);
  const filter = DELIVERIES_OF_USES.filter({ userId: encodeText(userId), notificationIds });
  const found = await deliveries.find(filter, optionsOf(DELIVERIES_OF_USES)).toArray();
  const inVain = new Set(found.map(({ notificationId }) => notificationId));
  for (const { notificationId, state } of found) {
    if (state === 'delivered' || !isFinal(state)) inVain.delete(notificationId);
  }
  return inVain;
}

/** See `UserStore.capUses`. */
export async function capUses(
  collections: Collections,
  userId: string,
  { pattern, limit, perSeconds }: CapOfPattern,
  { atMs, exceptId }: CapAsked,
): Promise<readonly number[]> {
  const kept = await collections.cap_uses.findOne(
    USES_OF_CAP.filter({ userId: encodeText(userId), pattern }),
    optionsOf(USES_OF_CAP),
  );
  const counting = (kept?.uses ?? []).filter(
    (use) => use.notificationId !== exceptId && use.atMs > atMs - perSeconds * 1000 && use.atMs <= atMs,
  );
  const lost = counting.length < limit ? new Set() : await usesInVain(collections, userId, counting);
  return counting.filter(({ notificationId }) => !lost.has(notificationId)).map((use) => use.atMs);
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
