import { webhookDisabledBy } from '../../../domain/event/event-drafts.ts';
import { begunAgain, oldestOf, type WebhookDelivery } from '../../../domain/webhook/webhook-delivery.ts';
import type { WebhookEndpoint } from '../../../domain/webhook/webhook-endpoint.ts';
import { decodeId, LAST_ID, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import type { WaitingEvents, WebhookDeliveryQuery, WebhookStore } from '../../webhook-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  WEBHOOK_DELIVERIES_DUE,
  WEBHOOK_DELIVERIES_ENDED,
  WEBHOOK_DELIVERIES_LISTED,
  WEBHOOK_DELIVERIES_OF_STATE,
  WEBHOOK_DELIVERY_BY_ID,
  WEBHOOK_DELIVERY_OLDEST,
  WEBHOOK_ENDPOINT_BY_ID,
  WEBHOOK_ENDPOINTS_LISTED,
  type WebhookDeliveryDocument,
  type WebhookEndpointDocument,
} from '../collections/webhook-queries.ts';
import { numberCarried } from '../event/events.ts';
import { outboxOf } from '../event/outbox.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

export function mongoWebhooks(collections: Collections, operations: Operations): WebhookStore {
  const { webhook_endpoints: endpoints, webhook_deliveries: deliveries } = collections;
  return {
    add: (endpoint) => operations.run(() => add(collections, endpoint)),
    get: (id) => operations.run(() => get(collections, id)),
    list: () =>
      operations.run(async () => {
        const found = endpoints.find(WEBHOOK_ENDPOINTS_LISTED.filter(null), optionsOf(WEBHOOK_ENDPOINTS_LISTED));
        return (await found.toArray()).map(toEndpoint);
      }),
    update: (endpoint) => operations.run(() => update(collections, endpoint)),
    delete: (id) => operations.run(() => remove(collections, id)),
    addDeliveries: (made, beforeMs) =>
      operations.run(async () => {
        await Promise.all(made.map((delivery) => addDelivery(collections, delivery, beforeMs)));
        await takeBackOrphans(collections, [...new Set(made.map(({ endpointId }) => endpointId))]);
      }),
    getDelivery: (id) => operations.run(() => getDelivery(collections, id)),
    deliveries: (query) => operations.run(() => list(collections, query)),
    due: (endpointId, untilMs, limit) => operations.run(() => due(collections, endpointId, untilMs, limit)),
    nextDueMs: (endpointId) =>
      operations.run(async () => (await due(collections, endpointId, Number.MAX_SAFE_INTEGER, 1))[0]?.dueAtMs ?? null),
    waiting: (endpointId, most) => operations.run(() => waiting(collections, endpointId, most)),
    settle: (delivery) => operations.run(() => settle(collections, delivery)),
    forget: (beforeMs) =>
      operations.runLong(async () => {
        const options = { hint: optionsOf(WEBHOOK_DELIVERIES_ENDED).hint };
        return (await deliveries.deleteMany(WEBHOOK_DELIVERIES_ENDED.filter(beforeMs), options)).deletedCount;
      }),
  };
}

/** Tried again after a lost answer, it is there already. */
async function add({ webhook_endpoints: endpoints }: Collections, endpoint: WebhookEndpoint): Promise<void> {
  const { id: _id, version } = endpoint;
  try {
    await endpoints.insertOne({ _id, version, endpoint: JSON.stringify(endpoint) });
  } catch (error) {
    if (duplicateField(error) === null) throw error;
  }
}

async function get({ webhook_endpoints: endpoints }: Collections, id: string): Promise<WebhookEndpoint | null> {
  const found = await endpoints.findOne(WEBHOOK_ENDPOINT_BY_ID.filter(id), optionsOf(WEBHOOK_ENDPOINT_BY_ID));
  return found === null ? null : toEndpoint(found);
}

/** Announced again by a second write that says the same, it has the same id, and is known. */
async function update(collections: Collections, endpoint: WebhookEndpoint): Promise<boolean> {
  const { id: _id, version } = endpoint;
  const set = { version: version + 1, endpoint: JSON.stringify(endpoint) };
  const announced = outboxOf(collections).pushing([webhookDisabledBy(endpoint)]);
  const { matchedCount } = await collections.webhook_endpoints.updateOne({ _id, version }, { $set: set, ...announced });
  return matchedCount > 0;
}

/** First itself, so that nobody makes deliveries any more; what it has yet to announce goes before. */
async function remove(collections: Collections, id: string): Promise<boolean> {
  const { webhook_endpoints: endpoints } = collections;
  const found = await endpoints.findOne(WEBHOOK_ENDPOINT_BY_ID.filter(id), optionsOf(WEBHOOK_ENDPOINT_BY_ID));
  if (found !== null) await numberCarried(collections, [found]);
  const { deletedCount } = await endpoints.deleteOne({ _id: id });
  await deleteDeliveries(collections, id);
  return deletedCount > 0;
}

