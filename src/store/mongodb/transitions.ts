import type { AnyBulkWriteOperation } from 'mongodb';
import { isWaiting } from '../../domain/delivery.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Claim, Claimed, DeliveryStore, Postponement, Settlement } from '../delivery-store.ts';
import { batched } from './batcher.ts';
import type { Collections } from './collections.ts';
import { completeIfFinal, reopen } from './completion.ts';
import { changeTo, type DeliveryDocument, toDelivery } from './delivery-document.ts';
import {
  DELIVERIES_BY_ID,
  NEWER_OF_TOPIC,
  VERSION_OF_DELIVERY,
  WAITING_DELIVERY,
  WRITES_OF_DELIVERIES,
} from './delivery-queries.ts';
import { optionsOf } from './named-query.ts';
import { toNotification } from './notification-document.ts';
import { NOTIFICATIONS_BY_ID } from './notification-queries.ts';
import type { Operations } from './operations.ts';
import { toSubscription } from './subscription-document.ts';
import { SUBSCRIPTIONS_BY_ID } from './subscription-queries.ts';
import { change } from './subscriptions.ts';
import { leaveToken, writeToken } from './write-token.ts';

/** The hot path: what a worker does to deliveries. A batch takes a few round trips, whatever its size. */
export function mongoTransitions(
  collections: Collections,
  operations: Operations,
): Pick<DeliveryStore, 'claimMany' | 'settleMany' | 'postponeMany'> {
  const postpone = batched(async (all: readonly Postponement[]) => {
    await operations.run(() => postponeAll(collections, all));
    return all;
  });
  return {
    claimMany: batched((claims) => operations.run(() => claimAll(collections, claims))),
    settleMany: batched((settlements) => operations.run(() => settleAll(collections, settlements))),
    async postponeMany(postponements) {
      await postpone(postponements);
    },
  };
}

type Write = { readonly id: string; readonly version: number; readonly token: string; readonly set: object };

type Candidate = { readonly document: DeliveryDocument; readonly claim: Claim; readonly token: string };

async function claimAll(collections: Collections, claims: readonly Claim[]): Promise<(Claimed | null)[]> {
  const candidates = await candidatesFor(collections, claims);
  const documents = candidates.map(({ document }) => document);
  const [notifications, subscriptions, newer] = await Promise.all([
    notificationsOf(collections, documents),
    subscriptionsOf(collections, documents),
    newerThan(collections, documents),
  ]);
  const whole = candidates.filter(({ document }) => notifications.has(document.notificationId));
  const won = await writeAll(
    collections,
    whole.map(({ document, claim, token }) => ({
      id: document._id,
      version: document.version,
      token,
      set: { state: 'sending', attemptCount: claim.attempt, claimedAtMs: claim.nowMs, dueAtMs: claim.leaseUntilMs },
    })),
  );
  const claimed = new Map<Claim, Claimed>();
  for (const { document, claim, token } of whole) {
    const notification = notifications.get(document.notificationId);
    if (notification === undefined || !won.has(token)) continue;
    const subscription = subscriptions.get(document.subscriptionId) ?? null;
    claimed.set(claim, {
      before: toDelivery(document),
      version: document.version + 1,
      notification,
      subscription,
      isSuperseded: newer.has(document),
    });
  }
  return claims.map((claim) => claimed.get(claim) ?? null);
}

/** The deliveries that wait for the very attempt a claim names, each with the first claim that names it. */
async function candidatesFor({ deliveries }: Collections, claims: readonly Claim[]): Promise<readonly Candidate[]> {
  const ids = [...new Set(claims.map(({ deliveryId }) => deliveryId))];
  if (ids.length === 0) return [];
  const found = await deliveries.find(DELIVERIES_BY_ID.filter(ids), optionsOf(DELIVERIES_BY_ID)).toArray();
  const free = new Map(found.filter(({ state }) => isWaiting(state)).map((document) => [document._id, document]));
  const candidates: Candidate[] = [];
  for (const claim of claims) {
    const document = free.get(claim.deliveryId);
    if (document === undefined || document.attemptCount !== claim.attempt - 1) continue;
    free.delete(claim.deliveryId);
    candidates.push({ document, claim, token: writeToken() });
  }
  return candidates;
}

async function notificationsOf(
  { notifications }: Collections,
  documents: readonly DeliveryDocument[],
): Promise<ReadonlyMap<string, Notification>> {
  const ids = [...new Set(documents.map(({ notificationId }) => notificationId))];
  if (ids.length === 0) return new Map();
  const found = await notifications.find(NOTIFICATIONS_BY_ID.filter(ids), optionsOf(NOTIFICATIONS_BY_ID)).toArray();
  return new Map(found.map((document) => [document._id, toNotification(document)]));
}

