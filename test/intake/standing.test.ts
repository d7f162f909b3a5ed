import { expect, it } from 'vitest';
import { HEALTHY } from '../../src/domain/webhook/webhook-endpoint.ts';
import { readStanding } from '../../src/intake/standing.ts';
import { sampleEndpoint, sampleWebhookDelivery } from '../contract/webhook-contract.ts';
import { startApi } from '../support/api.ts';
import { NOW_MS } from '../support/samples.ts';

it('counts what waits for webhook endpoints, but for those that are disabled', async () => {
  const api = await startApi();
  const { store, clock } = api;
  const none = { endpoints: { enabled: 0, failing: 0, disabled: 0 }, waiting: 0, oldestBegunAtMs: null };
  expect((await readStanding({ store, clock })).webhooks).toEqual(none);
  const failing = { failingSinceMs: NOW_MS, failures: 1 };
  const disabled = { disabled: { reason: 'gone', atMs: NOW_MS } } as const;
  for (const [id, health] of [
    ['whe_1', {}],
    ['whe_2', failing],
    ['whe_3', disabled],
  ] as const) {
    await store.webhooks.add(sampleEndpoint({ id, ...HEALTHY, ...health }));
    const sequence = id === 'whe_3' ? 1 : 5;
    await store.webhooks.addDeliveries([sampleWebhookDelivery(sequence, id), sampleWebhookDelivery(9, id)], null);
  }
  const { webhooks } = await readStanding({ store, clock });
  const endpoints = { enabled: 1, failing: 1, disabled: 1 };
  expect(webhooks).toEqual({ endpoints, waiting: 4, oldestBegunAtMs: NOW_MS + 5 });
  await api.dispose();
});
