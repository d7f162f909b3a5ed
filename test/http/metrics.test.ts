import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const TOKEN = 'metrics-0123456789abcdef0123456789';

describe('GET /metrics with a token of its own', () => {
  const scrape = async (headers: Record<string, string>, path = '/metrics') => {
    const { status, body, text } = await api.call('GET', path, { sign: 'none', headers });
    return { status, code: body?.code, detail: body?.detail, text };
  };
  const withToken = (token: string) => scrape({ Authorization: `Bearer ${token}` });

  it.each([true, false])(
    'opens to it and to a key, whether keys are taken as Bearer or not: %s',
    async (allowBearer) => {
      await api.dispose();
      api = await startApi({ metricsToken: TOKEN, allowBearer });
      expect((await withToken(TOKEN)).text).toContain('bellhop_notifications_accepted_total 0');
      expect((await withToken('secret-of-the-default-key')).status).toBe(allowBearer ? 200 : 401);
      expect((await api.call('GET', '/metrics')).status).toBe(200);
    },
  );

  it('is refused without it, and told what to send', async () => {
    await api.dispose();
    api = await startApi({ metricsToken: TOKEN });
    const missing = await scrape({});
    expect([missing.status, missing.code]).toEqual([401, 'missing_credentials']);
    expect((await scrape({ Authorization: `Basic ${TOKEN}` })).code).toBe('missing_credentials');
    const wrong = [`${TOKEN}x`, TOKEN.slice(0, -1), TOKEN.toUpperCase(), 'x'];
    for (const token of wrong) {
      const answer = await withToken(token);
      expect([answer.status, answer.code]).toEqual([401, 'invalid_bearer_token']);
      expect(answer.detail).toContain('METRICS_TOKEN');
      expect(answer.text).not.toContain(TOKEN);
    }
    expect((await withToken('secret-that-sends-only')).code).toBe('insufficient_scope');
  });

  it('opens nothing else', async () => {
    await api.dispose();
    api = await startApi({ metricsToken: TOKEN });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for (const path of ['/v1/notifications', '/v1/dead-letters', '/v1/subscriptions']) {
      expect((await scrape(headers, path)).code).toBe('invalid_bearer_token');
    }
  });

  it('is no token where none is set', async () => {
    expect((await withToken(TOKEN)).code).toBe('invalid_bearer_token');
    expect((await withToken('null')).code).toBe('invalid_bearer_token');
  });
});

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
