import { retiredBy } from '../../../domain/event/event-drafts.ts';
import {
  crowdOut,
  MOST_CROWDED_OUT_AT_ONCE,
  mostActiveRead,
  retiredKept,
} from '../../../domain/subscription/crowding.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../../../domain/subscription/subscription-change.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { changeableBy, fieldsOf } from '../collections/subscription-document.ts';
import { ACTIVE_BY_IDLENESS, RETIRED_OF_USER } from '../collections/subscription-queries.ts';
import { numberCarried } from '../event/events.ts';
import { changeOne } from './counted.ts';

/**
 * Retires what the registered row leaves no room for, and says which. Called once that row is written: of users whose pages
 * register at the same time the last one to write sees all rows, so it retires what the others had not seen.
 */
export async function crowdOutOthers(
  collections: Collections,
  { id: registeredId, userId, updatedAtMs: nowMs }: Subscription,
  maxActive: number,
): Promise<readonly string[]> {
  const active = await collections.subscriptions
    .find(ACTIVE_BY_IDLENESS.filter(encodeText(userId)), optionsOf(ACTIVE_BY_IDLENESS))
    .limit(mostActiveRead(maxActive))
    .toArray();
  const idle = active.map(({ _id: id, updatedAtMs }) => ({ id, updatedAtMs }));
  const changes = crowdOut(registeredId, idle, maxActive, nowMs);
  const retired = await Promise.all(changes.map((change) => retire(collections, change)));
  await deleteSurplus(collections, encodeText(userId), retiredKept(maxActive));
  return retired.filter((id) => id !== null);
}

/** Null where it was registered again meanwhile, or retired by another. */
async function retire(collections: Collections, change: SubscriptionChange): Promise<string | null> {
  const before = await changeOne(collections, changeableBy(change), fieldsOf(change), retiredBy(change));
  return before === null ? null : change.subscriptionId;
}

async function deleteSurplus(collections: Collections, userId: string, kept: number): Promise<void> {
  const { subscriptions } = collections;
  const surplus = await subscriptions
    .find(RETIRED_OF_USER.filter(userId), { ...optionsOf(RETIRED_OF_USER), projection: { generation: 1, outbox: 1 } })
    .skip(kept)
    .limit(MOST_CROWDED_OUT_AT_ONCE)
    .toArray();
  if (surplus.length === 0) return;
  // Their retirements may be yet to be announced.
  await numberCarried(collections, surplus);
  // One that was registered again meanwhile has another generation, and stays.
  const asSeen = surplus.map(({ _id, generation }) => ({ _id, generation }));
  await subscriptions.deleteMany({ $or: asSeen, isActive: false });
}
