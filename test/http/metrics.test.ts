import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

describe('GET /metrics', () => {
  it('counts what was announced, in the media type of its format, for those with a key', async () => {
    await api.notify([(await api.register('ada')).user_id]);
    expect((await api.call('GET', '/metrics', { sign: 'none' })).status).toBe(401);
    const { status, text, headers } = await api.call('GET', '/metrics', { sign: 'bearer' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
    expect(text).toContain('bellhop_notifications_accepted_total 1');
    expect(text).not.toContain('ada');
  });
});
