import { type Claim, claimedFields, grantClaims } from '../../../domain/delivery/claim.ts';
import { orderOf } from '../../../domain/delivery/delivery.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import { NOBODY_KNOWN } from '../../../domain/user/person.ts';
import type { Claimed } from '../../delivery-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { type DeliveryDocument, toDelivery } from '../collections/delivery-document.ts';
import { DELIVERIES_BY_ID } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { NOTIFICATIONS_BY_ID } from '../collections/notification-queries.ts';
import { toSubscription } from '../collections/subscription-document.ts';
import { SUBSCRIPTIONS_BY_ID } from '../collections/subscription-queries.ts';
import { NEWER_OF_TOPIC, SENT_LATER_OF_TOPIC } from '../collections/topic-queries.ts';
import { writeToken } from '../server/write-token.ts';
import { bookOf } from '../tally/ledger.ts';
import { personsById } from '../user/users.ts';
import { type Candidate, giveBack, giveBackBusy } from './busy-claims.ts';
import { writeAll } from './conditional-writes.ts';
import type { Leases } from './leases.ts';

/** See `DeliveryStore.claimMany`. */
export async function claimAll(
  collections: Collections,
  leases: Leases,
  claims: readonly Claim[],
): Promise<(Claimed | 'busy' | null)[]> {
  const { candidates, busy } = await candidatesFor(collections, claims);
  const documents = candidates.map(({ document }) => document);
  const [subscriptions, persons, newer] = await Promise.all([
    subscriptionsOf(collections, documents),
    personsById(
      collections,
      documents.map(({ userId }) => decodeText(userId)),
    ),
    newerThan(collections, documents),
  ]);
  const won = await takeLeases(collections, leases, candidates);
  const own = candidates.filter(({ document }) => won.has(document._id));
  // Once the leases are taken: of one that was cancelled before, nothing is sent; who cancels after that sees what is under way.
  const [notifications, busyOnes] = await Promise.all([
    notificationsOf(
      collections,
      own.map(({ document }) => document),
    ),
    giveBackBusy(collections, leases, own),
  ]);
  for (const claim of busyOnes) busy.add(claim);
  const homeless = own.filter(({ document, claim }) => !busy.has(claim) && !notifications.has(document.notificationId));
  await giveBack(collections, leases, homeless);
  const claimed = new Map<Claim, Claimed>();
  for (const { document, claim } of own) {
    const notification = notifications.get(document.notificationId);
    if (notification === undefined || busy.has(claim)) continue;
    const subscription = subscriptions.get(document.subscriptionId) ?? null;
    const before = toDelivery(document);
    claimed.set(claim, {
      before,
      person: persons.get(before.userId) ?? NOBODY_KNOWN,
      version: document.version + 1,
      notification,
      subscription,
      isSuperseded: newer.has(document),
    });
  }
  return claims.map((claim) => (busy.has(claim) ? 'busy' : (claimed.get(claim) ?? null)));
}

/** The ids of those that were won. */
async function takeLeases(
  collections: Collections,
  leases: Leases,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<string>> {
  const token = writeToken();
  const writes = candidates.map(({ document: { _id, version }, claim }) => {
    return { id: _id, version, token, set: claimedFields(claim), isShort: true };
  });
  const isWon = await writeAll(collections, writes);
  const won = new Set<string>();
  const book = bookOf(collections);
  for (const { document, claim } of candidates) {
    const { _id, notificationId, priority, state } = document;
    if (!isWon(_id, token)) continue;
    won.add(_id);
    book.moved(priority, state, 'sending');
    leases.take(notificationId, _id, claim.leaseUntilMs, claim.nowMs);
  }
  return won;
}

type Candidates = { readonly candidates: readonly Candidate[]; readonly busy: Set<Claim> };

/** The deliveries that wait for the very attempt a claim names, each with the first claim that names it; one a subscription. */
async function candidatesFor({ deliveries }: Collections, claims: readonly Claim[]): Promise<Candidates> {
  const ids = [...new Set(claims.map(({ deliveryId }) => deliveryId))];
  const busy = new Set<Claim>();
  if (ids.length === 0) return { candidates: [], busy };
  const found = await deliveries.find(DELIVERIES_BY_ID.filter(ids), optionsOf(DELIVERIES_BY_ID)).toArray();
  // Which of them others send is only certain once they are claimed.
  const granted = grantClaims(claims, new Map(found.map((document) => [document._id, document])), new Map());
  const candidates = claims.flatMap((claim, index) => {
    const document = granted[index] ?? null;
    if (document === 'busy') busy.add(claim);
    return document === null || document === 'busy' ? [] : [{ document, claim }];
  });
  return { candidates, busy };
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

/** Those for which a delivery with the same topic to the same subscription exists that stands after them in the order of sending. */
async function newerThan(
  { deliveries }: Collections,
  documents: readonly DeliveryDocument[],
): Promise<ReadonlySet<DeliveryDocument>> {
  const topical = documents.filter(({ topic }) => typeof topic === 'string');
  const [first, ...rest] = topical.map(placeOf);
  if (first === undefined) return new Set();
  const asked = {
    subscriptionIds: [...new Set(topical.map(({ subscriptionId }) => subscriptionId))],
    topics: [...new Set(topical.map(({ topic }) => topic ?? ''))],
    order: rest.reduce((least, order) => (order < least ? order : least), first),
  };
  const [accepted, sentLater] = await Promise.all(
    [NEWER_OF_TOPIC, SENT_LATER_OF_TOPIC].map((query) =>
      deliveries.find(query.filter(asked), optionsOf(query)).toArray(),
    ),
  );
  const newest = new Map<string, string>();
  for (const document of [...(accepted ?? []), ...(sentLater ?? [])]) {
    const key = `${document.subscriptionId} ${document.topic}`;
    if (placeOf(document) > (newest.get(key) ?? '')) newest.set(key, placeOf(document));
  }
  return new Set(
    topical.filter((document) => {
      return (newest.get(`${document.subscriptionId} ${document.topic}`) ?? '') > placeOf(document);
    }),
  );
}

function placeOf({ sentOrder, notificationId }: DeliveryDocument): string {
  return orderOf({ sentOrder: sentOrder ?? null, notificationId });
}
