import type { EventDraft, EventType } from '../../../domain/event/outbox-event.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** An event in the document that it is about, until it has its place among all. `data` is JSON. */
export type PendingEvent = {
  readonly id: string;
  readonly type: EventType;
  readonly atMs: number;
  readonly data: string;
};

/** Of documents whose changes are announced. Missing or empty where nothing waits. */
export type WithOutbox = { readonly outbox?: readonly PendingEvent[] };

/** The number is the id: of two that take the same one, the second is refused. */
export type EventDocument = Omit<PendingEvent, 'id'> & { readonly _id: number; readonly eventId: string };

/** An event that is moved again, after a crash, is known. */
const EVENT_ID: StoreIndex = { name: 'event_id', key: { eventId: 1 }, isUnique: true };

export const EVENT_INDEXES = [EVENT_ID];

/** Of each collection whose documents carry events; only those that do are in it. */
export const OUTBOX_INDEX: StoreIndex = {
  name: 'outbox',
  key: { 'outbox.atMs': 1 },
  only: { 'outbox.atMs': { $gt: 0 } },
};

export const OUTBOX_COLLECTIONS = [
  'subscriptions',
  'deliveries',
  'notifications',
  'prune_holds',
  'schedules',
  'webhook_endpoints',
  'receipts',
] as const;
type OutboxCollection = (typeof OUTBOX_COLLECTIONS)[number];

export const EVENTS_AFTER: NamedQuery<number> = {
  name: 'events after',
  collection: 'events',
  purpose: 'what a reader of events has not read yet',
  index: BY_ID,
  filter: (sequence) => ({ _id: { $gt: sequence } }),
  sort: { _id: 1 },
};

export const EVENTS_FROM_THE_END: NamedQuery<null> = {
  name: 'events from the end',
  collection: 'events',
  purpose: 'the number of the latest event',
  index: BY_ID,
  filter: () => ({ _id: { $gt: 0 } }),
  sort: { _id: -1 },
  projection: { _id: 1 },
};

export const EVENTS_KNOWN: NamedQuery<readonly string[]> = {
  name: 'events known',
  collection: 'events',
  purpose: 'which events have their place already',
  index: EVENT_ID,
  filter: (ids) => ({ eventId: { $in: [...ids] } }),
  projection: { _id: 0, eventId: 1 },
};

function pendingIn(collection: OutboxCollection): NamedQuery<null> {
  return {
    name: `events that wait in ${collection}`,
    collection,
    purpose: 'events that were written with a document, and have no number yet',
    index: OUTBOX_INDEX,
    filter: () => ({ 'outbox.atMs': { $gt: 0 } }),
    projection: { outbox: 1 },
  };
}

export const PENDING_EVENTS = {
  subscriptions: pendingIn('subscriptions'),
  deliveries: pendingIn('deliveries'),
  notifications: pendingIn('notifications'),
  prune_holds: pendingIn('prune_holds'),
  schedules: pendingIn('schedules'),
  webhook_endpoints: pendingIn('webhook_endpoints'),
  receipts: pendingIn('receipts'),
} as const satisfies Record<OutboxCollection, NamedQuery<null>>;

export const EVENT_QUERIES = [
  EVENTS_AFTER,
  EVENTS_FROM_THE_END,
  EVENTS_KNOWN,
  PENDING_EVENTS.subscriptions,
  PENDING_EVENTS.deliveries,
  PENDING_EVENTS.notifications,
  PENDING_EVENTS.prune_holds,
  PENDING_EVENTS.schedules,
  PENDING_EVENTS.webhook_endpoints,
  PENDING_EVENTS.receipts,
] as const;

export function toPending({ id, type, atMs, data }: EventDraft): PendingEvent {
  return { id, type, atMs, data: JSON.stringify(data) };
}
