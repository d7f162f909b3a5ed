import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, createClient } from '../../src/client/client.ts';
import { type Heard, type Move, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const SECRET = 'ein geheimer Schlüssel mit ü und mehr';
const NOTE = { type: 't', title: 'Grüße 😀', user_ids: ['u1'] };
const TAKEN: Move = { status: 202, body: { id: 'ntf_1', status: 'accepted' } };

let server: ScriptedServer;
const start = async (moves: readonly Move[], options: Partial<ClientOptions> = {}) => {
  server = await startScriptedServer(...moves);
  return createClient({ url: server.url, secret: SECRET, retryBaseMs: 1, ...options });
};
afterEach(() => server?.close());

/** The seven lines of docs/http.md, of what came over the wire. */
const signatureOf = ({ method, path, headers, body }: Heard): string => {
  const { 'x-timestamp': timestamp, 'x-nonce': nonce = '', 'idempotency-key': key = '' } = headers;
  const lines = ['v2', timestamp, nonce, method, path, key, createHash('sha256').update(body).digest('hex')];
  return createHmac('sha256', SECRET).update(lines.join('\n')).digest('hex');
};

describe('a call', () => {
  it('is signed over what is sent, with a key id where one is given', async () => {
    const client = await start([TAKEN], { keyId: 'shop' });
    await client.send(NOTE);
    const { headers, body } = server.heard[0]!;
    expect(JSON.parse(body)).toEqual(NOTE);
    expect(headers['x-signature']).toBe(signatureOf(server.heard[0]!));
    expect(headers['x-key-id']).toBe('shop');
    expect(headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Number(headers['x-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  });

  it('never carries the secret', async () => {
    const client = await start([{ status: 200, body: { items: [], next_cursor: null } }]);
    await client.subscriptions.list({ user_id: 'a b&c', include_inactive: true, limit: undefined });
    await client.notifications.list();
    await client.notifications.get('../../x?y');
    expect(server.heard.map(({ path }) => path)).toEqual([
      '/v1/subscriptions?user_id=a+b%26c&include_inactive=true',
      '/v1/notifications',
      '/v1/notifications/..%2F..%2Fx%3Fy',
    ]);
    expect(JSON.stringify(server.heard)).not.toContain(SECRET);
  });

  it('behind a proxy with a path of its own is signed as Bellhop sees it', async () => {
    server = await startScriptedServer({ status: 200, body: { public_key: 'B' } });
    const client = createClient({ url: `${server.url}/push/`, secret: SECRET });
    expect(await client.publicKey()).toBe('B');
    const [heard] = server.heard;
    expect(heard?.path).toBe('/push/v1/push/public-key');
    expect(heard?.headers['x-signature']).toBe(signatureOf({ ...heard!, path: '/v1/push/public-key' }));
  });

  it('has a nonce of its own at each try', async () => {
    const client = await start(['cut', { status: 503, body: 'busy' }, TAKEN, TAKEN]);
    await client.send(NOTE);
    await client.send(NOTE);
    const nonces = server.heard.map(({ headers }) => String(headers['x-nonce']));
    expect(nonces.filter((nonce) => /^[0-9a-f-]{36}$/.test(nonce))).toHaveLength(4);
    expect(new Set(nonces).size).toBe(4);
    expect(server.heard.map(({ headers }) => headers['x-signature'])).toEqual(server.heard.map(signatureOf));
  });
});
