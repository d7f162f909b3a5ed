import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const headers = { 'Idempotency-Key': 'order-42' };
const send = (json: unknown) => api.call('POST', '/v1/notifications', { json, headers });
const change = async (method: string, path: string, json?: unknown): Promise<void> => {
  const { status } = await api.call(method, path, json === undefined ? {} : { json });
  expect(status).toBeLessThan(300);
};

const template = (text: string, variables: Record<string, string> = { name: 'string' }) => ({
  default_locale: 'en',
  variables,
  locales: { en: { title: text } },
});
const toAda = { type: 'order.shipped', user_ids: ['ada'] };
const GROWN = { ...template(''), locales: { en: { title: '{name}', body: 'x'.repeat(3990) } } };
const worded = { ...toAda, template: { key: 'parcel', variables: { name: 'Ada' } } };
const soon = new Date(NOW_MS + 60_000).toISOString();

describe('a repeated call gets the first answer, though what it is held against is another by now:', () => {
  it.each<[string, unknown, () => Promise<void>, string]>([
    ['its template is gone', worded, () => change('DELETE', '/v1/templates/parcel'), 'unknown_template'],
    [
      'its template wants other values',
      worded,
      () => change('PUT', '/v1/templates/parcel', template('{n, number}', { n: 'number' })),
      'invalid_variables',
    ],
    [
      'its template has grown',
      {
        type: 'order.shipped',
        template: { key: 'parcel' },
        recipients: [{ user_id: 'ada', variables: { name: 'A' } }],
      },
      () => change('PUT', '/v1/templates/parcel', GROWN),
      'payload_too_large',
    ],
    [
      'its segment is gone',
      { type: 'order.shipped', title: 'Hi', audience: { tags: '#beta' } },
      () => change('DELETE', '/v1/segments/beta'),
      'invalid_audience',
    ],
    [
      'its time has passed',
      { ...toAda, title: 'Hi', send_at: soon },
      async () => api.clock.advance(2 * 3_600_000),
      'invalid_send_at',
    ],
  ])('%s', async (_, json, meanwhile, code) => {
    await change('PUT', '/v1/templates/parcel', template('Hello {name}'));
    await change('PUT', '/v1/segments/beta', { tags: 'beta' });
    const first = await send(json);
    expect(first).toMatchObject({ status: 202, body: { replayed: false } });
    await meanwhile();
    const second = await send(json);
    expect(second).toMatchObject({ status: 202, body: { ...first.body, replayed: true } });
    expect(second.headers.get('Idempotency-Replayed')).toBe('true');
    expect((await api.call('POST', '/v1/notifications', { json })).body.code).toBe(code);
    // Another body under the same key is none that came before.
    expect((await send({ ...(json as object), priority: 'high' })).body.code).toBe(code);
    expect((await api.call('GET', '/v1/notifications')).body.items).toHaveLength(1);
  });

  it('its schedule is gone, and the template of that', async () => {
    await change('PUT', '/v1/templates/parcel', template('Hello {name}'));
    await change('PUT', '/v1/schedules/daily', { cron: '0 9 * * *', time_zone: 'UTC', notification: worded });
    const trigger = () => api.call('POST', '/v1/schedules/daily/trigger', { headers });
    const first = await trigger();
    expect(first.status).toBe(202);
    await change('DELETE', '/v1/schedules/daily');
    expect((await trigger()).body).toEqual({ ...first.body, replayed: true });
    await change('DELETE', '/v1/templates/parcel');
    expect((await trigger()).body).toEqual({ ...first.body, replayed: true });
    expect((await api.call('POST', '/v1/schedules/daily/trigger')).body.code).toBe('schedule_not_found');
  });

  it('also as a line of many', async () => {
    await change('PUT', '/v1/templates/parcel', template('Hello {name}'));
    const bulk = async () => {
      const body = `${JSON.stringify({ idempotency_key: 'a', ...worded })}\n`;
      const type = { 'Content-Type': 'application/x-ndjson' };
      const { text } = await api.call('POST', '/v1/notifications/bulk', { body, headers: type, sign: 'bearer' });
      return JSON.parse(text);
    };
    const first = await bulk();
    expect(first).toMatchObject({ status: 'accepted' });
    await change('DELETE', '/v1/templates/parcel');
    expect(await bulk()).toEqual({ ...first, status: 'repeated' });
  });
});
