import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { BellhopError, type ClientOptions, createClient, eachItem } from '../../src/client/client.ts';
import { until } from '../support/until.ts';
import { type Move, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const SECRET = 'ein geheimer Schlüssel mit ü und mehr';
const TAKEN: Move = { status: 202, body: { id: 'ntf_1', status: 'accepted' } };
const NOTE = { type: 't', title: 'Grüße 😀', user_ids: ['u1'] };

let server: ScriptedServer;
const start = async (moves: readonly Move[], options: Partial<ClientOptions> = {}) => {
  server = await startScriptedServer(...moves);
  return createClient({ url: server.url, secret: SECRET, retryBaseMs: 1, ...options });
};
afterEach(() => server?.close());

const problem = (status: number, code: string, more: Record<string, unknown> = {}, headers = {}): Move => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req_of_server', ...headers },
  body: {
    type: `urn:bellhop:error:${code}`,
    title: 'Title',
    detail: 'What to do.',
    status,
    code,
    request_id: 'r',
    ...more,
  },
});
const caught = (promise: Promise<unknown>): Promise<BellhopError> =>
  promise.then(
    () => Promise.reject(new Error('it was answered')),
    (error) => error,
  );

describe('a try that failed in a way that may pass', () => {
  it.each<[string, Move]>([
    ['503', problem(503, 'store_unavailable')],
    ['429 of a proxy', { status: 429, body: 'slow down' }],
    ['502 of a proxy', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a connection that broke once the request was there', 'cut'],
    ['an answer that broke off', 'half'],
  ])('is made again: %s', async (_, move) => {
    const client = await start([move, move, TAKEN]);
    expect(await client.send(NOTE)).toMatchObject({ id: 'ntf_1' });
    expect(server.heard).toHaveLength(3);
  });

  it('is the same send: one idempotency key and one body; and one request id for the logs', async () => {
    const client = await start(['cut', problem(503, 'shutting_down'), TAKEN, TAKEN]);
    await client.send(NOTE);
    await client.send(NOTE);
    const keys = server.heard.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
    expect(new Set(server.heard.map(({ body }) => body)).size).toBe(1);
    expect(new Set(server.heard.slice(0, 3).map(({ headers }) => headers['x-request-id'])).size).toBe(1);
  });

  it('is made again where something on the way sent it twice, so that its nonce was used', async () => {
    const client = await start([problem(401, 'reused_nonce'), TAKEN]);
    expect(await client.send(NOTE)).toMatchObject({ id: 'ntf_1' });
    expect(server.heard).toHaveLength(2);
    await server.close();
    const once = await start([problem(401, 'reused_nonce'), TAKEN]);
    expect(await caught(once.deliveries.replay('dlv_1'))).toMatchObject({ code: 'reused_nonce' });
  });

  it('is made again for a dry run, which has no idempotency key', async () => {
    const client = await start(['cut', { status: 200, body: { dry_run: true, user_count: 1 } }]);
    expect(await client.dryRun(NOTE)).toMatchObject({ dry_run: true, user_count: 1 });
    for (const { headers, body } of server.heard) {
      expect([headers['idempotency-key'], JSON.parse(body)]).toEqual([undefined, { ...NOTE, dry_run: true }]);
    }
  });

  it('is made again with the caller’s own idempotency key', async () => {
    const client = await start(['cut', TAKEN]);
    await client.send(NOTE, { idempotencyKey: 'order-42-shipped' });
    expect(server.heard.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'order-42-shipped',
      'order-42-shipped',
    ]);
  });

  it.each(['schlüssel', '', ' order-42', 'order-42 ', 'order\n42'])(
    'is not made with the idempotency key %j, which no header can hold',
    async (idempotencyKey) => {
      const client = await start([TAKEN]);
      await expect(client.send(NOTE, { idempotencyKey })).rejects.toThrow(RangeError);
      expect(server.heard).toEqual([]);
    },
  );

  it('is made again after a silence of timeoutMs', async () => {
    const client = await start(['silence', TAKEN], { timeoutMs: 500 });
    await client.send(NOTE);
    expect(server.heard).toHaveLength(2);
  });

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 3000).toUTCString()],
  ])('waits as long as Retry-After asks, in %s', async (_, value) => {
    server = await startScriptedServer(problem(503, 'shutting_down', {}, { 'Retry-After': value() }), TAKEN);
    const client = createClient({ url: server.url, secret: SECRET, retryBaseMs: 1 });
    const startedAtMs = performance.now();
    await client.send(NOTE);
    // A date has whole seconds, so that of the three it asks for, two remain.
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(990);
  });

  it('is not made again where Retry-After asks for too long: the caller is told', async () => {
    const client = await start([problem(503, 'store_unavailable', {}, { 'Retry-After': '3600' })]);
    expect(await caught(client.send(NOTE))).toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 3600 });
    expect(server.heard).toHaveLength(1);
  });

  it('is made again so often and no more', async () => {
    const client = await start(['cut'], { maxRetries: 2 });
    const error = await caught(client.send(NOTE));
    expect(error).toBeInstanceOf(BellhopError);
    expect(error).toMatchObject({ code: 'connection_failed', status: null });
    expect(server.heard).toHaveLength(3);
    expect(error.requestId).toBe(server.heard[0]!.headers['x-request-id']);
  });
});

