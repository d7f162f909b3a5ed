import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { EventType } from '../domain/event/outbox-event.ts';
import { type Random, webhookEndpointId } from '../domain/ids.ts';
import { type AllowedHost, isNamedHost } from '../domain/subscription/endpoint-policy.ts';
import { begunAgain, type WebhookDelivery } from '../domain/webhook/webhook-delivery.ts';
import { HEALTHY, MOST_ENDPOINTS, rotated, type WebhookEndpoint } from '../domain/webhook/webhook-endpoint.ts';
import { judgeWebhookUrl } from '../domain/webhook/webhook-url.ts';
import type { Page } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import type { WebhookDeliveryQuery } from '../store/webhook-store.ts';

/** What a caller says of an endpoint; what is left out stays. */
type WebhookEndpointChange = {
  readonly url?: string | undefined;
  readonly eventTypes?: readonly EventType[] | null | undefined;
  readonly description?: string | null | undefined;
  readonly isEnabled?: boolean | undefined;
};

/** An endpoint with its newest secret, which is shown this once. */
type WithSecret = { readonly endpoint: WebhookEndpoint; readonly secret: string };

export type WebhookEndpoints = {
  create(said: WebhookEndpointChange & { readonly url: string }): Promise<WithSecret>;
  list(): Promise<readonly WebhookEndpoint[]>;
  get(id: string): Promise<WebhookEndpoint>;
  /** Enabled again, it is sent what happens from then on, and what waited; the rest by a replay. */
  change(id: string, said: WebhookEndpointChange): Promise<WebhookEndpoint>;
  delete(id: string): Promise<void>;
  /** A new secret; the one before stays good for so long. */
  rotate(id: string, keptMs: number): Promise<WithSecret>;
  deliveries(query: WebhookDeliveryQuery): Promise<Page<WebhookDelivery>>;
  replayOne(endpointId: string, deliveryId: string): Promise<WebhookDelivery>;
  /** All events since an instant, as far as they are kept. */
  replaySince(id: string, sinceMs: number): Promise<WebhookEndpoint>;
};

export type WebhookEndpointsOptions = {
  readonly store: Pick<Store, 'webhooks' | 'events'>;
  readonly clock: Clock;
  readonly random: Random;
  /** A new secret, `whsec_…`. */
  readonly newSecret: () => string;
  readonly allowedHosts: readonly AllowedHost[];
  /** Called when there is something to do. */
  readonly onWebhookChange: () => void;
};

/** Its rounds write an endpoint a few times a second at most. */
const MAX_RACES = 20;
/** Clocks of several processes agree about so well. */
const CLOCKS_DIFFER_MS = 10_000;

/** Where events are sent, as callers say it. */
export function createWebhookEndpoints(options: WebhookEndpointsOptions): WebhookEndpoints {
  const { store, clock, newSecret } = options;
  const { webhooks } = store;
  const get = async (id: string): Promise<WebhookEndpoint> => (await webhooks.get(id)) ?? noEndpoint();
  const write = (id: string, change: (before: WebhookEndpoint) => WebhookEndpoint | Promise<WebhookEndpoint>) =>
    writeOver(options, get, id, change);
  return {
    create: (said) => create(options, said),
    list: () => webhooks.list(),
    get,
    async change(id, said) {
      const { last } = await store.events.bounds();
      return write(id, (before) => changed(options, before, said, last));
    },
    async delete(id) {
      if (!(await webhooks.delete(id))) noEndpoint();
    },
    async rotate(id, keptMs) {
      const secret = newSecret();
      const keptUntilMs = clock.now() + keptMs;
      const endpoint = await write(id, (one) => ({ ...one, secrets: rotated(one.secrets, secret, keptUntilMs) }));
      return { endpoint, secret };
    },
    async deliveries(query) {
      await get(query.endpointId);
      return webhooks.deliveries(query);
    },
    replayOne: (endpointId, deliveryId) => replayOne(options, write, endpointId, deliveryId),
    async replaySince(id, sinceMs) {
      const cursor = await lastBefore(store.events, sinceMs - CLOCKS_DIFFER_MS);
      const { last } = await store.events.bounds();
      const replay = { untilSequence: last, askedAtMs: clock.now() };
      return write(id, (before) => ({ ...before, cursor: Math.min(before.cursor, cursor), replay }));
    },
  };
}

