import { retiredBy } from '../../../domain/event/event-drafts.ts';
import { isSubscriptionId } from '../../../domain/ids.ts';
import type { ImportedSubscription, ImportResult } from '../../../domain/subscription/import.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../../../domain/subscription/subscription-change.ts';
import { decodeId, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import { encodeText } from '../../stored-text.ts';
import type { SubscriptionStore } from '../../subscription-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  changeableBy,
  fieldsOf,
  type SubscriptionDocument,
  toSubscription,
} from '../collections/subscription-document.ts';
import {
  ACTIVE_LISTED,
  ACTIVE_OF_KEY,
  ACTIVE_OF_USER_LISTED,
  ALL_LISTED,
  ALL_OF_USER_LISTED,
  OF_ENDPOINT,
  OF_ENDPOINT_AND_USER,
  SUBSCRIPTION_BY_ID,
  SUBSCRIPTIONS_BY_ID,
  SUSPECTED_BY,
  VAPID_KEYS_IN_USE,
} from '../collections/subscription-queries.ts';
import { numberCarried } from '../event/events.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Operations } from '../server/operations.ts';
import { COUNTED, countChanges, countDeleted, countSubscription } from './counted.ts';
import { importOne, register, restore } from './registration.ts';

/** How many are asked about at once: each waits for the majority, and the server has others to serve. */
const IMPORTED_AT_ONCE = 64;

/** What is told of documents that are deleted: their counts, and what they have yet to announce. */
const CARRIED = { ...COUNTED, outbox: 1 } as const;
type FoundDocument = Pick<SubscriptionDocument, '_id' | 'outbox' | keyof typeof COUNTED>;

type ListQuery = Parameters<SubscriptionStore['list']>[0];

export function mongoSubscriptions(collections: Collections, operations: Operations): SubscriptionStore {
  return {
    register: (draft, options) => operations.run(() => register(collections, draft, options)),
    importMany: (imported, options) => importMany(collections, operations, imported, options),
    get: (id) => operations.run(() => get(collections, id)),
    list: (query) => operations.run(() => list(collections, query)),
    delete: (id) => operations.run(() => remove(collections, id)),
    deleteOfEndpoint: (hash, userId) => operations.run(() => deleteOfEndpoint(collections, hash, userId)),
    deleteOfUser: (userId, limit) => operations.run(() => deleteOfUser(collections, userId, limit)),
    restore: (id, atMs) => operations.run(() => restore(collections, id, atMs)),
    suspectedBy: (holdId, limit) => operations.run(() => suspectedBy(collections, holdId, limit)),
    change: (changes) => operations.run(() => change(collections, changes)),
    countByVapidKey: (most) => operations.run(() => countByVapidKey(collections, most)),
  };
}

async function importMany(
  collections: Collections,
  operations: Operations,
  imported: readonly ImportedSubscription[],
  options: { readonly isDryRun: boolean },
): Promise<readonly ImportResult[]> {
  const results: ImportResult[] = [];
  for (let start = 0; start < imported.length; start += IMPORTED_AT_ONCE) {
    const page = imported.slice(start, start + IMPORTED_AT_ONCE);
    const done = new Map<string, Promise<ImportResult>>();
    const pending = page.map((each) => {
      // Those of one endpoint one after the other, so that the order given decides.
      const before = done.get(each.draft.endpointHash) ?? Promise.resolve();
      const result = before.then(() => operations.run(() => importOne(collections, each, options)));
      done.set(each.draft.endpointHash, result);
      return result;
    });
    results.push(...(await Promise.all(pending)));
  }
  return results;
}

async function get({ subscriptions }: Collections, id: string): Promise<Subscription | null> {
  const document = await subscriptions.findOne(SUBSCRIPTION_BY_ID.filter(id), optionsOf(SUBSCRIPTION_BY_ID));
  return document === null ? null : toSubscription(document);
}

async function remove(collections: Collections, id: string): Promise<boolean> {
  const filter = SUBSCRIPTION_BY_ID.filter(id);
  const { subscriptions } = collections;
  const found = await subscriptions.findOne(filter, { ...optionsOf(SUBSCRIPTION_BY_ID), projection: CARRIED });
  if (found === null) return false;
  await tellDeletion(collections, [found]);
  const deleted = await subscriptions.findOneAndDelete(filter, { projection: CARRIED });
  if (deleted === null) return false;
  countSubscription(collections, deleted, null);
  await numberCarried(collections, [deleted]);
  return true;
}

/**
 * Before they are deleted: those that still receive are retired, which announces it in the same write, and all that they carry is
 * announced. Gives them as they are by then. A process that dies here leaves rows that receive nothing.
 */