describe('a call that must not be made twice', () => {
  it.each<Move>(['cut', 'half', problem(503, 'store_unavailable'), { status: 502, body: 'x' }])(
    'a replay is left alone where it may have been done (%j)',
    async (move) => {
      const client = await start([move]);
      await caught(client.deliveries.replay('dlv_1'));
      expect(server.heard).toHaveLength(1);
    },
  );

  it('a replay is made again where it was refused by a server that is stopping', async () => {
    const client = await start([problem(503, 'shutting_down'), { status: 202, body: { id: 'dlv_1' } }]);
    expect(await client.deliveries.replay('dlv_1', { ttl_seconds: 60 })).toEqual({ id: 'dlv_1' });
    expect(server.heard.map(({ body }) => body)).toEqual(['{"ttl_seconds":60}', '{"ttl_seconds":60}']);
  });

  it('a deletion whose answer was lost is done: the 404 of the next try is no error', async () => {
    const client = await start(['cut', problem(404, 'subscription_not_found')]);
    expect(await client.subscriptions.delete('sub_1')).toBeUndefined();
    const other = createClient({ url: server.url, secret: SECRET });
    expect((await caught(other.subscriptions.delete('sub_1'))).code).toBe('subscription_not_found');
  });
});

describe('an error', () => {
  it('has code, status, details and request id, and in its message what to do', async () => {
    const issues = [{ path: 'title', message: 'is required' }];
    const client = await start([problem(400, 'invalid_request', { issues })]);
    const error = await caught(client.send(NOTE));
    expect(error).toMatchObject({
      name: 'BellhopError',
      message: 'What to do. title: is required.',
      code: 'invalid_request',
      status: 400,
      details: { issues },
      requestId: 'req_of_server',
      retryAfterSeconds: null,
    });
    expect(server.heard).toHaveLength(1);
  });

  it.each<[string, Move]>([
    ['a page of a proxy', { status: 404, body: '<html>not here</html>' }],
    ['JSON of another service', { status: 403, body: { error: 'no' } }],
    ['a success without JSON', { status: 200, body: '<html>hello</html>' }],
    ['JSON that is none', { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{' }],
  ])('says so where the answer is not Bellhop’s: %s', async (_, move) => {
    const client = await start([move]);
    expect(await caught(client.publicKey())).toMatchObject({ code: 'unexpected_answer' });
  });

  it('names where a redirection leads, and does not follow it', async () => {
    const client = await start([{ status: 301, headers: { Location: 'https://push.example.com/' }, body: '' }]);
    const error = await caught(client.send(NOTE));
    expect(error).toMatchObject({ code: 'unexpected_answer', status: 301 });
    expect(error.message).toContain('https://push.example.com/');
    expect(server.heard).toHaveLength(1);
  });

  it('of nobody listening tells where, and no secret', async () => {
    const client = await start([TAKEN], { maxRetries: 0 });
    await server.close();
    const error = await caught(client.send(NOTE));
    expect(error.code).toBe('connection_failed');
    expect(error.message).toContain(server.url);
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
    server = await startScriptedServer();
  });
});

describe('an abort', () => {
  it('ends a call under way, with the signal’s reason', async () => {
    const client = await start(['silence'], { timeoutMs: 60_000 });
    const stop = new AbortController();
    const call = caught(client.send(NOTE, { signal: stop.signal }));
    await until('the request is there', () => server.heard.length === 1);
    stop.abort(new Error('the user left'));
    expect((await call).message).toBe('the user left');
  });

  it('ends a call that is still being signed', async () => {
    const client = await start(['silence'], { timeoutMs: 60_000 });
    const stop = new AbortController();
    const call = caught(client.send(NOTE, { signal: stop.signal }));
    stop.abort(new Error('the user left'));
    expect((await call).message).toBe('the user left');
  });

  it('ends the wait between tries', async () => {
    const client = await start([problem(503, 'shutting_down', {}, { 'Retry-After': '20' })]);
    const stop = new AbortController();
    const call = caught(client.send(NOTE, { signal: stop.signal }));
    await until('the first try was refused', () => server.heard.length === 1);
    stop.abort(new Error('the user left'));
    expect((await call).message).toBe('the user left');
    expect(server.heard).toHaveLength(1);
  });

  it('before the call sends nothing', async () => {
    const client = await start([TAKEN]);
    await expect(client.send(NOTE, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    expect(server.heard).toEqual([]);
  });
});

describe('a fetch of one’s own', () => {
  it('may be one that must not be called as a method', async () => {
    const seen: unknown[] = [];
    const strict: typeof fetch = function (this: unknown, input, init) {
      seen.push(this, String(input), init?.method);
      return Promise.resolve(Response.json({ public_key: 'B' }));
    };
    const client = createClient({ url: 'https://push.example.com', secret: SECRET, fetch: strict });
    expect(await client.publicKey()).toBe('B');
    expect(seen).toEqual([undefined, 'https://push.example.com/v1/push/public-key', 'GET']);
  });
});

describe('eachItem', () => {
  it('gives every item of every page', async () => {
    const client = await start([
      { status: 200, body: { items: [1, 2], next_cursor: 'c1' } },
      { status: 200, body: { items: [], next_cursor: 'c2' } },
      { status: 200, body: { items: [3], next_cursor: null } },
    ]);
    const items: unknown[] = [];
    for await (const item of eachItem((cursor) => client.deadLetters.list({ cursor }))) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(server.heard.map(({ path }) => path)).toEqual([
      '/v1/dead-letters',
      '/v1/dead-letters?cursor=c1',
      '/v1/dead-letters?cursor=c2',
    ]);
  });
});

describe('createClient', () => {
  it.each(['', 'push.example.com', 'ftp://push.example.com', 'https://u:p@push.example.com', 'https://x.example/?a=1'])(
    'refuses the url %j at once',
    (url) => {
      expect(() => createClient({ url, secret: SECRET })).toThrow(TypeError);
    },
  );

  it('refuses a key id that no header can hold', () => {
    expect(() => createClient({ url: 'https://push.example.com', secret: SECRET, keyId: 'a b' })).toThrow(/keyId/);
  });

  it('takes a secret without the white space around it, as files and variables have it', async () => {
    const url = 'https://push.example.com';
    const { token } = await createClient({ url, secret: `\ufeff ${SECRET}\r\n` }).subscriberToken('u1');
    const [header, claims, signature] = token.split('.');
    const expected = createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url');
    expect(signature).toBe(expected);
    expect(() => createClient({ url, secret: ' \n' })).toThrow(/secret/);
  });

  it('refuses a secret that is not there', () => {
    const secret = undefined as unknown as string;
    expect(() => createClient({ url: 'https://push.example.com', secret })).toThrow(/secret/);
  });
});
