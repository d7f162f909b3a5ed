import type { Collection } from 'mongodb';
import type { EventBounds } from '../../../domain/event/event-cursor.ts';
import type { OutboxEvent } from '../../../domain/event/outbox-event.ts';
import type { EventStore } from '../../event-store.ts';
import type { Collections } from '../collections/collections.ts';
import {
  EVENTS_AFTER,
  EVENTS_FROM_THE_END,
  type EventDocument,
  OUTBOX_COLLECTIONS,
  PENDING_EVENTS,
  type PendingEvent,
  type WithOutbox,
} from '../collections/event-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { Operations } from '../server/operations.ts';
import { numberEvents } from './numbering.ts';

const FORGOTTEN_AT_ONCE = 1000;

/** What a majority has: no election takes back what somebody has read, or what is announced. */
const OF_THE_MAJORITY = { readConcern: { level: 'majority' } } as const;

export function mongoEvents(collections: Collections, operations: Operations): EventStore {
  return {
    after: (sequence, limit) => operations.run(() => after(collections, sequence, limit)),
    bounds: () => operations.run(() => bounds(collections)),
    relay: (limit) => operations.run(() => moveEvents(collections, limit)),
    forget: (beforeMs) => operations.runLong(() => forget(collections, beforeMs)),
  };
}

async function after({ events }: Collections, sequence: number, limit: number): Promise<readonly OutboxEvent[]> {
  const options = { ...optionsOf(EVENTS_AFTER), ...OF_THE_MAJORITY, limit };
  return (await events.find(EVENTS_AFTER.filter(sequence), options).toArray()).map(toEvent);
}

async function bounds({ events }: Collections): Promise<EventBounds> {
  const forwards = { ...optionsOf(EVENTS_AFTER), ...OF_THE_MAJORITY, projection: { _id: 1 } };
  const first = (await events.findOne(EVENTS_AFTER.filter(0), forwards))?._id ?? 0;
  const backwards = { ...optionsOf(EVENTS_FROM_THE_END), ...OF_THE_MAJORITY };
  const last = (await events.findOne(EVENTS_FROM_THE_END.filter(null), backwards))?._id ?? 0;
  return { first: Math.min(first, last), last };
}

type Carrier = { readonly _id: string } & WithOutbox;

/**
 * Moves events from the documents that they were written with to their place among all: first there, then out of the document. A process
 * that dies in between leaves events that are moved again, and are known by their ids.
 */
async function moveEvents(collections: Collections, limit: number): Promise<number> {
  const carriers = await Promise.all(
    OUTBOX_COLLECTIONS.map(async (name) => {
      const collection = collections[name] as unknown as Collection<Carrier>;
      const query = PENDING_EVENTS[name];
      const options = { ...optionsOf(query), ...OF_THE_MAJORITY, limit };
      return { collection, found: await collection.find(query.filter(null), options).toArray() };
    }),
  );
  const pending = carriers.flatMap(({ found }) => found).flatMap(({ outbox = [] }) => outbox);
  // In order of time, as far as the clocks of several processes agree.
  await numberEvents(
    collections,
    pending.toSorted((one, other) => one.atMs - other.atMs),
  );
  for (const { collection, found } of carriers) await takeOut(collection, found);
  return pending.length;
}

async function takeOut(collection: Collection<Carrier>, found: readonly Carrier[]): Promise<void> {
  if (found.length === 0) return;
  const eventIds = found.flatMap(({ outbox = [] }) => outbox.map(({ id }) => id));
  await collection.updateMany(
    { _id: { $in: found.map(({ _id }) => _id) } },
    { $pull: { outbox: { id: { $in: eventIds } } } },
  );
}

/** What documents carry that are about to be deleted. */
export async function numberCarried(collections: Collections, found: readonly WithOutbox[]): Promise<void> {
  const pending = found.flatMap(({ outbox = [] }): readonly PendingEvent[] => outbox);
  await numberEvents(collections, pending);
}

/** From the oldest on, up to the first that is younger: so what is kept has no gaps. */
async function forget({ events }: Collections, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const options = { ...optionsOf(EVENTS_AFTER), projection: { atMs: 1 }, limit: FORGOTTEN_AT_ONCE + 1 };
    const oldest = await events.find(EVENTS_AFTER.filter(0), options).toArray();
    const kept = oldest.find(({ atMs }) => atMs >= beforeMs) ?? oldest.at(-1);
    if (kept === undefined) return forgotten;
    const { deletedCount } = await events.deleteMany({ _id: { $lt: kept._id } });
    forgotten += deletedCount;
    if (deletedCount < FORGOTTEN_AT_ONCE) return forgotten;
  }
}

function toEvent({ _id: sequence, eventId: id, type, atMs, data }: EventDocument): OutboxEvent {
  return { sequence, id, type, atMs, data: JSON.parse(data) as unknown } as OutboxEvent;
}