async function tellDeletion(collections: Collections, found: readonly FoundDocument[]): Promise<FoundDocument[]> {
  const outbox = outboxOf(collections);
  const active = outbox.tells('subscription.retired') ? found.filter(({ isActive }) => isActive) : [];
  const retiring = active.map(({ _id: subscriptionId, updatedAtMs: notUpdatedSinceMs }) => {
    const change = { kind: 'retire', reason: 'deleted', atMs: outbox.now(), deliveryId: null } as const;
    return { ...change, subscriptionId, notUpdatedSinceMs };
  });
  await change(collections, retiring);
  const ids = SUBSCRIPTIONS_BY_ID.filter(found.map(({ _id }) => _id));
  const options = { ...optionsOf(SUBSCRIPTIONS_BY_ID), projection: CARRIED };
  const now = retiring.length === 0 ? [...found] : await collections.subscriptions.find(ids, options).toArray();
  await numberCarried(collections, now);
  return now;
}

async function deleteOfEndpoint(
  collections: Collections,
  endpointHash: string,
  userId: string | null,
): Promise<number> {
  const query = userId === null ? OF_ENDPOINT : OF_ENDPOINT_AND_USER;
  const filter =
    userId === null
      ? OF_ENDPOINT.filter(endpointHash)
      : OF_ENDPOINT_AND_USER.filter({ endpointHash, userId: encodeText(userId) });
  const { subscriptions } = collections;
  const found = await subscriptions.find(filter, { hint: query.index.name, projection: CARRIED }).toArray();
  const told = await tellDeletion(collections, found);
  const { deletedCount } = await subscriptions.deleteMany(filter, { hint: query.index.name });
  countDeleted(collections, told, deletedCount);
  return deletedCount;
}

/** Of those with an id before the one named; null: of all. */
export async function deleteOfUser(
  collections: Collections,
  userId: string,
  limit: number,
  beforeId: string | null = null,
): Promise<number> {
  const filter = ALL_OF_USER_LISTED.filter({ userId: encodeText(userId), beforeId });
  const options = { ...optionsOf(ALL_OF_USER_LISTED), limit, projection: CARRIED };
  const { subscriptions } = collections;
  const found = await subscriptions.find(filter, options).toArray();
  if (found.length === 0) return 0;
  const told = await tellDeletion(collections, found);
  const { deletedCount } = await subscriptions.deleteMany(SUBSCRIPTIONS_BY_ID.filter(found.map(({ _id }) => _id)));
  countDeleted(collections, told, deletedCount);
  return deletedCount;
}

async function suspectedBy({ subscriptions }: Collections, holdId: string, limit: number) {
  const options = { ...optionsOf(SUSPECTED_BY), limit };
  return (await subscriptions.find(SUSPECTED_BY.filter(holdId), options).toArray()).map(toSubscription);
}

/** Each on its own; asked again after a lost answer, nothing happens twice. */
export async function change(collections: Collections, changes: readonly SubscriptionChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { subscriptions } = collections;
  const ids = [...new Set(changes.map(({ subscriptionId }) => subscriptionId))];
  const options = { ...optionsOf(SUBSCRIPTIONS_BY_ID), projection: COUNTED };
  const before = await subscriptions.find(SUBSCRIPTIONS_BY_ID.filter(ids), options).toArray();
  const outbox = outboxOf(collections);
  const batch = changes.map((each) => ({
    updateOne: {
      filter: changeableBy(each),
      update: { $set: fieldsOf(each), ...outbox.pushing([retiredBy(each)]) },
    },
  }));
  const { matchedCount } = await subscriptions.bulkWrite(batch, { ordered: false });
  countChanges(collections, before, changes, matchedCount);
}

/** From one key to the next along the index: MongoDB calls it a distinct scan. */
async function countByVapidKey({ subscriptions }: Collections, most: number): Promise<ReadonlyMap<string, number>> {
  const { hint, sort } = optionsOf(VAPID_KEYS_IN_USE);
  const stages = [{ $match: VAPID_KEYS_IN_USE.filter(null) }, { $sort: sort }, { $group: { _id: '$vapidPublicKey' } }];
  const keys = await subscriptions.aggregate<{ _id: string }>(stages, { hint }).toArray();
  const counting = keys.map(async ({ _id: key }) => {
    const options = { hint: optionsOf(ACTIVE_OF_KEY).hint, limit: most };
    return [key, await subscriptions.countDocuments(ACTIVE_OF_KEY.filter(key), options)] as const;
  });
  return new Map(await Promise.all(counting));
}

async function list({ subscriptions }: Collections, query: ListQuery): Promise<Page<Subscription>> {
  const { cursor, limit } = query;
  const { filter, options } = listing(query, decodeId(cursor, isSubscriptionId));
  const found = await subscriptions.find(filter, { ...options, limit: limit + 1 }).toArray();
  return toPage(found, limit, toSubscription, ({ id }) => id);
}

function listing({ userId, includeRetired }: ListQuery, beforeId: string | null) {
  if (userId === null) {
    const query = includeRetired ? ALL_LISTED : ACTIVE_LISTED;
    return { filter: query.filter({ beforeId }), options: optionsOf(query) };
  }
  const query = includeRetired ? ALL_OF_USER_LISTED : ACTIVE_OF_USER_LISTED;
  return { filter: query.filter({ userId: encodeText(userId), beforeId }), options: optionsOf(query) };
}
