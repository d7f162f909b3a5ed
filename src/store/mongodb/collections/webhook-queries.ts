import type { WebhookDelivery, WebhookDeliveryState } from '../../../domain/webhook/webhook-delivery.ts';
import type { WithOutbox } from './event-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** `endpoint` is JSON, so that a URL and a description are kept as they are. */
export type WebhookEndpointDocument = WithOutbox & {
  readonly _id: string;
  readonly version: number;
  readonly endpoint: string;
};

/** `delivery` is JSON; what is asked for has fields. */
export type WebhookDeliveryDocument = Pick<WebhookDelivery, 'endpointId' | 'state' | 'version'> & {
  readonly _id: string;
  /** Missing once it has ended. */
  readonly dueAtMs?: number;
  readonly endedAtMs?: number;
  readonly delivery: string;
};

const LISTED: StoreIndex = { name: 'listed', key: { endpointId: 1, _id: -1 } };
const STATE: StoreIndex = { name: 'state', key: { endpointId: 1, state: 1, _id: -1 } };
const DUE: StoreIndex = { name: 'due', key: { endpointId: 1, dueAtMs: 1 }, only: { dueAtMs: { $gte: 0 } } };
const ENDED: StoreIndex = { name: 'ended', key: { endedAtMs: 1 }, only: { endedAtMs: { $gte: 0 } } };

export const WEBHOOK_DELIVERY_INDEXES = [LISTED, STATE, DUE, ENDED];

export const WEBHOOK_ENDPOINT_BY_ID: NamedQuery<string> = {
  name: 'webhook endpoint by id',
  collection: 'webhook_endpoints',
  purpose: 'one webhook endpoint',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const WEBHOOK_ENDPOINTS_LISTED: NamedQuery<null> = {
  name: 'webhook endpoints listed',
  collection: 'webhook_endpoints',
  purpose: 'where events are sent',
  index: BY_ID,
  filter: () => ({ _id: { $gt: '' } }),
  sort: { _id: 1 },
};

export const WEBHOOK_DELIVERY_BY_ID: NamedQuery<string> = {
  name: 'webhook delivery by id',
  collection: 'webhook_deliveries',
  purpose: 'one event on its way to one endpoint',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const WEBHOOK_DELIVERIES_LISTED: NamedQuery<{ readonly endpointId: string; readonly before: string }> = {
  name: 'webhook deliveries listed',
  collection: 'webhook_deliveries',
  purpose: 'what was sent to an endpoint',
  index: LISTED,
  filter: ({ endpointId, before }) => ({ endpointId, _id: { $lt: before } }),
  sort: { _id: -1 },
};

export const WEBHOOK_DELIVERIES_OF_STATE: NamedQuery<{
  readonly endpointId: string;
  readonly before: string;
  readonly state: WebhookDeliveryState;
}> = {
  name: 'webhook deliveries in one state',
  collection: 'webhook_deliveries',
  purpose: 'what waits, was received or failed at an endpoint',
  index: STATE,
  filter: ({ endpointId, before, state }) => ({ endpointId, state, _id: { $lt: before } }),
  sort: { _id: -1 },
};

export const WEBHOOK_DELIVERY_OLDEST: NamedQuery<{
  readonly endpointId: string;
  readonly state: WebhookDeliveryState;
}> = {
  name: 'oldest webhook delivery in one state',
  collection: 'webhook_deliveries',
  purpose: 'since when the oldest event waits for an endpoint',
  index: STATE,
  filter: ({ endpointId, state }) => ({ endpointId, state }),
  sort: { _id: 1 },
};

export const WEBHOOK_DELIVERIES_DUE: NamedQuery<{ readonly endpointId: string; readonly untilMs: number }> = {
  name: 'webhook deliveries due',
  collection: 'webhook_deliveries',
  purpose: 'what is to be sent to an endpoint now, and when the next is',
  index: DUE,
  filter: ({ endpointId, untilMs }) => ({ endpointId, dueAtMs: { $gte: 0, $lte: untilMs } }),
  sort: { dueAtMs: 1 },
};

export const WEBHOOK_DELIVERIES_ENDED: NamedQuery<number> = {
  name: 'webhook deliveries ended',
  collection: 'webhook_deliveries',
  purpose: 'what retention deletes',
  index: ENDED,
  filter: (beforeMs) => ({ endedAtMs: { $gte: 0, $lt: beforeMs } }),
};

export const WEBHOOK_QUERIES = [
  WEBHOOK_ENDPOINT_BY_ID,
  WEBHOOK_ENDPOINTS_LISTED,
  WEBHOOK_DELIVERY_BY_ID,
  WEBHOOK_DELIVERIES_LISTED,
  WEBHOOK_DELIVERIES_OF_STATE,
  WEBHOOK_DELIVERY_OLDEST,
  WEBHOOK_DELIVERIES_DUE,
  WEBHOOK_DELIVERIES_ENDED,
] as const;
