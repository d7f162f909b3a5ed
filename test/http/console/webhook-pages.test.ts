import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newWebhookDelivery } from '../../../src/domain/webhook/webhook-delivery.ts';
import { type Api, startApi } from '../../support/api.ts';
import { type ConsoleVisitor, latestAudited, signInBoth } from '../../support/console-visitor.ts';
import { NOW_MS } from '../../support/samples.ts';

const URL = 'https://example.com/hooks?key=of-theirs';
const HOSTILE = '<img src=x onerror=alert(1)>';

let api: Api;
let operator: ConsoleVisitor;
let viewer: ConsoleVisitor;

beforeAll(async () => {
  api = await startApi();
  ({ operator, viewer } = await signInBoth(api));
});
afterAll(() => api.dispose());

const latest = () => latestAudited(api);
const made = async () => (await api.call('POST', '/v1/webhook-endpoints', { json: { url: URL } })).body;
const secretIn = (text: string) => /whsec_[A-Za-z0-9+/=]{32}/.exec(text)?.[0];
const endpointOf = async (id: string) => (await api.store.webhooks.get(id))!;

describe('the page of webhooks', () => {
  it('makes an endpoint, on record, and shows its secret that once', async () => {
    const form = { url: URL, description: HOSTILE, event_types: 'delivery.failed' };
    const { status, text } = await operator.post('create-webhook', form);
    const [endpoint] = await api.store.webhooks.list();
    expect([status, secretIn(text)]).toEqual([200, endpoint?.secrets[0]?.secret]);
    expect(endpoint).toMatchObject({ url: URL, description: HOSTILE, eventTypes: ['delivery.failed'] });
    expect(await latest()).toEqual(['createWebhookEndpoint', '', null]);
    for (const page of ['webhooks', `webhook?id=${endpoint?.id}`]) {
      const seen = (await operator.get(page)).text;
      expect([secretIn(seen), seen.includes(HOSTILE), seen.includes(URL)]).toEqual([undefined, false, true]);
    }
  });

  it('shows again what was typed where it is refused', async () => {
    const { status, text } = await operator.post('create-webhook', { url: 'http://example.com/', description: 'Ops' });
    expect([status, text.includes('must be an https URL'), text.includes('value="Ops"')]).toEqual([400, true, true]);
    expect(await latest()).toEqual(['createWebhookEndpoint', '', 'invalid_webhook_url']);
  });

  it('lets a viewer see how it does, and neither the rest of a URL nor a button', async () => {
    const { id } = await made();
    for (const page of ['webhooks', `webhook?id=${id}`]) {
      const { text } = await viewer.get(page);
      expect(text).toContain('https://example.com/…');
      for (const hidden of ['of-theirs', 'create-webhook', 'rotate-webhook', 'delete-webhook']) {
        expect(text).not.toContain(hidden);
      }
    }
    expect((await viewer.post('disable-webhook', { id })).status).toBe(403);
    expect((await endpointOf(id)).disabled).toBeNull();
  });
});

describe('the page of a webhook endpoint', () => {
  it('is found by its id', async () => {
    const { id } = await made();
    expect((await operator.get(`search?q=${id}`)).headers.get('location')).toBe(`webhook?id=${id}`);
    expect((await operator.get('webhook?id=whe_none')).status).toBe(404);
  });

  it('disables, enables, changes and deletes', async () => {
    const { id } = await made();
    const goesTo = async (page: string, form = {}) => {
      const { headers } = await operator.post(page, { id, ...form });
      return [headers.get('location'), (await latest())[0], (await latest())[1]];
    };
    expect(await goesTo('disable-webhook')).toEqual([`webhook?id=${id}&done=disabled`, 'changeWebhookEndpoint', id]);
    expect((await operator.get(`webhook?id=${id}`)).text).toContain('disabled: by hand');
    await goesTo('enable-webhook');
    expect((await endpointOf(id)).disabled).toBeNull();
    await goesTo('change-webhook', {
      url: 'https://example.com/two',
      event_types: 'schedule.missed',
      description: 'x',
    });
    const changed = { url: 'https://example.com/two', eventTypes: ['schedule.missed'], description: 'x' };
    expect(await endpointOf(id)).toMatchObject(changed);
    expect(await goesTo('delete-webhook')).toEqual(['webhooks?done=deleted', 'deleteWebhookEndpoint', id]);
    expect(await api.store.webhooks.get(id)).toBeNull();
  });

  it('rotates a secret once, however often its form is sent', async () => {
    const { id, secret } = await made();
    const mark = /name="mark" value="(\w+)"/.exec((await operator.get(`webhook?id=${id}`)).text)?.[1] ?? '';
    const { text } = await operator.post('rotate-webhook', { id, mark });
    const [newest, before] = (await endpointOf(id)).secrets;
    expect([secretIn(text), before?.secret]).toEqual([newest?.secret, secret]);
    expect(await latest()).toEqual(['rotateWebhookSecret', id, null]);
    const again = await operator.post('rotate-webhook', { id, mark });
    expect([again.status, secretIn(again.text)]).toEqual([400, undefined]);
    expect((await endpointOf(id)).secrets[0]).toEqual(newest);
  });

  it('shows each attempt, and sends one event or all since an instant again', async () => {
    const { id } = await made();
    await api.register('ada');
    const [event] = await api.store.events.after(0, 1);
    const delivery = newWebhookDelivery(id, event!, NOW_MS);
    const attempts = [
      { startedAtMs: NOW_MS, tookMs: 12, status: 500, error: null },
      { startedAtMs: NOW_MS + 5000, tookMs: null, status: null, error: 'connection_refused' },
    ];
    await api.store.webhooks.addDeliveries([delivery], null);
    await api.store.webhooks.settle({ ...delivery, state: 'failed', dueAtMs: null, endedAtMs: NOW_MS, attempts });
    const { text } = await operator.get(`webhook?id=${id}&state=failed`);
    for (const shown of ['subscription.created', 'connection_refused', 'answered 500 after 12 ms'])
      expect(text).toContain(shown);
    expect((await operator.get(`webhook?id=${id}&state=delivered`)).text).not.toContain('connection_refused');
    await operator.post('replay-event', { id, delivery: delivery.id });
    expect(await api.store.webhooks.getDelivery(delivery.id)).toMatchObject({ state: 'waiting', attempts });
    expect(await latest()).toEqual(['replayWebhookDelivery', id, null]);
    expect((await operator.post('replay-webhook', { id, since: 'soon' })).status).toBe(400);
    await operator.post('replay-webhook', { id, since: '2026-01-01T00:00' });
    expect(await endpointOf(id)).toMatchObject({ cursor: 0, replay: { untilSequence: expect.any(Number) } });
    expect(await latest()).toEqual(['replayWebhookEvents', id, null]);
  });
});
