import type { Clock } from '../../../clock.ts';
import type { Delivery, DeliveryState } from '../../../domain/delivery/delivery.ts';
import { countsOf, type DeliveryCounts } from '../../../domain/delivery/delivery-counts.ts';
import { DuePage } from '../../../domain/delivery/due-page.ts';
import { deliveryIdPrefix } from '../../../domain/ids.ts';
import { decodeId, decodePlace, encodePlace, toPage } from '../../cursor.ts';
import type { DeliveryStore, DueDelivery, DueQuery } from '../../delivery-store.ts';
import type { Page, PageRequest } from '../../page.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDelivery } from '../collections/delivery-document.ts';
import {
  ALL_OF_NOTIFICATION,
  ATTEMPTED_OF_NOTIFICATION,
  DEAD_LETTERS,
  DELIVERY_BY_ID,
  DUE_DELIVERIES,
  OUTDATED_OF_TOPIC,
  STATE_OF_NOTIFICATION,
  STATES_OF_NOTIFICATION,
} from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { Operations } from '../server/operations.ts';
import { mongoTransitions } from './transitions.ts';

type ListQuery = Parameters<DeliveryStore['listByNotification']>[0];
type OutdatedQuery = Parameters<DeliveryStore['outdated']>[0];

export function mongoDeliveries(collections: Collections, operations: Operations, clock: Clock): DeliveryStore {
  return {
    ...mongoTransitions(collections, operations, clock),
    get: (id) => operations.run(() => get(collections, id)),
    listByNotification: (query) => operations.run(() => listByNotification(collections, query)),
    listFailed: (query) => operations.run(() => listFailed(collections, query)),
    countByState: (notificationId) => operations.run(() => countByState(collections, notificationId)),
    due: (query) => operations.run(() => due(collections, query)),
    outdated: (query) => operations.run(() => outdated(collections, query)),
  };
}

async function get({ deliveries }: Collections, id: string): Promise<Delivery | null> {
  const document = await deliveries.findOne(DELIVERY_BY_ID.filter(id), optionsOf(DELIVERY_BY_ID));
  return document === null ? null : toDelivery(document);
}

async function listByNotification({ deliveries }: Collections, query: ListQuery): Promise<Page<Delivery>> {
  const { notificationId, state, attempted, cursor, limit } = query;
  const afterId = decodeId(cursor, (id) => id.startsWith(deliveryIdPrefix(notificationId)));
  const { filter, options } = listing({ notificationId, afterId }, state, attempted);
  const found = await deliveries.find(filter, { ...options, limit: limit + 1 }).toArray();
  return toPage(found, limit, toDelivery, ({ id }) => id);
}

function listing(
  place: { notificationId: string; afterId: string | null },
  state: DeliveryState | null,
  attempted: boolean,
) {
  if (attempted) {
    const filter = { ...ATTEMPTED_OF_NOTIFICATION.filter(place), ...(state !== null && { state }) };
    return { filter, options: optionsOf(ATTEMPTED_OF_NOTIFICATION) };
  }
  if (state === null) return { filter: ALL_OF_NOTIFICATION.filter(place), options: optionsOf(ALL_OF_NOTIFICATION) };
  return { filter: STATE_OF_NOTIFICATION.filter({ ...place, state }), options: optionsOf(STATE_OF_NOTIFICATION) };
}

async function listFailed({ deliveries }: Collections, { cursor, limit }: PageRequest): Promise<Page<Delivery>> {
  const filter = DEAD_LETTERS.filter(cursor === null ? null : decodePlace(cursor));
  const found = await deliveries.find(filter, { ...optionsOf(DEAD_LETTERS), limit: limit + 1 }).toArray();
  return toPage(found, limit, toDelivery, ({ endedAtMs, id }) => encodePlace({ atMs: endedAtMs ?? 0, id }));
}

async function countByState({ deliveries }: Collections, notificationId: string): Promise<DeliveryCounts> {
  const { hint, projection } = optionsOf(STATES_OF_NOTIFICATION);
  const found = await deliveries
    .aggregate<{ _id: DeliveryState; count: number }>(
      [
        { $match: STATES_OF_NOTIFICATION.filter(notificationId) },
        { $project: projection },
        { $group: { _id: '$state', count: { $sum: 1 } } },
      ],
      { hint },
    )
    .toArray();
  return countsOf(found.map(({ _id: state, count }) => [state, count]));
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
  const { notificationId, subscriptionIds } = query;
  const filter = OUTDATED_OF_TOPIC.filter({ subscriptionIds, topics: [encodeText(query.topic)], notificationId });
  return (await deliveries.find(filter, optionsOf(OUTDATED_OF_TOPIC)).toArray()).map(toDelivery);
}