async function subscriptionsOf(
  { subscriptions }: Collections,
  documents: readonly DeliveryDocument[],
): Promise<ReadonlyMap<string, Subscription>> {
  const ids = [...new Set(documents.map(({ subscriptionId }) => subscriptionId))];
  if (ids.length === 0) return new Map();
  const found = await subscriptions.find(SUBSCRIPTIONS_BY_ID.filter(ids), optionsOf(SUBSCRIPTIONS_BY_ID)).toArray();
  return new Map(found.map((document) => [document._id, toSubscription(document)]));
}

/** Those for which a delivery of a later notification with the same topic to the same subscription exists. */
async function newerThan(
  { deliveries }: Collections,
  documents: readonly DeliveryDocument[],
): Promise<ReadonlySet<DeliveryDocument>> {
  const topical = documents.filter(({ topic }) => typeof topic === 'string');
  const [first, ...rest] = topical.map(({ notificationId }) => notificationId);
  if (first === undefined) return new Set();
  const filter = NEWER_OF_TOPIC.filter({
    subscriptionIds: [...new Set(topical.map(({ subscriptionId }) => subscriptionId))],
    topics: [...new Set(topical.map(({ topic }) => topic ?? ''))],
    notificationId: rest.reduce((least, id) => (id < least ? id : least), first),
  });
  const found = await deliveries.find(filter, optionsOf(NEWER_OF_TOPIC)).toArray();
  const newest = new Map<string, string>();
  for (const { subscriptionId, topic, notificationId } of found) {
    const key = `${subscriptionId} ${topic}`;
    if (notificationId > (newest.get(key) ?? '')) newest.set(key, notificationId);
  }
  return new Set(
    topical.filter(
      ({ subscriptionId, topic, notificationId }) => (newest.get(`${subscriptionId} ${topic}`) ?? '') > notificationId,
    ),
  );
}

/** Conditional writes, each on its own; the tokens of those that counted. */
async function writeAll({ deliveries }: Collections, writes: readonly Write[]): Promise<ReadonlySet<string>> {
  if (writes.length === 0) return new Set();
  const batch = writes.map(
    ({ id, version, token, set }): AnyBulkWriteOperation<DeliveryDocument> => ({
      updateOne: {
        filter: VERSION_OF_DELIVERY.filter({ id, version }),
        update: { $set: set, $inc: { version: 1 }, $push: leaveToken(token) },
      },
    }),
  );
  const { matchedCount } = await deliveries.bulkWrite(batch, { ordered: false });
  if (matchedCount === writes.length) return new Set(writes.map(({ token }) => token));
  const ids = writes.map(({ id }) => id);
  const kept = await deliveries.find(WRITES_OF_DELIVERIES.filter(ids), optionsOf(WRITES_OF_DELIVERIES)).toArray();
  return new Set(kept.flatMap((document) => document.writes));
}

/** The time alone; said again after a lost answer, it is the same time. */
async function postponeAll({ deliveries }: Collections, postponements: readonly Postponement[]): Promise<void> {
  const batch = postponements.map(
    ({ deliveryId, attempt, untilMs }): AnyBulkWriteOperation<DeliveryDocument> => ({
      updateOne: {
        filter: WAITING_DELIVERY.filter({ id: deliveryId, attemptCount: attempt - 1 }),
        update: { $set: { dueAtMs: untilMs }, $inc: { version: 1 } },
      },
    }),
  );
  if (batch.length > 0) await deliveries.bulkWrite(batch, { ordered: false });
}

/** The same settlement, asked for again because its answer was lost, is known by the same token. */
const tokens = new WeakMap<Settlement, string>();

function tokenOf(settlement: Settlement): string {
  const token = tokens.get(settlement) ?? writeToken();
  tokens.set(settlement, token);
  return token;
}

async function settleAll(collections: Collections, settlements: readonly Settlement[]): Promise<boolean[]> {
  const once = new Set(settlements);
  const won = await writeAll(
    collections,
    [...once].map((settlement) => {
      const { version, after } = settlement;
      return { id: after.id, version, token: tokenOf(settlement), set: changeTo(after) };
    }),
  );
  // The same settlement twice in one batch counts once.
  const kept = settlements.map((settlement) => once.delete(settlement) && won.has(tokenOf(settlement)));
  await follow(
    collections,
    settlements.filter((_, index) => kept[index]),
  );
  return kept;
}

/** What a settlement brings with it. After a crash on the way: the next push finds the subscription gone again, and a read completes the notification. */
async function follow(collections: Collections, settlements: readonly Settlement[]): Promise<void> {
  const ended = new Set<string>();
  const reopened = new Set<string>();
  for (const { after } of settlements) (after.dueAtMs === null ? ended : reopened).add(after.notificationId);
  await Promise.all([
    change(
      collections,
      settlements.flatMap((settlement) => settlement.change ?? []),
    ),
    reopen(collections, [...reopened]),
    ...[...ended].map((id) => completeIfFinal(collections, id)),
  ]);
}
