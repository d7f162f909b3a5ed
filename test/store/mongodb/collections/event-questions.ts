import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { OUTBOX_COLLECTIONS, PENDING_EVENTS } from '../../../../src/store/mongodb/collections/event-queries.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about events is asked for. */
export const EVENT_QUESTIONS: Readonly<Record<string, unknown>> = {
  'events after': 500,
  'events from the end': null,
  'events known': ['evt_5', 'evt_nobody'],
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
  ]);
}
