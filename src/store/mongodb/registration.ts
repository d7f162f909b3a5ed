import { AppError } from '../../domain/app-error.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { RegisterResult } from '../subscription-store.ts';
import type { Collections } from './collections.ts';
import { duplicateField } from './mongo-error.ts';
import { optionsOf } from './named-query.ts';
import { asRetired, toSubscription, toSubscriptionDocument } from './subscription-document.ts';
import { OF_ENDPOINT } from './subscription-queries.ts';

/** Each turn that does not end here was won by another registration of the same endpoint. */
const MAX_TURNS = 100;

/**
 * Registers by conditional writes alone: the unique indexes decide between those who come at the same time, and
 * whoever loses looks again. A process that dies between the two writes of a move leaves an endpoint without an active
 * row, which the next registration takes for the move that it is.
 */
export async function register(collections: Collections, draft: Subscription): Promise<RegisterResult> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const result = await registerOnce(collections, draft);
    if (result !== 'lost') return result;
  }
  throw new AppError('store_unavailable', 'This endpoint is being registered by many callers at once: try again.');
}

async function registerOnce(collections: Collections, draft: Subscription): Promise<RegisterResult | 'lost'> {
  const rows = await rowsOf(collections, draft);
  const own = rows.find(({ userId }) => userId === draft.userId);
  const rival = rows.find(({ userId, retired }) => userId !== draft.userId && retired === null);
  if (rival !== undefined && !haveSameKeys(rival, draft)) return { kind: 'taken' };
  if (rival !== undefined && !(await retireRival(collections, rival, draft.updatedAtMs))) return 'lost';
  const replaced = rival ?? leftInTheMiddle(rows, draft);
  const subscription: Subscription = {
    ...draft,
    id: own?.id ?? draft.id,
    createdAtMs: own?.createdAtMs ?? draft.createdAtMs,
    replacesId: replaced?.id ?? own?.replacesId ?? null,
    retired: null,
  };
  const isWritten = await (own === undefined ? insert(collections, subscription) : replace(collections, subscription));
  if (!isWritten) return 'lost';
  if (replaced !== undefined) return { kind: 'moved', subscription };
  if (own !== undefined) return { kind: 'updated', subscription };
  return (await slippedIn(collections, rows, subscription)) ?? { kind: 'created', subscription };
}

async function rowsOf(
  { subscriptions }: Collections,
  { endpointHash }: Subscription,
): Promise<readonly Subscription[]> {
  const found = await subscriptions.find(OF_ENDPOINT.filter(endpointHash), optionsOf(OF_ENDPOINT)).toArray();
  return found.map(toSubscription);
}

/**
 * Between the look and the insertion, somebody may have made a row and another begun to move it: then this insertion
 * took the free place, and it is this user to whom that row moved.
 */
async function slippedIn(
  collections: Collections,
  seen: readonly Subscription[],
  subscription: Subscription,
): Promise<RegisterResult | null> {
  const rows = await rowsOf(collections, subscription);
  const replaced = rows.find(
    (row) =>
      row.retired?.reason === 'moved' &&
      !seen.some(({ id, retired }) => id === row.id && retired !== null) &&
      // Those who have taken over from this one already came after it.
      !comesFrom(row, subscription.id, rows),
  );
  if (replaced === undefined) return null;
  await collections.subscriptions.updateOne({ _id: subscription.id }, { $set: { replacesId: replaced.id } });
  return { kind: 'moved', subscription: { ...subscription, replacesId: replaced.id } };
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

/** Whether a row is this one, or replaced it, or replaced one that did. */
function comesFrom(row: Subscription, id: string, rows: readonly Subscription[]): boolean {
  const passed = new Set<string>();
  let current: Subscription | undefined = row;
  while (current !== undefined && !passed.has(current.id)) {
    if (current.id === id) return true;
    passed.add(current.id);
    const before: string | null = current.replacesId;
    current = rows.find((one) => one.id === before);
  }
  return false;
}

async function retireRival({ subscriptions }: Collections, rival: Subscription, atMs: number): Promise<boolean> {
  const filter = { _id: rival.id, isActive: true, updatedAtMs: rival.updatedAtMs };
  return (await subscriptions.updateOne(filter, { $set: asRetired('moved', atMs) })).matchedCount > 0;
}

async function insert({ subscriptions }: Collections, subscription: Subscription): Promise<boolean> {
  try {
    await subscriptions.insertOne(toSubscriptionDocument(subscription));
    return true;
  } catch (error) {
    const field = duplicateField(error);
    if (field === null) throw error;
    // The id is new: where it is there already, this very insertion made it, and its answer was lost.
    return field === '_id';
  }
}

async function replace({ subscriptions }: Collections, subscription: Subscription): Promise<boolean> {
  try {
    const { _id, ...changes } = toSubscriptionDocument(subscription);
    return (await subscriptions.updateOne({ _id }, { $set: changes })).matchedCount > 0;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return false;
  }
}
