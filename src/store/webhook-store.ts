import type { WebhookDelivery, WebhookDeliveryState } from '../domain/webhook/webhook-delivery.ts';
import type { WebhookEndpoint } from '../domain/webhook/webhook-endpoint.ts';
import type { Page, PageRequest } from './page.ts';

export type WebhookDeliveryQuery = PageRequest & {
  readonly endpointId: string;
  readonly state: WebhookDeliveryState | null;
};

/** `oldestBegunAtMs` null where none waits. */
export type WaitingEvents = { readonly count: number; readonly oldestBegunAtMs: number | null };

/** Where events are sent, and what came of each. */
export interface WebhookStore {
  /** Keeps a new one. */
  add(endpoint: WebhookEndpoint): Promise<void>;
  get(id: string): Promise<WebhookEndpoint | null>;
  /** All of them, in order of id. */
  list(): Promise<readonly WebhookEndpoint[]>;
  /**
   * Writes an endpoint over the version that it names; it has the one after then. False where another was first. One that Bellhop itself
   * disables by it is announced in the same commit.
   */
  update(endpoint: WebhookEndpoint): Promise<boolean>;
  /** With its deliveries. False where there was none. */
  delete(id: string): Promise<boolean>;
  /** Makes those that are not there yet, in no order. One that is there stays as it is, but for those begun before the instant, if one is given: they begin again. */
  addDeliveries(deliveries: readonly WebhookDelivery[], againIfBegunBeforeMs: number | null): Promise<void>;
  getDelivery(id: string): Promise<WebhookDelivery | null>;
  /** Newest event first. */
  deliveries(query: WebhookDeliveryQuery): Promise<Page<WebhookDelivery>>;
  /** Those of an endpoint that are due, the longest due first. */
  due(endpointId: string, untilMs: number, limit: number): Promise<readonly WebhookDelivery[]>;
  /** When the next of an endpoint is due; null where none waits. */
  nextDueMs(endpointId: string): Promise<number | null>;
  /** Of an endpoint, those that have not ended, counted up to this many; and when the oldest of them was begun. */
  waiting(endpointId: string, most: number): Promise<WaitingEvents>;
  /** Writes a delivery over the version that it names. False where another was first. */
  settle(delivery: WebhookDelivery): Promise<boolean>;
  /** Deletes deliveries that ended before the instant. Returns how many went. */
  forget(beforeMs: number): Promise<number>;
}
