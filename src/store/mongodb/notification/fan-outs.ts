import type { FanOut, FanOutPage, FanOutStore } from '../../fan-out-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDeliveryDocument } from '../collections/delivery-document.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { FAN_OUT, UNFINISHED_FAN_OUTS } from '../collections/notification-queries.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { completeIfFinal, reopen } from './completion.ts';

export function mongoFanOuts(collections: Collections, operations: Operations): FanOutStore {
  return {
    get: (id) => operations.run(() => readFanOut(collections, id)),
    commitPage: (page) => operations.run(() => commitPage(collections, page)),
    unfinished: (acceptedBeforeMs, limit) => operations.run(() => unfinished(collections, acceptedBeforeMs, limit)),
  };
}

async function readFanOut({ notifications }: Collections, id: string): Promise<FanOut | null> {
  const document = await notifications.findOne(FAN_OUT.filter(id), optionsOf(FAN_OUT));
  if (document === null || document.cursor === undefined) return null;
  return {
    notification: toNotification(document),
    audience: { kind: 'user_ids', userIds: (document.userIds ?? []).map(decodeText) },
    cursor: document.cursor,
  };
}

/**
 * Deliveries first, the cursor after them: a process that dies in between leaves a page that is simply made again, with
 * the same ids. Whoever loses the race for the cursor had the same page, so what it wrote belongs there.
 */
async function commitPage(collections: Collections, page: FanOutPage): Promise<boolean> {
  const { notificationId: _id, from, to } = page;
  const here = { _id, cursor: from };
  const { notifications } = collections;
  if ((await notifications.findOne(here, { projection: { _id: 1 } })) === null) return false;
  const inserted = await insertDeliveries(collections, page);
  const change =
    to === null
      ? ({ $set: { status: 'sending' }, $unset: { cursor: 1, userIds: 1 } } as const)
      : { $set: { cursor: to } };
  const { matchedCount } = await notifications.updateOne(here, change);
  if (matchedCount === 0) {
    if (inserted > 0) await reopen(collections, [_id]);
    return false;
  }
  if (to === null) await completeIfFinal(collections, _id);
  return true;
}

/** Those that exist already stay as they are. Returns how many were new. */
async function insertDeliveries({ deliveries }: Collections, page: FanOutPage): Promise<number> {
  if (page.deliveries.length === 0) return 0;
  try {
    const { insertedCount } = await deliveries.insertMany(page.deliveries.map(toDeliveryDocument), { ordered: false });
    return insertedCount;
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
    return error.insertedCount;
  }
}

async function unfinished({ notifications }: Collections, acceptedBeforeMs: number, limit: number) {
  const filter = UNFINISHED_FAN_OUTS.filter(acceptedBeforeMs);
  const found = await notifications.find(filter, { ...optionsOf(UNFINISHED_FAN_OUTS), limit }).toArray();
  return found.map(({ _id: id, priority }) => ({ id, priority }));
}
