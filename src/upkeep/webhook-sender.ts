import type { Events } from '../domain/events.ts';
import { hasWork, type WebhookEndpoint } from '../domain/webhook/webhook-endpoint.ts';
import { createLoop, type Loop } from './loop.ts';
import { type Round, sendRound } from './webhook-round.ts';

export type WebhookSenderOptions = Round & { readonly events: Events; readonly intervalMs?: number };

const DEFAULT_INTERVAL_MS = 1000;

/**
 * Sends events to webhook endpoints. Every process looks; one at a time has an endpoint, by a lease, so that one that is slow or dead holds up
 * neither the others nor a push. Where there are no endpoints, one short list is read a second, and nothing else.
 */
export function createWebhookSender(options: WebhookSenderOptions): Loop {
  const { store, events, clock, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const underWay = new Map<string, Promise<void>>();
  let stopping = new AbortController();

  const begin = ({ id }: WebhookEndpoint): void => {
    const round = sendRound(options, id, stopping.signal)
      .then((isMore) => {
        if (isMore) loop.hurry();
      })
      .catch((error: unknown) => events.publish({ type: 'part.failed', part: 'webhooks', error }))
      .finally(() => underWay.delete(id));
    underWay.set(id, round);
  };

  const tick = async (): Promise<void> => {
    const endpoints = await store.webhooks.list();
    if (endpoints.length === 0) return;
    const { last } = await store.events.bounds();
    for (const endpoint of endpoints)
      if (!underWay.has(endpoint.id) && hasWork(endpoint, last, clock.now())) begin(endpoint);
  };

  const loop = createLoop({ name: 'webhooks', intervalMs, clock, events, tick });
  return {
    ...loop,
    start() {
      stopping = new AbortController();
      return loop.start();
    },
    async stop() {
      // Requests under way are broken off: they are on record as interrupted, and are sent again.
      stopping.abort();
      await loop.stop();
      await Promise.all(underWay.values());
    },
  };
}
