import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, browser, type CallOptions, startApi } from '../../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi({ corsAllowedOrigins: ['https://app.example.com'] });
});
afterAll(() => api.dispose());

const ORIGIN = { Origin: 'https://app.example.com' };
const PREFLIGHT = { ...ORIGIN, 'Access-Control-Request-Method': 'POST' };
const unsigned = (headers: Record<string, string> = {}): CallOptions => ({ sign: 'none', headers });

describe('an answer', () => {
  it.each<[what: string, status: number, method: string, path: string, call: CallOptions]>([
    ['a list', 200, 'GET', '/v1/notifications', {}],
    ['a page’s list', 200, 'GET', '/v1/notifications', { headers: ORIGIN }],
    ['a HEAD', 200, 'HEAD', '/v1/notifications', {}],
    ['a registration', 201, 'POST', '/v1/subscriptions', { json: { user_id: 'ada', ...browser() } }],
    [
      'an accepted notification',
      202,
      'POST',
      '/v1/notifications',
      { json: { type: 't', title: 'x', user_ids: ['a'] } },
    ],
    ['a minted token', 201, 'POST', '/v1/subscriber-tokens', { json: { user_id: 'ada' } }],
    ['the public key', 200, 'GET', '/v1/push/public-key', unsigned()],
    ['a body that is refused', 400, 'POST', '/v1/notifications', { json: {} }],
    [
      'a body that is no JSON',
      400,
      'POST',
      '/v1/notifications',
      { body: '<script>', headers: { 'Content-Type': 'application/json' } },
    ],
    ['no credentials', 401, 'GET', '/v1/notifications', unsigned()],
    ['no credentials from a page', 401, 'GET', '/v1/notifications', unsigned(ORIGIN)],
    ['what is not there', 404, 'GET', '/v1/notifications/ntf_x', {}],
    ['a path that is not there', 404, 'GET', '/v1/nowhere', unsigned()],
    ['another method', 405, 'PUT', '/v1/notifications', unsigned()],
    ['the methods of a route', 204, 'OPTIONS', '/v1/notifications', unsigned()],
    ['a preflight', 204, 'OPTIONS', '/v1/notifications', unsigned(PREFLIGHT)],
    [
      'a preflight of another origin',
      204,
      'OPTIONS',
      '/v1/notifications',
      unsigned({ ...PREFLIGHT, Origin: 'https://evil.example' }),
    ],
    ['a preflight of no route', 204, 'OPTIONS', '/v1/nowhere', unsigned(PREFLIGHT)],
    ['health', 200, 'GET', '/healthz', unsigned()],
    ['readiness', 200, 'GET', '/readyz', unsigned()],
    ['metrics', 200, 'GET', '/metrics', {}],
  ])('is neither kept nor taken for another type: %s (%i)', async (_, status, method, path, call) => {
    const answer = await api.call(method, path, call);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it.each(['/', '/sdk/bellhop.js'])('says itself how long it may be kept where it is a file: %s', async (path) => {
    const { status, headers } = await api.call('GET', path, unsigned());
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has them while the server shuts down, and when something breaks', async () => {
    const stopping = await startApi({ isStopping: () => true });
    const broken = await startApi({ metrics: () => Promise.reject(new Error('broken')) });
    for (const { headers } of [await stopping.call('GET', '/v1/notifications'), await broken.call('GET', '/metrics')]) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    await stopping.dispose();
    await broken.dispose();
  });
});