async function addDelivery(
  collections: Collections,
  delivery: WebhookDelivery,
  beforeMs: number | null,
): Promise<void> {
  try {
    await collections.webhook_deliveries.insertOne({ _id: delivery.id, ...fieldsOf(delivery, delivery.version) });
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
    const known = beforeMs === null ? null : await getDelivery(collections, delivery.id);
    if (known !== null && known.begunAtMs < (beforeMs ?? 0))
      await settle(collections, begunAgain(known, delivery.begunAtMs));
  }
}

/** Of endpoints that were deleted meanwhile: asked after the insertions, since a deletion takes the endpoint first. */
async function takeBackOrphans(collections: Collections, endpointIds: readonly string[]): Promise<void> {
  for (const id of endpointIds) if ((await get(collections, id)) === null) await deleteDeliveries(collections, id);
}

async function deleteDeliveries({ webhook_deliveries: deliveries }: Collections, endpointId: string): Promise<void> {
  await deliveries.deleteMany({ endpointId }, { hint: optionsOf(WEBHOOK_DELIVERIES_LISTED).hint });
}

async function getDelivery(
  { webhook_deliveries: deliveries }: Collections,
  id: string,
): Promise<WebhookDelivery | null> {
  const found = await deliveries.findOne(WEBHOOK_DELIVERY_BY_ID.filter(id), optionsOf(WEBHOOK_DELIVERY_BY_ID));
  return found === null ? null : toDelivery(found);
}

async function list(
  { webhook_deliveries: deliveries }: Collections,
  { endpointId, state, cursor, limit }: WebhookDeliveryQuery,
): Promise<Page<WebhookDelivery>> {
  const before = decodeId(cursor, (id) => id.startsWith('whd_')) ?? LAST_ID;
  const filter =
    state === null
      ? WEBHOOK_DELIVERIES_LISTED.filter({ endpointId, before })
      : WEBHOOK_DELIVERIES_OF_STATE.filter({ endpointId, before, state });
  const options = state === null ? optionsOf(WEBHOOK_DELIVERIES_LISTED) : optionsOf(WEBHOOK_DELIVERIES_OF_STATE);
  const found = await deliveries.find(filter, { ...options, limit: limit + 1 }).toArray();
  return toPage(found, limit, toDelivery, ({ id }) => id);
}

async function due(
  { webhook_deliveries: deliveries }: Collections,
  endpointId: string,
  untilMs: number,
  limit: number,
): Promise<readonly WebhookDelivery[]> {
  const filter = WEBHOOK_DELIVERIES_DUE.filter({ endpointId, untilMs });
  const found = await deliveries.find(filter, { ...optionsOf(WEBHOOK_DELIVERIES_DUE), limit }).toArray();
  return found.map(toDelivery);
}

async function waiting(
  { webhook_deliveries: deliveries }: Collections,
  endpointId: string,
  most: number,
): Promise<WaitingEvents> {
  const due = WEBHOOK_DELIVERIES_DUE.filter({ endpointId, untilMs: Number.MAX_SAFE_INTEGER });
  const counted = { hint: optionsOf(WEBHOOK_DELIVERIES_DUE).hint, limit: most };
  const first = async (state: 'waiting' | 'sending') => {
    const filter = WEBHOOK_DELIVERY_OLDEST.filter({ endpointId, state });
    const found = await deliveries.findOne(filter, optionsOf(WEBHOOK_DELIVERY_OLDEST));
    return found === null ? [] : [toDelivery(found)];
  };
  const [count, oldest, sent] = await Promise.all([
    deliveries.countDocuments(due, counted),
    first('waiting'),
    first('sending'),
  ]);
  return { count, oldestBegunAtMs: oldestOf([...oldest, ...sent]) };
}

async function settle({ webhook_deliveries: deliveries }: Collections, delivery: WebhookDelivery): Promise<boolean> {
  const { id: _id, version } = delivery;
  const document = fieldsOf(delivery, version + 1);
  return (await deliveries.replaceOne({ _id, version }, document)).matchedCount > 0;
}

function fieldsOf(delivery: WebhookDelivery, version: number): Omit<WebhookDeliveryDocument, '_id'> {
  const { endpointId, state, dueAtMs, endedAtMs } = delivery;
  return {
    endpointId,
    state,
    version,
    ...(dueAtMs !== null && { dueAtMs }),
    ...(endedAtMs !== null && { endedAtMs }),
    delivery: JSON.stringify(delivery),
  };
}

function toEndpoint({ version, endpoint }: WebhookEndpointDocument): WebhookEndpoint {
  return { ...(JSON.parse(endpoint) as WebhookEndpoint), version };
}

function toDelivery({ version, delivery }: WebhookDeliveryDocument): WebhookDelivery {
  return { ...(JSON.parse(delivery) as WebhookDelivery), version };
}
