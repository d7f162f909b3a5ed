import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasWork } from '../../src/domain/webhook/webhook-endpoint.ts';
import type { PostWebhook } from '../../src/domain/webhook/webhook-request.ts';
import { createWebhookEndpoints } from '../../src/intake/webhook-endpoints.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { sendRound } from '../../src/upkeep/webhook-round.ts';
import { WEBHOOKS } from '../support/api-document.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { sampleSubscription } from '../support/samples.ts';

/** Found by a simulated world: on a site where nothing more happened, the last events reached nobody. */
it('events whose process died while it sent them are sent without a further event', async () => {
  const folder = join(tmpdir(), `bellhop-webhook-crash-${randomUUID()}`);
  const clock = createFakeClock();
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
  const round = { store, clock, random: () => 0.5, events: { publish: () => {} } };
  const signal = new AbortController().signal;
  const { endpoint } = await createWebhookEndpoints({ ...round, ...WEBHOOKS }).create({ url: 'https://example.com/' });
  await store.subscriptions.register(sampleSubscription());

  await new Promise<void>((sending) => {
    const dies: PostWebhook = () => {
      sending();
      return new Promise(() => {});
    };
    void sendRound({ ...round, post: dies }, endpoint.id, signal);
  });
  clock.advance(121_000);

  const left = await store.webhooks.get(endpoint.id);
  const { last } = await store.events.bounds();
  expect(left !== null && hasWork(left, last, clock.now())).toBe(true);
  const ok: PostWebhook = async () => ({ kind: 'response', status: 200, retryAfter: null });
  await sendRound({ ...round, post: ok }, endpoint.id, signal);
  const { items } = await store.webhooks.deliveries({ endpointId: endpoint.id, state: null, cursor: null, limit: 10 });
  expect(items).toMatchObject([{ state: 'delivered', attempts: [{ error: 'interrupted' }, { status: 200 }] }]);
  await store.close();
  await rm(folder, { recursive: true });
});
