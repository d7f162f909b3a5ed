import { expect, it } from 'vitest';
import type { OutboxEvent } from '../../src/domain/event/outbox-event.ts';
import { newWebhookDelivery, type WebhookDelivery } from '../../src/domain/webhook/webhook-delivery.ts';
import { HEALTHY, type WebhookEndpoint } from '../../src/domain/webhook/webhook-endpoint.ts';
import { NOW_MS } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

export function sampleEndpoint(overrides: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id: 'whe_1',
    url: 'https://example.com/höoks?a=1',
    description: 'Übersicht \u{1f600}',
    eventTypes: ['delivery.failed'],
    secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', expiresAtMs: null }],
    ...HEALTHY,
    cursor: 0,
    replay: null,
    nextDueAtMs: null,
    leaseUntilMs: 0,
    createdAtMs: NOW_MS,
    version: 1,
    ...overrides,
  };
}

export function sampleWebhookDelivery(sequence: number, endpointId = 'whe_1'): WebhookDelivery {
  const data = { notificationId: 'ntf_1', status: 'completed' } as const;
  const atMs = NOW_MS + sequence;
  const event: OutboxEvent = { sequence, id: `evt_${sequence}`, type: 'notification.completed', atMs, data };
  return newWebhookDelivery(endpointId, event, NOW_MS + sequence);
}

