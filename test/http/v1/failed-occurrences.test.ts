import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

const HOUR_MS = 3_600_000;

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

describe('occurrences that failed', () => {
  it('say what is wrong with one recipient, and not who that is', async () => {
    const keep = (variables: unknown) => {
      const json = { default_locale: 'en', variables, locales: { en: { title: 'x' } } };
      return api.call('PUT', '/v1/templates/hi', { json });
    };
    await keep({ n: 'string' });
    const recipients = [{ user_id: 'ada', variables: { n: 'x' } }];
    const notification = { type: 't', template: { key: 'hi' }, recipients };
    await api.call('PUT', '/v1/schedules/hourly', { json: { cron: '0 * * * *', time_zone: 'UTC', notification } });
    await keep({ m: 'string' });
    api.clock.advance(HOUR_MS);
    for (const due of await api.store.schedules.due(NOW_MS + HOUR_MS, 10)) await api.occurrences.settle(due);
    const [failed] = (await api.call('GET', '/v1/schedules/hourly/occurrences')).body.items;
    expect(failed).toMatchObject({ code: 'invalid_variables', detail: expect.stringContaining('recipients[0]:') });
    expect(failed.detail).not.toContain('ada');
  });
});
