import type { Clock } from '../../../clock.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { DuePage } from '../../../domain/delivery/due-page.ts';
import type { DeliveryStore, DueDelivery, DueQuery } from '../../delivery-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDelivery } from '../collections/delivery-document.ts';
import {
  DELIVERIES_BY_ID,
  DELIVERY_BY_ID,
  DUE_DELIVERIES,
  WAITING_OF_NOTIFICATION,
} from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { OUTDATED_OF_TOPIC } from '../collections/topic-queries.ts';
import type { Operations } from '../server/operations.ts';
import { mongoDeliveryCounts } from './counts.ts';
import { mongoDeadLetters } from './dead-letters.ts';
import { mongoDeliveryListings } from './listings.ts';
import { mongoTransitions } from './transitions.ts';

type OutdatedQuery = Parameters<DeliveryStore['outdated']>[0];

export function mongoDeliveries(collections: Collections, operations: Operations, clock: Clock): DeliveryStore {
  return {
    ...mongoTransitions(collections, operations, clock),
    ...mongoDeliveryListings(collections, operations),
    ...mongoDeadLetters(collections, operations),
    get: (id) => operations.run(() => get(collections, id)),
    getMany: (ids) => operations.run(() => getMany(collections, ids)),
    ...mongoDeliveryCounts(collections, operations),
    waitingOf: (id, limit) => operations.run(() => waitingOf(collections, id, limit)),
    due: (query) => operations.run(() => due(collections, query)),
    outdated: (query) => operations.run(() => outdated(collections, query)),
  };
}

async function get({ deliveries }: Collections, id: string): Promise<Delivery | null> {
  const document = await deliveries.findOne(DELIVERY_BY_ID.filter(id), optionsOf(DELIVERY_BY_ID));
  return document === null ? null : toDelivery(document);
}

async function getMany({ deliveries }: Collections, ids: readonly string[]): Promise<readonly Delivery[]> {
  if (ids.length === 0) return [];
  return (await deliveries.find(DELIVERIES_BY_ID.filter(ids), optionsOf(DELIVERIES_BY_ID)).toArray()).map(toDelivery);
}

/** Documents in one answer of the server. */
const DUE_AT_ONCE = 1000;

async function due({ deliveries }: Collections, query: DueQuery): Promise<readonly DueDelivery[]> {
  const page = new DuePage<DueDelivery>(query);
  const { priority } = query;
  const batchSize = Math.min(DUE_AT_ONCE, query.limit);
  const found = deliveries.find(DUE_DELIVERIES.filter(query), { ...optionsOf(DUE_DELIVERIES), batchSize });
  // Leaving the loop closes the cursor.
  for await (const { _id: id, userId, origin = '', state, attemptCount, deadlineAtMs, dueAtMs } of found) {
    page.add({
      id,
      userId: decodeText(userId),
      origin,
      priority,
      state: state as DueDelivery['state'],
      attemptCount,
      deadlineAtMs,
      dueAtMs: dueAtMs ?? 0,
    });
    if (!page.isOpen) break;
  }
  return page.all();
}

async function outdated({ deliveries }: Collections, query: OutdatedQuery): Promise<readonly Delivery[]> {
  const { order, subscriptionIds } = query;
  const filter = OUTDATED_OF_TOPIC.filter({ subscriptionIds, topics: [encodeText(query.topic)], order });
  return (await deliveries.find(filter, optionsOf(OUTDATED_OF_TOPIC)).toArray()).map(toDelivery);
}

async function waitingOf({ deliveries }: Collections, id: string, limit: number): Promise<readonly Delivery[]> {
  const options = { ...optionsOf(WAITING_OF_NOTIFICATION), limit };
  return (await deliveries.find(WAITING_OF_NOTIFICATION.filter(id), options).toArray()).map(toDelivery);
}
