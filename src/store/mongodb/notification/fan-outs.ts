import type { Audience } from '../../../domain/audience/audience.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import type { FannedOut, FanOut, FanOutPage, FanOutStore } from '../../fan-out-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDeliveryDocument } from '../collections/delivery-document.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { FAN_OUT, UNFINISHED_FAN_OUTS } from '../collections/notification-queries.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { completeIfFinal, reopen } from './completion.ts';
import { decidePage, takeBackSuppressions } from './pages.ts';

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
  const audience: Audience =
    document.audience === undefined
      ? { kind: 'user_ids', userIds: (document.userIds ?? []).map(decodeText) }
      : (JSON.parse(document.audience) as Audience);
  return { notification: toNotification(document), audience, cursor: document.cursor };
}

/**
 * Suppressions and deliveries first, the cursor after them: a process that dies in between leaves a page that is simply made
 * again, by what users want by then. Whoever has a delivery keeps it, and has no suppression beside it. Whoever loses the race for the cursor had the same page, so what it wrote belongs there.
 */
async function commitPage(collections: Collections, page: FanOutPage): Promise<FannedOut | null> {
  const {
    notification: { id: _id },
    from,
    to,
  } = page;
  const here = { _id, cursor: from };
  const { notifications } = collections;
  if ((await notifications.findOne(here, { projection: { _id: 1 } })) === null) return null;
  const plan = await decidePage(collections, page);
  const inserted = await insertDeliveries(collections, plan.deliveries);
  await takeBackSuppressions(collections, page, plan.deliveries);
  const counted = page.isUserCountOpen ? { $inc: { userCount: page.members.length } } : {};
  const change =
    to === null
      ? ({ ...counted, $set: { status: 'sending' }, $unset: { cursor: 1, userIds: 1, audience: 1 } } as const)
      : { ...counted, $set: { cursor: to } };
  const { matchedCount } = await notifications.updateOne(here, change);
  if (matchedCount === 0) {
    if (inserted > 0) await reopen(collections, [_id]);
    return null;
  }
  if (to === null) await completeIfFinal(collections, _id);
  return plan;
}

/** Those that exist already stay as they are. Returns how many were new. */
async function insertDeliveries({ deliveries }: Collections, made: readonly Delivery[]): Promise<number> {
  if (made.length === 0) return 0;
  try {
    const { insertedCount } = await deliveries.insertMany(made.map(toDeliveryDocument), { ordered: false });
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
