import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import type { Store } from '../../src/store/store.ts';
import { type Api, type ApiOptions, SECRET, startApi } from '../support/api.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
afterEach(() => api.dispose());

const failing =
  (error: unknown) =>
  (store: Store): Store => ({
    ...store,
    subscriptions: Object.assign(Object.create(store.subscriptions), { get: () => Promise.reject(error) }),
  });

describe('request ids', () => {
  it.each(['abc', 'A-b_c.9', 'x'.repeat(64)])('keeps the caller’s %j', async (id) => {
    await start();
    const answer = await api.call('GET', '/healthz', { sign: 'none', headers: { 'X-Request-Id': id } });
    expect(answer.headers.get('x-request-id')).toBe(id);
    expect(api.lines.at(-1)?.request_id).toBe(id);
  });

  it.each(['', 'a b', 'a"b', 'x'.repeat(65), 'ü'])('makes a new one for %j', async (id) => {
    await start();
    const answer = await api.call('GET', '/nowhere', { sign: 'none', headers: { 'X-Request-Id': id } });
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  });
});

describe('the log', () => {
  it('has one line per request: the pattern of the route, and nothing secret', async () => {
    await start();
    const subscription = await api.register('user-with-a-name');
    await api.call('GET', `/v1/subscriptions/${subscription.id}?q=secret`);
    await api.call('GET', '/nowhere/secret', { sign: 'none' });
    await api.call('PATCH', `/v1/subscriptions/${subscription.id}`);
    expect(api.lines.map(({ method, route, status, key_id, code }) => [method, route, status, key_id, code])).toEqual([
      ['POST', '/v1/subscriptions', 201, 'default', null],
      ['GET', '/v1/subscriptions/:id', 400, 'default', 'invalid_request'],
      ['GET', null, 404, null, 'route_not_found'],
      ['PATCH', '/v1/subscriptions/:id', 405, null, 'method_not_allowed'],
    ]);
    expect(JSON.stringify(api.lines)).not.toMatch(/secret|name/);
  });
});

describe('methods', () => {
  it('names the methods of a known path', async () => {
    await start();
    const answer = await api.call('DELETE', '/v1/notifications');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD, OPTIONS']);
    expect(answer.body.allowed_methods).toEqual(['POST', 'GET', 'HEAD', 'OPTIONS']);
  });

  it('tells the methods of a path that has the form of another with an id', async () => {
    await start();
    const { headers } = await api.call('OPTIONS', '/v1/subscriptions/import', { sign: 'none' });
    expect(headers.get('allow')).toBe('POST, OPTIONS');
    const refused = await api.call('POST', '/v1/subscriptions/none');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, DELETE, HEAD, OPTIONS']);
  });

  it('answers OPTIONS with Allow, without credentials', async () => {
    await start();
    const answer = await api.call('OPTIONS', '/v1/subscriptions/sub_1', { sign: 'none' });
    expect([answer.status, answer.headers.get('allow'), answer.text]).toEqual([204, 'GET, DELETE, HEAD, OPTIONS', '']);
  });

  it('answers HEAD like GET, without the body', async () => {
    await start();
    expect(await api.call('HEAD', '/healthz', { sign: 'none' })).toMatchObject({ status: 200, text: '' });
    expect(await api.call('HEAD', '/v1/subscriptions')).toMatchObject({ status: 200, text: '' });
    expect(await api.call('HEAD', '/v1/subscriptions', { sign: 'none' })).toMatchObject({ status: 401, text: '' });
    expect(await api.call('HEAD', '/v1/deliveries/x/replay')).toMatchObject({ status: 405, text: '' });
  });
});

describe('CORS', () => {
  const origin = { Origin: 'https://shop.example' };

  it('is off by default', async () => {
    await start();
    const answer = await api.call('GET', '/v1/push/public-key', { sign: 'none', headers: origin });
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('lets named origins call, and read the headers they need, also of errors', async () => {
    await start({ corsAllowedOrigins: ['https://shop.example'] });
    const preflight = await api.call('OPTIONS', '/v1/subscriptions', {
      sign: 'none',
      headers: { ...origin, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    const allowed = preflight.headers.get('access-control-allow-headers') ?? '';
    for (const name of ['Authorization', 'X-Signature', 'X-Timestamp', 'X-Nonce', 'X-Key-Id', 'Idempotency-Key']) {
      expect(allowed).toContain(name);
    }
    const refused = await api.call('POST', '/v1/subscriptions', { sign: 'none', headers: origin });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(refused.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    const methods = await api.call('OPTIONS', '/v1/subscriptions', { sign: 'none', headers: origin });
    expect(methods.headers.get('allow')).toBe('POST, GET, DELETE, HEAD, OPTIONS');
    const other = await api.call('GET', '/healthz', { sign: 'none', headers: { Origin: 'https://evil.example' } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('when things go wrong', () => {
  it('hides an unexpected error from the caller and shows it to the log', async () => {
    const error = new TypeError('the password is hunter2');
    await start({ wrapStore: failing(error) });
    const answer = await api.call('GET', '/v1/subscriptions/sub_1');
    expect([answer.status, answer.body.code]).toEqual([500, 'internal_error']);
    expect(answer.text).not.toContain('hunter2');
    expect(api.errors.map(({ cause }) => cause)).toEqual([error]);
    expect(api.lines.at(-1)?.code).toBe('internal_error');
  });

  it('says to try again when the store is out of reach', async () => {
    await start({
      wrapStore: failing(new AppError('store_unavailable', 'The store is out of reach.', {}, 'disk full')),
    });
    const answer = await api.call('GET', '/v1/subscriptions/sub_1');
    expect([answer.status, answer.body.code]).toEqual([503, 'store_unavailable']);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.text).not.toContain('disk full');
    expect(api.errors.map(({ cause }) => cause)).toEqual(['disk full']);
  });

  it('refuses a body in an encoding that it would not undo', async () => {
    await start();
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    const answer = await api.call('POST', '/v1/notifications', { body: '{}', headers });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('takes nothing new while shutting down', async () => {
    await start({ isStopping: () => true });
    for (const path of ['/v1/notifications', '/v1/push/public-key', '/openapi.json', '/nowhere']) {
      const answer = await api.call('GET', path);
      expect([answer.status, answer.body.code]).toEqual([503, 'shutting_down']);
      expect([answer.headers.get('retry-after'), answer.headers.get('connection')]).toEqual(['5', 'close']);
    }
  });

  it('never shows a secret in an error', async () => {
    await start();
    const answer = await api.call('POST', '/v1/notifications', { body: `{"x":"${SECRET}`, headers: {} });
    expect(answer.text).not.toContain(SECRET);
    const json = await api.call('POST', '/v1/notifications', {
      body: `{"x":${SECRET}}`,
      headers: { 'Content-Type': 'application/json' },
    });
    expect(json.body.code).toBe('malformed_json');
    expect(json.text).not.toContain('secret');
  });
});