async function create(
  options: WebhookEndpointsOptions,
  said: WebhookEndpointChange & { readonly url: string },
): Promise<WithSecret> {
  const { store, clock, random, newSecret, onWebhookChange } = options;
  demandUrl(options, said.url);
  if ((await store.webhooks.list()).length >= MOST_ENDPOINTS)
    throw new AppError('too_many_webhook_endpoints', `There are ${MOST_ENDPOINTS} already: delete one first.`);
  const nowMs = clock.now();
  const secret = newSecret();
  const { last: cursor } = await store.events.bounds();
  const endpoint: WebhookEndpoint = {
    id: webhookEndpointId(nowMs, random),
    url: said.url,
    description: said.description ?? null,
    eventTypes: said.eventTypes ?? null,
    secrets: [{ secret, expiresAtMs: null }],
    ...HEALTHY,
    disabled: said.isEnabled === false ? { reason: 'by_hand', atMs: nowMs } : null,
    cursor,
    replay: null,
    nextDueAtMs: null,
    leaseUntilMs: 0,
    createdAtMs: nowMs,
    version: 1,
  };
  await store.webhooks.add(endpoint);
  onWebhookChange();
  return { endpoint, secret };
}

function changed(
  options: WebhookEndpointsOptions,
  before: WebhookEndpoint,
  said: WebhookEndpointChange,
  lastSequence: number,
): WebhookEndpoint {
  if (said.url !== undefined) demandUrl(options, said.url);
  const next: WebhookEndpoint = {
    ...before,
    url: said.url ?? before.url,
    eventTypes: said.eventTypes === undefined ? before.eventTypes : said.eventTypes,
    description: said.description === undefined ? before.description : said.description,
  };
  if (said.isEnabled === undefined || said.isEnabled === (before.disabled === null)) return next;
  if (said.isEnabled) return { ...next, ...HEALTHY, cursor: lastSequence, replay: null };
  return { ...next, disabled: { reason: 'by_hand', atMs: options.clock.now() } };
}

function demandUrl({ allowedHosts }: WebhookEndpointsOptions, url: string): void {
  const judged = judgeWebhookUrl(url, (host, port) => isNamedHost(host, port, allowedHosts));
  if (typeof judged === 'string') throw new AppError('invalid_webhook_url', `The url ${judged}.`);
}

type Write = (id: string, change: (before: WebhookEndpoint) => WebhookEndpoint) => Promise<WebhookEndpoint>;

async function writeOver(
  { store, onWebhookChange }: WebhookEndpointsOptions,
  get: (id: string) => Promise<WebhookEndpoint>,
  id: string,
  change: (before: WebhookEndpoint) => WebhookEndpoint | Promise<WebhookEndpoint>,
): Promise<WebhookEndpoint> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const next = await change(await get(id));
    if (!(await store.webhooks.update(next))) continue;
    onWebhookChange();
    return next;
  }
  throw new AppError('store_unavailable', 'This endpoint is being written to by others all the time: try again.');
}

/** Due at once, whatever became of it; the endpoint is told, so that its next round comes. */
async function replayOne(
  { store, clock }: WebhookEndpointsOptions,
  write: Write,
  endpointId: string,
  deliveryId: string,
): Promise<WebhookDelivery> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const delivery = await store.webhooks.getDelivery(deliveryId);
    if (delivery === null || delivery.endpointId !== endpointId)
      throw new AppError('webhook_delivery_not_found', 'This endpoint has no delivery with this id, or no longer.');
    const again = begunAgain(delivery, clock.now());
    if (!(await store.webhooks.settle(again))) continue;
    await write(endpointId, (one) => ({
      ...one,
      nextDueAtMs: Math.min(one.nextDueAtMs ?? again.begunAtMs, again.begunAtMs),
    }));
    return again;
  }
  throw new AppError('store_unavailable', 'This delivery is being sent at this moment: try again.');
}

/** By halves: events are in the order of time, but for what several clocks differ by. */
async function lastBefore(events: Pick<Store['events'], 'after' | 'bounds'>, atMs: number): Promise<number> {
  const { first, last } = await events.bounds();
  let [low, high] = [Math.max(0, first - 1), last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = await events.after(middle, 1);
    if (event === undefined || event.atMs >= atMs) high = middle;
    else low = Math.max(middle + 1, event.sequence);
  }
  return low;
}

function noEndpoint(): never {
  throw new AppError('webhook_endpoint_not_found', 'There is no webhook endpoint with this id.');
}
