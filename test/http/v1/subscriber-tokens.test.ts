import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, browser, type CallOptions, SECRET, startApi } from '../../support/api.ts';
import { jwtOf } from '../../support/jwt.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi({ corsAllowedOrigins: ['https://shop.example'] });
});
afterEach(() => api.dispose());

const mint = async (userId: string, ttlSeconds?: number): Promise<string> => {
  const json = { user_id: userId, ...(ttlSeconds === undefined ? {} : { ttl_seconds: ttlSeconds }) };
  const answer = await api.call('POST', '/v1/subscriber-tokens', { json });
  expect(answer.status).toBe(201);
  return answer.body.token;
};
const as = (token: string, method: string, path: string, call: CallOptions = {}) =>
  api.call(method, path, {
    ...call,
    sign: 'none',
    headers: { Origin: 'https://shop.example', Authorization: `Bearer ${token}`, ...call.headers },
  });

describe('POST /v1/subscriber-tokens', () => {
  it('makes one for an hour, or for as long as asked', async () => {
    const answer = await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: 'u1' } });
    expect(answer.body).toEqual({
      token: expect.any(String),
      user_id: 'u1',
      expires_at: '2026-01-01T01:00:00.000Z',
    });
    const day = await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: 'u1', ttl_seconds: 86_400 } });
    expect(day.body.expires_at).toBe('2026-01-02T00:00:00.000Z');
    expect(JSON.stringify(api.lines)).not.toContain(answer.body.token);
  });

  it.each([
    ['no user', {}, 'user_id'],
    ['a short life', { user_id: 'u1', ttl_seconds: 59 }, 'ttl_seconds'],
    ['a long life', { user_id: 'u1', ttl_seconds: 86_401 }, 'ttl_seconds'],
    ['a fraction', { user_id: 'u1', ttl_seconds: 60.5 }, 'ttl_seconds'],
  ])('refuses %s by name', async (_, json, path) => {
    const answer = await api.call('POST', '/v1/subscriber-tokens', { json });
    expect(answer.body).toMatchObject({ code: 'invalid_request', issues: [{ path }] });
  });
});

