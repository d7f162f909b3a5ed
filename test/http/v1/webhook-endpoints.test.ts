import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newWebhookDelivery } from '../../../src/domain/webhook/webhook-delivery.ts';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const PATH = '/v1/webhook-endpoints';
const url = 'https://example.com/hooks';
const create = async () => (await api.call('POST', PATH, { json: { url } })).body;

describe('/v1/webhook-endpoints', () => {
  it('shows a secret once, keeps what is said, and changes what is said', async () => {
    const made = await api.call('POST', PATH, { json: { url, event_types: ['delivery.failed'], description: 'Ops' } });
    expect(made.status).toBe(201);
    const { secret, ...shown } = made.body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/=]{32}$/);
    expect(shown).toMatchObject({ url, event_types: ['delivery.failed'], is_enabled: true, live_secrets: 1 });
    expect(made.headers.get('location')).toBe(`${PATH}/${shown.id}`);
    expect((await api.call('GET', `${PATH}/${shown.id}`)).body).toEqual(shown);
    expect((await api.call('GET', PATH)).body).toEqual({ items: [shown] });
    const json = { is_enabled: false, event_types: null };
    const off = (await api.call('PATCH', `${PATH}/${shown.id}`, { json })).body;
    const disabled = { disabled_reason: 'by_hand', disabled_at: new Date(NOW_MS).toISOString() };
    expect(off).toEqual({ ...shown, event_types: null, is_enabled: false, ...disabled });
    const on = (await api.call('PATCH', `${PATH}/${shown.id}`, { json: { is_enabled: true } })).body;
    expect(on).toEqual({ ...shown, event_types: null });
    const rotated = (await api.call('POST', `${PATH}/${shown.id}/rotate-secret`)).body;
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.live_secrets).toBe(2);
    expect((await api.call('DELETE', `${PATH}/${shown.id}`)).status).toBe(204);
    expect((await api.call('GET', `${PATH}/${shown.id}`)).body.code).toBe('webhook_endpoint_not_found');
  });

  it('lists what was sent, and sends it again', async () => {
    const { id } = await create();
    await api.register('ada');
    const [event] = await api.store.events.after(0, 1);
    const delivery = newWebhookDelivery(id, event!, NOW_MS);
    await api.store.webhooks.addDeliveries([delivery], null);
    await api.store.webhooks.settle({ ...delivery, state: 'failed', dueAtMs: null, endedAtMs: NOW_MS });
    const failed = (await api.call('GET', `${PATH}/${id}/deliveries?state=failed`)).body;
    expect(failed).toMatchObject({ items: [{ id: delivery.id, sequence: 1, attempts: [] }], next_cursor: null });
    const again = await api.call('POST', `${PATH}/${id}/deliveries/${delivery.id}/replay`);
    expect(again.body).toMatchObject({ state: 'waiting', ended_at: null });
    const since = new Date(NOW_MS).toISOString();
    expect((await api.call('POST', `${PATH}/${id}/replay`, { json: { since } })).status).toBe(202);
    expect(await api.store.webhooks.get(id)).toMatchObject({ cursor: 0, replay: { untilSequence: 1 } });
  });

  it('refuses what cannot be right', async () => {
    const { id } = await create();
    const refused = async (method: string, path: string, json: unknown) =>
      (await api.call(method, path, { json })).body.code;
    for (const bad of ['http://example.com/', 'nonsense', 'https://a:b@example.com/'])
      expect(await refused('POST', PATH, { url: bad })).toBe('invalid_webhook_url');
    expect(await refused('PATCH', `${PATH}/${id}`, { url: 'http://example.com/' })).toBe('invalid_webhook_url');
    for (const bad of [{}, { url, event_types: [] }, { url, event_types: ['x'] }, { url, secret: 'mine' }])
      expect(await refused('POST', PATH, bad)).toBe('invalid_request');
    expect(await refused('POST', `${PATH}/${id}/replay`, { since: 'yesterday' })).toBe('invalid_request');
    const unknown = await api.call('POST', `${PATH}/${id}/deliveries/whd_none/replay`);
    expect(unknown.body.code).toBe('webhook_delivery_not_found');
    for (const [method, rest] of [
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['POST', '/rotate-secret'],
    ] as const)
      expect((await api.call(method, `${PATH}/whe_none${rest}`)).body.code).toBe('webhook_endpoint_not_found');
    for (let made = 1; made < 50; made += 1) await create();
    expect((await create()).code).toBe('too_many_webhook_endpoints');
  });
});
