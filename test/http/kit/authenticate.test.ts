import { afterEach, describe, expect, it } from 'vitest';
import { type Api, type ApiOptions, SECRET, signatureOf, startApi } from '../../support/api.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
afterEach(() => api.dispose());

const list = (call: Parameters<Api['call']>[2]) => api.call('GET', '/v1/subscriptions?limit=1', call);

describe('credentials', () => {
  it.each([
    ['the default key', {}, 'default'],
    ['the older secret of the same key', { secret: 'the-older-secret-of-default' }, 'default'],
    ['another key by its id', { keyId: 'shop', secret: 'secret-of-the-shop' }, 'shop'],
    ['a nonce', { nonce: 'once-only' }, 'default'],
    ['a Bearer token', { sign: 'bearer' }, 'default'],
    ['another key’s Bearer token', { sign: 'bearer', secret: 'secret-of-the-shop' }, 'shop'],
    ['a time 300 s behind', { timestamp: '1767225300' }, 'default'],
    ['a time 300 s ahead', { timestamp: '1767225900' }, 'default'],
  ] as const)('opens with %s', async (_, call, keyId) => {
    await start();
    expect((await list(call)).status).toBe(200);
    expect(api.lines.at(-1)?.key_id).toBe(keyId);
  });

  it('covers the query and the body as they were sent', async () => {
    await start();
    const answer = await api.call('POST', '/v1/notifications', {
      body: '{ "type":"t" ,"title":"ü","user_ids":["u1"] }',
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
    });
    expect(answer.status).toBe(202);
    expect((await api.call('GET', '/v1/subscriptions?user_id=a%20b%2Fc')).status).toBe(200);
  });

  it('covers the path as it was on the wire, where the runtime tells it', async () => {
    await start();
    const path = '/v1/./subscriptions?user_id={"x"}';
    const timestamp = String(api.clock.now() / 1000);
    const signature = signatureOf({ secret: SECRET, timestamp, method: 'GET', path, body: '', nonce: undefined });
    const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature };
    expect((await api.app.request(path, { headers }, { incoming: { url: path } })).status).toBe(200);
    expect((await api.app.request(path, { headers })).status).toBe(401);
  });

  it('refuses a nonce the second time, for that key alone, and also late in the window', async () => {
    await start();
    expect((await list({ nonce: 'n1' })).status).toBe(200);
    expect((await list({ nonce: 'n1' })).body.code).toBe('reused_nonce');
    expect((await list({ nonce: 'n1', keyId: 'shop', secret: 'secret-of-the-shop' })).status).toBe(200);
    api.clock.advance(299_000);
    await api.store.sweep(api.clock.now());
    expect((await list({ nonce: 'n1' })).body.code).toBe('reused_nonce');
  });

  it('does not let a stranger use up a nonce', async () => {
    await start();
    expect((await list({ nonce: 'n1', secret: 'wrong' })).body.code).toBe('bad_signature');
    expect((await list({ nonce: 'n1' })).status).toBe(200);
  });

  it('tells a stale caller the server’s time and how far off it is', async () => {
    await start();
    const { body, headers } = await list({ timestamp: '1767224600' });
    expect(body).toMatchObject({
      code: 'stale_timestamp',
      server_time_seconds: 1_767_225_600,
      server_time: '2026-01-01T00:00:00.000Z',
    });
    expect(body.detail).toContain('1000 seconds behind');
    expect(headers.get('www-authenticate')).toBe('Bearer realm="bellhop"');
    expect((await list({ timestamp: '1767225600000' })).body.detail).toContain('milliseconds');
  });

  it('refuses Bearer where it is switched off, and says so', async () => {
    await start({ allowBearer: false });
    expect((await list({ sign: 'bearer' })).body.code).toBe('bearer_disabled');
    expect((await list({ sign: 'none' })).body.detail).not.toContain('Bearer');
    expect((await list({})).status).toBe(200);
  });

  it('prefers the signature where both are sent', async () => {
    await start();
    const answer = await list({ secret: 'wrong', headers: { Authorization: `Bearer ${SECRET}` } });
    expect(answer.body.code).toBe('bad_signature');
  });

  it('comes before parsing: a stranger learns nothing from a body', async () => {
    await start();
    const answer = await api.call('POST', '/v1/notifications', { body: '{', sign: 'none' });
    expect(answer.body.code).toBe('missing_credentials');
  });
});