/** Where events are sent, and what came of each. */
export function webhookContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps endpoints, each written over the version that was seen', async () => {
    const { webhooks } = fresh.store;
    const [one, two] = [sampleEndpoint(), sampleEndpoint({ id: 'whe_2', eventTypes: null })];
    for (const endpoint of [two, one]) await webhooks.add(endpoint);
    expect(await webhooks.list()).toEqual([one, two]);
    const changed = { ...one, cursor: 7, replay: { untilSequence: 9, askedAtMs: NOW_MS } };
    const written = await Promise.all([webhooks.update(changed), webhooks.update(changed)]);
    expect(written.sort()).toEqual([false, true]);
    expect(await webhooks.get('whe_1')).toEqual({ ...changed, version: 2 });
    expect(await webhooks.update({ ...changed, id: 'whe_none', version: 2 })).toBe(false);
  });

  it('announces an endpoint that Bellhop disables, once, and none that a person does', async () => {
    const { webhooks, events } = fresh.store;
    const [one, two] = [sampleEndpoint(), sampleEndpoint({ id: 'whe_2' })];
    for (const endpoint of [one, two]) await webhooks.add(endpoint);
    await webhooks.update({ ...one, disabled: { reason: 'gone', atMs: NOW_MS } });
    await webhooks.update({ ...one, disabled: { reason: 'gone', atMs: NOW_MS }, version: 2, cursor: 3 });
    await webhooks.update({ ...two, disabled: { reason: 'by_hand', atMs: NOW_MS } });
    await events.relay(10);
    expect(await events.after(0, 10)).toMatchObject([
      { type: 'webhook.disabled', atMs: NOW_MS, data: { webhookEndpointId: 'whe_1', reason: 'gone' } },
    ]);
  });

  it('makes none of an endpoint that was deleted meanwhile', async () => {
    const { webhooks } = fresh.store;
    await webhooks.add(sampleEndpoint());
    await webhooks.addDeliveries([sampleWebhookDelivery(1)], null);
    await webhooks.delete('whe_1');
    await webhooks.addDeliveries([sampleWebhookDelivery(2)], null);
    const query = { endpointId: 'whe_1', state: null, cursor: null, limit: 10 };
    expect((await webhooks.deliveries(query)).items).toEqual([]);
    expect(await webhooks.nextDueMs('whe_1')).toBeNull();
  });

  it('counts what waits for an endpoint, up to a limit, and knows the oldest', async () => {
    const { webhooks } = fresh.store;
    for (const id of ['whe_1', 'whe_2']) await webhooks.add(sampleEndpoint({ id }));
    expect(await webhooks.waiting('whe_1', 10)).toEqual({ count: 0, oldestBegunAtMs: null });
    const deliveries = [1, 2, 3, 4].map((sequence) => sampleWebhookDelivery(sequence));
    await webhooks.addDeliveries([...deliveries, sampleWebhookDelivery(0, 'whe_2')], null);
    const [first, second] = deliveries as [WebhookDelivery, WebhookDelivery];
    await webhooks.settle({ ...first, state: 'delivered', dueAtMs: null, endedAtMs: NOW_MS });
    await webhooks.settle({ ...second, state: 'sending' });
    expect(await webhooks.waiting('whe_1', 10)).toEqual({ count: 3, oldestBegunAtMs: NOW_MS + 2 });
    expect((await webhooks.waiting('whe_1', 2)).count).toBe(2);
    await webhooks.settle({ ...second, version: 2, state: 'failed', dueAtMs: null, endedAtMs: NOW_MS });
    expect(await webhooks.waiting('whe_1', 10)).toEqual({ count: 2, oldestBegunAtMs: NOW_MS + 3 });
  });

  it('makes a delivery once, and begins it again only where that is asked for', async () => {
    const { webhooks } = fresh.store;
    const delivery = sampleWebhookDelivery(1);
    await webhooks.add(sampleEndpoint());
    await Promise.all([webhooks.addDeliveries([delivery], null), webhooks.addDeliveries([delivery], null)]);
    const done = { ...delivery, state: 'delivered', dueAtMs: null, endedAtMs: NOW_MS + 5, tries: 1 } as const;
    expect(await webhooks.settle(done)).toBe(true);
    expect(await webhooks.settle(done)).toBe(false);
    const again = { ...delivery, begunAtMs: NOW_MS + 100, dueAtMs: NOW_MS + 100 };
    await webhooks.addDeliveries([again], null);
    expect(await webhooks.getDelivery(delivery.id)).toEqual({ ...done, version: 2 });
    await webhooks.addDeliveries([again], NOW_MS + 50);
    const reopened = { state: 'waiting', tries: 0, dueAtMs: NOW_MS + 100, endedAtMs: null, version: 3 };
    expect(await webhooks.getDelivery(delivery.id)).toMatchObject(reopened);
    // A page of a replay that is made again begins none again.
    await webhooks.addDeliveries([{ ...again, begunAtMs: NOW_MS + 200 }], NOW_MS + 50);
    expect(await webhooks.getDelivery(delivery.id)).toMatchObject(reopened);
  });

  it('finds what is due, lists by state, and forgets what has ended', async () => {
    const { webhooks } = fresh.store;
    const deliveries = [1, 2, 3].map((sequence) => sampleWebhookDelivery(sequence));
    for (const id of ['whe_1', 'whe_2']) await webhooks.add(sampleEndpoint({ id }));
    await webhooks.addDeliveries([...deliveries, sampleWebhookDelivery(1, 'whe_2')], null);
    const [one, two, three] = deliveries as [WebhookDelivery, WebhookDelivery, WebhookDelivery];
    expect(await webhooks.due('whe_1', NOW_MS + 2, 10)).toEqual([one, two]);
    expect(await webhooks.due('whe_1', NOW_MS + 9, 1)).toEqual([one]);
    expect(await webhooks.nextDueMs('whe_1')).toBe(NOW_MS + 1);
    await webhooks.settle({ ...one, state: 'failed', dueAtMs: null, endedAtMs: NOW_MS + 5 });
    await webhooks.settle({ ...two, dueAtMs: NOW_MS + 50 });
    expect(await webhooks.nextDueMs('whe_1')).toBe(NOW_MS + 3);
    const ids = async (state: 'failed' | 'waiting' | null) =>
      (await everyPage((cursor) => webhooks.deliveries({ cursor, limit: 2, endpointId: 'whe_1', state }))).items.map(
        ({ id }) => id,
      );
    expect(await ids(null)).toEqual([three.id, two.id, one.id]);
    expect(await ids('failed')).toEqual([one.id]);
    expect(await ids('waiting')).toEqual([three.id, two.id]);
    expect(await webhooks.forget(NOW_MS + 6)).toBe(1);
    expect(await ids(null)).toEqual([three.id, two.id]);
    expect(await webhooks.delete('whe_1')).toBe(true);
    expect(await webhooks.delete('whe_1')).toBe(false);
    expect([await ids(null), await webhooks.nextDueMs('whe_2')]).toEqual([[], NOW_MS + 1]);
  });
}
