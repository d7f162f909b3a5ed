import type { Clock } from '../clock.ts';
import { readSending, SENDING_FACT } from '../domain/sending/sending.ts';
import type { Standing, WebhooksStanding } from '../domain/tally/standing.ts';
import { standingOf } from '../domain/webhook/webhook-endpoint.ts';
import type { Store } from '../store/store.ts';
import type { WebhookStore } from '../store/webhook-store.ts';

export type StandingOptions = {
  readonly store: Pick<Store, 'tallies' | 'pruneHolds' | 'facts' | 'sizeOctets' | 'webhooks'>;
  readonly clock: Clock;
};

/** Of one endpoint. */
const MOST_COUNTED = 10_000;

/** What monitoring asks of the store: counts alone, however much there is. */
export async function readStanding({ store, clock }: StandingOptions): Promise<Standing> {
  const atMs = clock.now();
  const [{ tallies }, oldestDueAtMs, holds, sending, storeOctets, webhooks] = await Promise.all([
    store.tallies.read(),
    store.tallies.oldestDue(atMs),
    store.pruneHolds.list('open'),
    store.facts.find(SENDING_FACT),
    store.sizeOctets(),
    readWebhooks(store.webhooks),
  ]);
  const isPaused = readSending(sending).state === 'paused';
  return { atMs, tallies, oldestDueAtMs, openHolds: holds.length, isPaused, storeOctets, webhooks };
}

/** What waits for an endpoint that is disabled waits for a person: the endpoint is counted, and not what it misses. */
async function readWebhooks(store: WebhookStore): Promise<WebhooksStanding> {
  const endpoints = { enabled: 0, failing: 0, disabled: 0 };
  const reading = (await store.list()).map(async (endpoint) => {
    const standing = standingOf(endpoint);
    endpoints[standing] += 1;
    return standing === 'disabled' ? [] : [await store.waiting(endpoint.id, MOST_COUNTED)];
  });
  const waiting = (await Promise.all(reading)).flat();
  const begun = waiting.flatMap(({ oldestBegunAtMs }) => oldestBegunAtMs ?? []);
  return {
    endpoints,
    waiting: waiting.reduce((sum, { count }) => sum + count, 0),
    oldestBegunAtMs: begun.length === 0 ? null : Math.min(...begun),
  };
}
