import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createListener } from '../../../src/http/listener.ts';
import { closeServer, listen } from '../../../src/service/server.ts';
import { type Api, browser, SECRET, signatureOf, startApi } from '../../support/api.ts';
import { LISTEN } from '../../support/raw-http.ts';

let api: Api;
let server: Server;
let port: number;
beforeAll(async () => {
  api = await startApi();
  server = await listen(createListener(api.app, api.parts), LISTEN);
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await closeServer(server);
  await api.dispose();
});

type Answer = { readonly status: number; readonly body: ReturnType<typeof JSON.parse> };

/** Sends the path as it is. */
function send(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const calling = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) }),
      );
    });
    calling.once('error', reject);
    calling.end(body);
  });
}

const signed = (method: string, path: string, body = ''): Record<string, string> => {
  const timestamp = String(api.clock.now() / 1000);
  return { 'X-Timestamp': timestamp, 'X-Signature': signatureOf({ timestamp, method, path, body }) };
};

/** The path is signed as it is sent. */
function call(method: string, path: string, json?: unknown): Promise<Answer> {
  const body = json === undefined ? '' : JSON.stringify(json);
  const type = body === '' ? {} : { 'Content-Type': 'application/json' };
  const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  return send(method, path, { ...signed(method, path, body), ...type, ...length }, body);
}

const USERS = [
  'org/42',
  '/',
  'a/b/c',
  '/v1/users',
  '../../healthz',
  'a\\b',
  '..\\..',
  '100%',
  '%2F',
  '%252F',
  'a b',
  '...',
  'a..b',
  '.a',
  'ü 🔔/日本',
  'a:b',
  'a?b#c',
  'a;b=c,d',
  '*',
  ':user_id',
  '{user_id}',
  'tags',
  '__proto__',
];

describe.each(USERS)('the user %j, percent-encoded', (user) => {
  const encoded = encodeURIComponent(user);
  const path = `/v1/users/${encoded}`;
  beforeEach(async () => {
    await api.register(user);
  });

  it('is the user of every route of a user', async () => {
    const patched = await call('PATCH', path, { preferences: { 'digest.*': false } });
    expect([patched.status, patched.body]).toEqual([200, expect.objectContaining({ user_id: user })]);
    expect((await call('GET', path)).body).toMatchObject({ user_id: user, preferences: { 'digest.*': false } });
    expect((await call('POST', `${path}/tags`, { add: ['beta'] })).body).toMatchObject({
      user_id: user,
      tags: ['beta'],
    });
    expect((await call('GET', `${path}/explain?type=digest.daily`)).body).toMatchObject({
      user_id: user,
      reason: 'opted_out',
    });
    expect(await call('GET', `${path}/suppressions`)).toMatchObject({ status: 200, body: { items: [] } });
    const { id } = await api.notify([user]);
    expect(await call('GET', `${path}/deliveries`)).toMatchObject({ status: 200 });
    expect((await call('GET', `${path}/explain?notification_id=${id}`)).body).toMatchObject({ user_id: user });
    expect((await call('DELETE', `${path}/subscriptions`)).body).toEqual({ removed: 1 });
  });

  it('is that of a token alone', async () => {
    const tokenOf = async (userId: string): Promise<string> =>
      (await call('POST', '/v1/subscriber-tokens', { user_id: userId })).body.token;
    const get = async (token: string): Promise<number> =>
      (await send('GET', path, { Authorization: `Bearer ${token}` })).status;
    await call('PATCH', path, {});
    expect(await get(await tokenOf(user))).toBe(200);
    expect(await get(await tokenOf(`${user}x`))).toBe(403);
  });
});

describe('a type, percent-encoded', () => {
  it.each(['order/shipped', 'a/b.*', '/', 'a:b', 'shop/eu:order.*', '*', 'a..b', '..*', '-/-'])(
    '%j has a rule that is put, read, listed and taken back',
    async (pattern) => {
      const path = `/v1/types/${encodeURIComponent(pattern)}`;
      const rule = { pattern, ttl_seconds: 60 };
      expect(await call('PUT', path, { ttl_seconds: 60 })).toMatchObject({ status: 200, body: rule });
      expect((await call('GET', path)).body).toEqual(rule);
      expect((await call('GET', '/v1/types')).body.items).toEqual([rule]);
      expect((await call('DELETE', path)).status).toBe(204);
      expect((await call('GET', path)).body.code).toBe('type_rule_not_found');
    },
  );

  it('with characters that no type has is refused by name', async () => {
    for (const pattern of ['a%20b', 'a%5Cb', '100%25', '%C3%BC']) {
      expect(await call('PUT', `/v1/types/${pattern}`, {})).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', issues: [{ path: 'type' }] },
      });
    }
  });
});

describe('a tag, percent-encoded', () => {
  it.each(['plan/pro', '/', 'a/b/c', 'plan:pro', 'a..b', '...', '-'])('%j goes to users', async (tag) => {
    expect((await call('POST', `/v1/tags/${encodeURIComponent(tag)}/users`, { add: ['ada'] })).status).toBe(204);
    expect((await call('GET', '/v1/tags')).body.items).toContainEqual({ tag, user_count: 1 });
    const listed = await call('GET', `/v1/users?tag=${encodeURIComponent(tag)}`);
    expect(listed.body.items).toMatchObject([{ user_id: 'ada' }]);
    expect((await call('POST', `/v1/tags/${encodeURIComponent(tag)}/users`, { remove: ['ada'] })).status).toBe(204);
  });
});

describe('a segment', () => {
  it.each(['a..b', '...', '-_.'])('%j is put and deleted', async (key) => {
    expect((await call('PUT', `/v1/segments/${key}`, { tags: 'beta' })).body).toEqual({ key, tags: 'beta' });
    expect((await call('DELETE', `/v1/segments/${key}`)).status).toBe(204);
  });

  it.each(['a%2Fb', 'a%20b', '%C3%BC'])('that is no key is refused by name: %s', async (key) => {
    expect(await call('PUT', `/v1/segments/${key}`, { tags: 'beta' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', issues: [{ path: 'key' }] },
    });
  });
});

describe('a slash that is encoded', () => {
  it('is no other route, and stays one of the id where ids are ours', async () => {
    await api.register('u1', browser());
    for (const path of [
      '/v1/users/a%2Fsubscriptions',
      '/v1/users/a/tags%2Fb',
      '/v1/notifications/a%2Fdeliveries',
      '/v1/subscriptions/x%2F..%2F..%2Fsubscriptions',
      '/v1/deliveries/%2F',
    ]) {
      const { status, body } = await call('GET', path);
      expect([path, status, body.code]).toEqual([path, 404, expect.stringMatching(/_not_found$/)]);
    }
  });

  it('is signed as it was sent: in small letters it is another path', async () => {
    await call('PATCH', '/v1/users/org%2F42', {});
    const headers = signed('GET', '/v1/users/org%2F42');
    expect((await send('GET', '/v1/users/org%2F42', headers)).status).toBe(200);
    expect((await send('GET', '/v1/users/org%2f42', headers)).body.code).toBe('bad_signature');
    const small = await send('GET', '/v1/users/org%2f42', { Authorization: `Bearer ${SECRET}` });
    expect(small.body).toMatchObject({ user_id: 'org/42' });
  });
});