describe('a page with a subscriber token', () => {
  it('registers its browser without naming the user, reads it, lists it, deletes it', async () => {
    const token = await mint('u1');
    const made = await as(token, 'POST', '/v1/subscriptions', { json: browser() });
    expect([made.status, made.body.user_id]).toEqual([201, 'u1']);
    const path = `/v1/subscriptions/${made.body.id}`;
    expect((await as(token, 'GET', path)).body).toEqual(made.body);
    expect((await as(token, 'HEAD', path)).status).toBe(200);
    expect((await as(token, 'GET', '/v1/subscriptions')).body.items).toEqual([made.body]);
    expect((await as(token, 'DELETE', path)).status).toBe(204);
    expect((await as(token, 'GET', path)).body.code).toBe('subscription_not_found');
  });

  it('may name its own user, and no other', async () => {
    const token = await mint('u1');
    const json = (user_id: string) => ({ json: { user_id, ...browser() } });
    expect((await as(token, 'POST', '/v1/subscriptions', json('u1'))).status).toBe(201);
    const other = await as(token, 'POST', '/v1/subscriptions', json('u2'));
    expect([other.status, other.body.code]).toEqual([403, 'subscriber_token_not_enough']);
    expect((await as(token, 'GET', '/v1/subscriptions?user_id=u1')).body.items).toHaveLength(1);
    expect((await as(token, 'GET', '/v1/subscriptions?user_id=u2')).body.code).toBe('subscriber_token_not_enough');
    expect((await api.call('GET', '/v1/subscriptions?user_id=u2')).body.items).toEqual([]);
  });

  it('sees nothing of another user’s, and cannot delete it', async () => {
    const { id } = await api.register('u2');
    const token = await mint('u1');
    expect((await as(token, 'GET', `/v1/subscriptions/${id}`)).body.code).toBe('subscription_not_found');
    expect((await as(token, 'DELETE', `/v1/subscriptions/${id}`)).body.code).toBe('subscription_not_found');
    expect((await as(token, 'GET', '/v1/subscriptions?include_inactive=true')).body.items).toEqual([]);
    expect((await api.call('GET', `/v1/subscriptions/${id}`)).body.active).toBe(true);
  });

  it('takes another user’s browser over only by the rule of equal keys', async () => {
    const given = browser();
    const first = await api.call('POST', '/v1/subscriptions', { json: { user_id: 'u2', ...given } });
    const token = await mint('u1');
    const guess = await as(token, 'POST', '/v1/subscriptions', { json: { ...given, keys: browser().keys } });
    expect([guess.status, guess.body.code]).toEqual([409, 'endpoint_taken']);
    const moved = await as(token, 'POST', '/v1/subscriptions', { json: given });
    expect(moved.body).toMatchObject({ user_id: 'u1', replaces: first.body.id });
    expect((await as(token, 'GET', `/v1/subscriptions/${first.body.id}`)).status).toBe(404);
  });

  it('is refused everywhere else, and learns nothing there from what it sends', async () => {
    const token = await mint('u1');
    const { id } = await as(token, 'POST', '/v1/subscriptions', { json: browser() }).then(({ body }) => body);
    const document = (await api.call('GET', '/openapi.json', { sign: 'none' })).body;
    type Operation = { security: Record<string, unknown>[] };
    const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, item]) =>
        Object.entries(item).map(([method, { security }]) => ({ path: path.replace('{id}', id), method, security })),
    );
    const isFor = ({ security }: Operation) => security.length === 0 || security.some((one) => 'subscriber' in one);
    expect(
      operations
        .filter(isFor)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual(
      [
        'delete /v1/subscriptions',
        `delete /v1/subscriptions/${id}`,
        'delete /v1/users/{user_id}/subscriptions',
        'get /',
        'get /healthz',
        'get /openapi.json',
        'get /readyz',
        'get /sdk/bellhop-sw.js',
        'get /sdk/bellhop.d.ts',
        'get /sdk/bellhop.js',
        'get /sdk/preferences.d.ts',
        'get /sdk/preferences.js',
        'get /v1/push/public-key',
        'get /v1/subscriptions',
        `get /v1/subscriptions/${id}`,
        'get /v1/users/{user_id}',
        'patch /v1/users/{user_id}',
        'post /v1/receipts',
        'post /v1/subscriptions',
        'post /v1/subscriptions/remove',
      ].sort(),
    );
    const closed = operations.filter((operation) => !isFor(operation));
    expect(closed.length).toBeGreaterThan(10);
    for (const { method, path } of closed) {
      const answer = await as(token, method.toUpperCase(), path, method === 'post' ? { body: '{' } : {});
      expect([answer.status, answer.body.code], `${method} ${path}`).toEqual([403, 'subscriber_token_not_enough']);
      expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
    }
  });

  it('is told apart in the log from the back end that holds the key', async () => {
    await as(await mint('u1'), 'GET', '/v1/subscriptions');
    await as('a.b.c', 'GET', '/v1/subscriptions');
    expect(api.lines.map(({ key_id, caller }) => [key_id, caller])).toEqual([
      ['default', 'key'],
      ['default', 'subscriber'],
      [null, null],
    ]);
  });

  it('is told when its token has ended, and when it is none, with CORS headers so that the page can read it', async () => {
    const token = await mint('u1', 60);
    api.clock.advance(60_000);
    const ended = await as(token, 'GET', '/v1/subscriptions');
    expect([ended.status, ended.body.code]).toEqual([401, 'expired_subscriber_token']);
    expect(ended.body.expired_at).toBe('2026-01-01T00:01:00.000Z');
    const wrong = await as(jwtOf('not-a-live-secret'), 'POST', '/v1/subscriptions', { json: browser() });
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_subscriber_token']);
    for (const answer of [ended, wrong]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="bellhop", error="invalid_token"');
    }
  });

  it('passes the browser’s preflight for each of its calls', async () => {
    for (const [method, path] of [
      ['POST', '/v1/subscriptions'],
      ['GET', '/v1/subscriptions'],
      ['DELETE', '/v1/subscriptions/sub_1'],
      ['PATCH', '/v1/users/user-42'],
      ['GET', '/v1/push/public-key'],
    ] as const) {
      const answer = await api.call('OPTIONS', path, {
        sign: 'none',
        headers: {
          Origin: 'https://shop.example',
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': 'authorization,content-type',
        },
      });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, 'https://shop.example']);
      expect(answer.headers.get('access-control-allow-methods')?.split(',')).toContain(method);
      expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
    }
  });
});

describe('beside API secrets', () => {
  it('works where secrets are switched off as Bearer', async () => {
    await api.dispose();
    api = await startApi({ allowBearer: false });
    const token = await mint('u1');
    expect((await as(token, 'GET', '/v1/subscriptions')).status).toBe(200);
    expect((await as(SECRET, 'GET', '/v1/subscriptions')).body.code).toBe('bearer_disabled');
  });

  it('a token never counts as a signature, nor its secret as a token', async () => {
    const headers = {
      Authorization: `Bearer ${jwtOf(SECRET)}`,
      'X-Signature': 'a'.repeat(64),
      'X-Timestamp': '1767225600',
    };
    expect((await api.call('GET', '/v1/subscriptions', { sign: 'none', headers })).body.code).toBe('bad_signature');
    expect((await as('some.dotted.secret', 'GET', '/v1/subscriptions')).body.code).toBe('invalid_subscriber_token');
  });
});
