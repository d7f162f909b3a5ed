import { AppError } from '../../../domain/app-error.ts';
import { isInAnotherRow, type RetirementReason, type Subscription } from '../../../domain/subscription/subscription.ts';
import { decodeText } from '../../stored-text.ts';
import type { RegisterOptions, RegisterResult, RestoreResult } from '../../subscription-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  asRetired,
  type SubscriptionDocument,
  toSubscription,
  toSubscriptionDocument,
} from '../collections/subscription-document.ts';
import { OF_ENDPOINT, SUBSCRIPTION_BY_ID } from '../collections/subscription-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';

/** Each turn that does not end here was won by another registration of the same endpoint. */
const MAX_TURNS = 100;

/**
 * Registers by conditional writes alone. Whoever makes a row active gives it the endpoint's next generation, which is
 * unique: of those who come at the same time one wins, and the others look again. A process that dies between the two
 * writes of a move leaves an endpoint without an active row, which the next registration takes for the move that it is.
 */
export async function register(
  collections: Collections,
  draft: Subscription,
  options?: RegisterOptions,
): Promise<RegisterResult> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const result = await registerOnce(collections, draft, options);
    if (result !== 'lost') return result;
  }
  throw new AppError('store_unavailable', 'This endpoint is being registered by many callers at once: try again.');
}

async function registerOnce(
  collections: Collections,
  draft: Subscription,
  options?: RegisterOptions,
): Promise<RegisterResult | 'lost'> {
  const { subscriptions } = collections;
  const found = await subscriptions.find(OF_ENDPOINT.filter(draft.endpointHash), optionsOf(OF_ENDPOINT)).toArray();
  const rows = found.map(toSubscription);
  const rival = rows.find(({ userId, retired }) => userId !== draft.userId && retired === null);
  if (rival !== undefined && !haveSameKeys(rival, draft)) return { kind: 'taken' };
  const former = await formerRow(collections, draft, options);
  if (rival !== undefined && !(await retireAsSeen(collections, rival, 'moved', draft.updatedAtMs))) return 'lost';
  const moved = rival ?? leftInTheMiddle(rows, draft);
  const before = found.find((_, index) => rows[index]?.userId === draft.userId) ?? former;
  const subscription: Subscription = {
    ...draft,
    id: before?._id ?? draft.id,
    createdAtMs: before?.createdAtMs ?? draft.createdAtMs,
    replacesId: moved?.id ?? before?.replacesId ?? null,
    // A browser's subscription stays bound to the key it was made with, and its endpoint names it.
    vapidPublicKey: (options?.isVapidKeyGiven ? null : rows[0]?.vapidPublicKey) ?? draft.vapidPublicKey,
    retired: null,
  };
  const document = toSubscriptionDocument(
    subscription,
    nextGeneration(before === undefined ? found : [...found, before]),
  );
  const isWritten = await (before === undefined
    ? insert(collections, document)
    : replace(collections, before, document));
  if (!isWritten) return 'lost';
  const kind = moved !== undefined ? 'moved' : before === undefined ? 'created' : 'updated';
  if (former === undefined || !former.isActive || former._id === subscription.id) return { kind, subscription };
  // Last: whoever dies before leaves the device two active rows, of which a repetition retires this one, or its push
  // service's 410 does. The other way round it would have none.
  await retireAsSeen(collections, toSubscription(former), 'replaced', draft.updatedAtMs);
  return { kind, subscription, replacedId: former._id };
}

/** Above that of every row concerned, so that no row and no endpoint ever has the same one twice. */
function nextGeneration(documents: readonly SubscriptionDocument[]): number {
  return 1 + Math.max(0, ...documents.map(({ generation }) => generation));
}

async function formerRow(
  { subscriptions }: Collections,
  draft: Subscription,
  options?: RegisterOptions,
): Promise<SubscriptionDocument | undefined> {
  if (!options?.formerId) return undefined;
  const filter = SUBSCRIPTION_BY_ID.filter(options.formerId);
  const former = await subscriptions.findOne(filter, optionsOf(SUBSCRIPTION_BY_ID));
  return former !== null && decodeText(former.userId) === draft.userId ? former : undefined;
}

function haveSameKeys(one: Subscription, other: Subscription): boolean {
  return one.keys.p256dh === other.keys.p256dh && one.keys.auth === other.keys.auth;
}

/** The row that a move retired whose second half is missing: the last to have been active, and nobody after it. */
function leftInTheMiddle(rows: readonly Subscription[], draft: Subscription): Subscription | undefined {
  if (rows.some(({ retired }) => retired === null)) return undefined;
  const latest = rows.toSorted((one, other) => (other.retired?.atMs ?? 0) - (one.retired?.atMs ?? 0))[0];
  const isMove = latest?.retired?.reason === 'moved' && latest.userId !== draft.userId;
  return isMove && haveSameKeys(latest, draft) ? latest : undefined;
}

/** Only as it was looked at: its keys may have changed meanwhile, or its user, or its endpoint. */
async function retireAsSeen(
  { subscriptions }: Collections,
  { id: _id, endpointHash, updatedAtMs, keys }: Subscription,
  reason: RetirementReason,
  atMs: number,
): Promise<boolean> {
  const filter = { _id, isActive: true, endpointHash, updatedAtMs, p256dh: keys.p256dh, auth: keys.auth };
  return (await subscriptions.updateOne(filter, { $set: asRetired(reason, atMs, null) })).matchedCount > 0;
}

/** Makes a retired one active again, unless its endpoint is in other hands. Asked again after a race that was lost. */
export async function restore(collections: Collections, id: string, atMs: number): Promise<RestoreResult> {
  const { subscriptions } = collections;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const own = await subscriptions.findOne(SUBSCRIPTION_BY_ID.filter(id), optionsOf(SUBSCRIPTION_BY_ID));
    if (own === null) return { kind: 'missing' };
    const subscription = toSubscription(own);
    if (subscription.retired === null) return { kind: 'active', subscription };
    const found = await subscriptions.find(OF_ENDPOINT.filter(own.endpointHash), optionsOf(OF_ENDPOINT)).toArray();
    if (isInAnotherRow(subscription.retired) || found.some(({ isActive }) => isActive)) return { kind: 'taken' };
    const restored = { ...subscription, retired: null, updatedAtMs: atMs };
    if (await replace(collections, own, toSubscriptionDocument(restored, nextGeneration([...found, own])))) {
      return { kind: 'restored', subscription: restored };
    }
  }
  throw new AppError('store_unavailable', 'This endpoint is being registered by many callers at once: try again.');
}

async function insert({ subscriptions }: Collections, document: SubscriptionDocument): Promise<boolean> {
  try {
    await subscriptions.insertOne(document);
    return true;
  } catch (error) {
    const field = duplicateField(error);
    if (field === null) throw error;
    // The id is new: where it is there already, this very insertion made it, and its answer was lost.
    return field === '_id';
  }
}

async function replace(
  { subscriptions }: Collections,
  before: SubscriptionDocument,
  { _id, ...changes }: SubscriptionDocument,
): Promise<boolean> {
  try {
    const { generation, endpointHash } = before;
    const { matchedCount } = await subscriptions.updateOne({ _id, generation, endpointHash }, { $set: changes });
    return matchedCount > 0;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return false;
  }
}
