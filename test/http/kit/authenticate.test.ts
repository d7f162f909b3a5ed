import { createHmac } from 'node:crypto';
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

  it('covers the target as it was on the wire, and no other path that routing might go by', async () => {
    await start();
    const target = "/v1/subscriptions?user_id='x'";
    const timestamp = String(api.clock.now() / 1000);
    const signature = signatureOf({ timestamp, method: 'GET', path: target });
    const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature };
    const ask = (path: string) =>
      api.app.request(path, { headers }, { incoming: { url: target, headers: {}, socket: {} } });
    expect((await ask(target)).status).toBe(200);
    const elsewhere = await ask("/v1/notifications?user_id='x'");
    expect(await elsewhere.json()).toMatchObject({ code: 'invalid_request', issues: [{ path: 'target' }] });
  });

  it('refuses a nonce the second time, for that secret alone, and also late in the window', async () => {
    await start();
    expect((await list({ nonce: 'n1' })).status).toBe(200);
    expect((await list({ nonce: 'n1' })).body.code).toBe('reused_nonce');
    expect((await list({ nonce: 'n1', keyId: 'shop', secret: 'secret-of-the-shop' })).status).toBe(200);
    api.clock.advance(299_000);
    await api.store.retention.sweep(api.clock.now());
    expect((await list({ nonce: 'n1' })).body.code).toBe('reused_nonce');
  });

  it('refuses a nonce under another id of the same secret: the id is not signed', async () => {
    await start();
    expect((await list({ nonce: 'n1', keyId: 'shop', secret: 'secret-of-the-shop' })).status).toBe(200);
    const renamed = await list({ nonce: 'n1', keyId: 'store', secret: 'secret-of-the-shop' });
    expect(renamed.body.code).toBe('reused_nonce');
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

  it('refuses the form before v2, and tells the seven lines of v2', async () => {
    await start();
    const timestamp = String(api.clock.now() / 1000);
    for (const nonce of [undefined, 'n1']) {
      const signed = `${timestamp}\nGET\n/v1/subscriptions?limit=1\n${nonce === undefined ? '' : `\n${nonce}`}`;
      const signature = createHmac('sha256', SECRET).update(signed).digest('hex');
      const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature, ...(nonce && { 'X-Nonce': nonce }) };
      const { body } = await list({ sign: 'none', headers });
      expect(body.code).toBe('bad_signature');
      expect(body.detail).toMatch(/seven lines.*v2.*X-Timestamp.*X-Nonce.*method.*path.*Idempotency-Key.*SHA-256/);
    }
  });

  it('lets nobody take a nonce from the headers into the body', async () => {
    await start();
    const path = `/v1/subscriptions/${(await api.register('u1')).id}/restore`;
    const timestamp = String(api.clock.now() / 1000);
    const old = createHmac('sha256', SECRET).update(`${timestamp}\nPOST\n${path}\n\nn1`).digest('hex');
    for (const signature of [old, signatureOf({ timestamp, nonce: 'n1', method: 'POST', path })]) {
      const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature };
      const codes = [];
      for (const body of ['\nn1', 'n1', '']) {
        codes.push((await api.call('POST', path, { sign: 'none', headers, body })).body.code);
      }
      expect(codes).toEqual(['unexpected_body', 'unexpected_body', 'bad_signature']);
    }
  });

  it('covers the idempotency key: one signature is not good for three notifications', async () => {
    await start();
    const json = { type: 't', title: 'Once', user_ids: ['u1'] };
    const body = JSON.stringify(json);
    const timestamp = String(api.clock.now() / 1000);
    const signature = signatureOf({
      timestamp,
      method: 'POST',
      path: '/v1/notifications',
      idempotencyKey: 'order-1',
      body,
    });
    const statuses = [];
    for (const key of ['order-1', 'order-1', 'order-2', 'order-3', 'ORDER-1', 'order-1, order-1', undefined]) {
      const headers = {
        'Content-Type': 'application/json',
        'X-Timestamp': timestamp,
        'X-Signature': signature,
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      };
      statuses.push((await api.call('POST', '/v1/notifications', { sign: 'none', headers, body })).status);
    }
    expect(statuses).toEqual([202, 202, 401, 401, 401, 401, 401]);
    expect((await api.call('GET', '/v1/notifications')).body.items).toHaveLength(1);
  });

  it.each([
    ['DELETE', '/v1/subscriptions/sub_1'],
    ['POST', '/v1/subscriptions/sub_1/restore'],
    ['POST', '/v1/prune-holds/hld_1/confirm'],
  ])('%s %s refuses a body, of which nothing would be read', async (method, path) => {
    await start();
    const json = { a: 1 };
    const answer = await api.call(method, path, { json });
    expect([answer.status, answer.body.code]).toEqual([400, 'unexpected_body']);
    expect((await api.call(method, path, { json, sign: 'none' })).body.code).toBe('missing_credentials');
  });

  it('comes before parsing: a stranger learns nothing from a body', async () => {
    await start();
    const answer = await api.call('POST', '/v1/notifications', { body: '{', sign: 'none' });
    expect(answer.body.code).toBe('missing_credentials');
  });
});
