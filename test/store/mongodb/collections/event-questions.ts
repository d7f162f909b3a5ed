import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { OUTBOX_COLLECTIONS, PENDING_EVENTS } from '../../../../src/store/mongodb/collections/event-queries.ts';
import { sampleEndpoint, sampleWebhookDelivery } from '../../../contract/webhook-contract.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about events is asked for. */
export const EVENT_QUESTIONS: Readonly<Record<string, unknown>> = {
  'events after': 500,
  'events from the end': null,
  'events known': ['evt_5', 'evt_nobody'],
  'webhook endpoint by id': 'whe_1',
  'webhook endpoints listed': null,
  'webhook delivery by id': sampleWebhookDelivery(1, 'whe_1').id,
  'webhook deliveries listed': { endpointId: 'whe_1', before: '~' },
  'webhook deliveries in one state': { endpointId: 'whe_1', before: '~', state: 'waiting' },
  'oldest webhook delivery in one state': { endpointId: 'whe_1', state: 'waiting' },
  'webhook deliveries due': { endpointId: 'whe_1', untilMs: NOW_MS + 100 },
  'webhook deliveries ended': NOW_MS + 20,
  ...Object.fromEntries(OUTBOX_COLLECTIONS.map((name) => [PENDING_EVENTS[name].name, null])),
};

const EVENT = { type: 'subscription.retired', atMs: NOW_MS, data: '{}' } as const;

/** Numbered ones, and of each collection a document with one that waits. */
export async function fillEvents(collections: Collections): Promise<void> {
  await collections.events.insertMany(
    Array.from({ length: 1000 }, (_, index) => ({ _id: index + 1, eventId: `evt_${index}`, ...EVENT })),
  );
  const waits = { $set: { outbox: [{ id: 'evt_w', ...EVENT }] } };
  await Promise.all([
    collections.subscriptions.updateOne({}, waits),
    collections.deliveries.updateOne({}, waits),
    collections.notifications.updateOne({}, waits),
    collections.prune_holds.updateOne({}, waits),
    collections.schedules.updateOne({}, waits),
    fillWebhooks(collections).then(() => collections.webhook_endpoints.updateOne({}, waits)),
    collections.receipts.updateOne({}, waits),
  ]);
}

async function fillWebhooks(collections: Collections): Promise<void> {
  const endpoint = sampleEndpoint();
  await collections.webhook_endpoints.insertOne({ _id: endpoint.id, version: 1, endpoint: JSON.stringify(endpoint) });
  await collections.webhook_deliveries.insertMany(
    Array.from({ length: 1000 }, (_, index) => {
      const { id: _id, endpointId, dueAtMs } = sampleWebhookDelivery(index, `whe_${index % 2}`);
      const isEnded = index % 4 === 0;
      const times = isEnded ? { endedAtMs: NOW_MS + index } : { dueAtMs: dueAtMs ?? 0 };
      return { _id, endpointId, state: isEnded ? 'failed' : 'waiting', version: 1, delivery: '{}', ...times } as const;
    }),
  );
}
