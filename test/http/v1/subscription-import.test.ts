import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, browser, OLDER_KEY, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

const BEFORE = new Date(NOW_MS - 86_400_000).toISOString();

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const line = (fields: object = {}) => ({ user_id: 'ada', vapid_public_key: OLDER_KEY, ...browser(), ...fields });
const send = (subscriptions: readonly unknown[], more: object = {}) =>
  api.call('POST', '/v1/subscriptions/import', { json: { subscriptions, ...more } });
const importOne = async (given: unknown) => (await send([given])).body.items[0];
const read = async (id: string) => (await api.call('GET', `/v1/subscriptions/${id}`)).body;
const everybody = async () =>
  (await api.call('GET', '/v1/subscriptions?include_inactive=true')).body.items as { id: string; user_id: string }[];

describe('an import', () => {
  it('adds, and changes nothing when it is sent again', async () => {
    const lines = [line({ created_at: '2024-02-01T10:00:00Z', tags: ['beta', 'plan:gold'] }), line()];
    const first = await send(lines);
    expect(first.status).toBe(200);
    expect(first.body.items).toMatchObject([
      { index: 0, result: 'added', code: null, reason: null },
      { index: 1, result: 'added' },
    ]);
    const { subscription_id: id } = first.body.items[0];
    expect(await read(id)).toMatchObject({
      user_id: 'ada',
      active: true,
      vapid_public_key: OLDER_KEY,
      created_at: '2024-02-01T10:00:00.000Z',
    });
    expect((await api.call('GET', '/v1/users/ada')).body).toMatchObject({ tags: ['beta', 'plan:gold'] });
    const again = await send(lines);
    expect(again.body.items).toMatchObject([
      { result: 'unchanged', subscription_id: id },
      { result: 'unchanged', subscription_id: first.body.items[1].subscription_id },
    ]);
    expect(await everybody()).toHaveLength(2);
  });

  it('writes nothing in a dry run, and answers the same', async () => {
    const known = line();
    await send([known]);
    const dry = await send([line(), known, line({ keys: { p256dh: 'no', auth: 'no' } })], { dry_run: true });
    expect(dry.body.items).toMatchObject([
      { result: 'added', subscription_id: null },
      { result: 'unchanged' },
      { result: 'refused', code: 'invalid_subscription_keys' },
    ]);
    expect(await everybody()).toHaveLength(1);
  });

  it('takes a user without a subscription, and leaves alone of whom something is known', async () => {
    await api.call('PATCH', '/v1/users/ben', { json: { preferences: { news: true } } });
    const lines = [
      { user_id: 'ada', user: { preferences: { news: false }, locale: 'de' }, tags: ['beta'] },
      { user_id: 'ben', user: { preferences: { news: false } }, tags: ['beta'] },
      { user_id: 'cy', user: {}, tags: ['beta'] },
      { user_id: 'dan', user: { locale: '?' } },
      { user: {} },
      { user_id: 'eve', tags: ['beta'] },
      { user_id: 'eve', user: {}, vapid_public_key: OLDER_KEY },
    ];
    const results = ['added', 'unchanged', 'added', 'refused', 'refused', 'refused', 'refused'];
    const dry = await send(lines, { dry_run: true });
    expect(dry.body.items.map(({ result }: { result: string }) => result)).toEqual(results);
    expect((await api.call('GET', '/v1/users/ada')).status).toBe(404);
    const { body } = await send(lines);
    expect(body.items.map(({ result }: { result: string }) => result)).toEqual(results);
    expect(body.items[3]).toMatchObject({ code: 'invalid_request', reason: expect.stringContaining('user.locale') });
    expect(body.items[6]).toMatchObject({ code: 'invalid_request', reason: expect.stringContaining('endpoint') });
    const known = async (id: string) => (await api.call('GET', `/v1/users/${id}`)).body;
    expect(await known('ada')).toMatchObject({ tags: ['beta'], locale: 'de', preferences: { news: false } });
    expect(await known('ben')).toMatchObject({ tags: ['beta'], preferences: { news: true } });
    expect(await known('cy')).toMatchObject({ tags: ['beta'] });
    const again = await send(lines.slice(0, 3));
    expect(again.body.items).toMatchObject(Array(3).fill({ result: 'unchanged', subscription_id: null }));
  });

  it('leaves the tags of a user out who would have too many, and says so', async () => {
    const tags = Array.from({ length: 199 }, (_, index) => `t${index}`);
    await api.call('PATCH', '/v1/users/ada', { json: { tags } });
    const { items } = (await send([line({ tags: ['one', 'two'] })])).body;
    expect(items).toMatchObject([{ result: 'added', reason: expect.stringContaining('more than 200') }]);
    expect((await api.call('GET', '/v1/users/ada')).body.tags).toHaveLength(199);
    expect((await send([line({ tags: ['one'] })])).body.items).toMatchObject([{ result: 'added', reason: null }]);
    expect((await api.call('GET', '/v1/users/ada')).body.tags).toHaveLength(200);
  });

  it('refuses each line that cannot be sent to for itself, as registering does', async () => {
    const at = (endpoint: string) => line({ endpoint });
    const { keys, ...withoutKeys } = line();
    const cases: readonly [given: unknown, code: string, says: string][] = [
      [at('https://permanently-removed.invalid/x'), 'invalid_endpoint', 'never exists'],
      [at('https://10.0.0.7/x'), 'endpoint_not_allowed', 'PUSH_ALLOWED_HOSTS'],
      [at('https://push.elsewhere.example/x'), 'endpoint_not_allowed', 'PUSH_ALLOWED_HOSTS'],
      [at('http://push.example.net/x'), 'invalid_endpoint', 'https'],
      [at('dGhpcyBpcyBhIHRva2Vu:APA91b'), 'invalid_endpoint', 'https URL'],
      [line({ keys: { ...keys, auth: 'AAAA' } }), 'invalid_subscription_keys', '16 octets'],
      [line({ vapid_public_key: 'BElsewhere' }), 'unknown_vapid_key', 'no VAPID public key'],
      [line({ vapid_public_key: undefined }), 'invalid_request', 'vapid_public_key is required'],
      [line({ user_id: undefined }), 'invalid_request', 'user_id is required'],
      [line({ user_id: 'a\u0007' }), 'invalid_request', 'user_id must hold no control characters'],
      [withoutKeys, 'invalid_request', 'keys is required'],
      [line({ created_at: 'yesterday' }), 'invalid_request', 'created_at must be an ISO 8601 instant'],
      [line({ tags: ['two words'] }), 'invalid_request', 'tags[0] must be 1 to 64'],
      ['a text', 'invalid_request', 'it must be an object'],
      [null, 'invalid_request', 'it must be an object'],
    ];
    const { status, body, text } = await send([...cases.map(([given]) => given), line()]);
    expect(status).toBe(200);
    for (const [index, [, code, says]] of cases.entries()) {
      expect(body.items[index], says).toMatchObject({ index, result: 'refused', code, subscription_id: null });
      expect(body.items[index].reason).toContain(says);
    }
    expect(body.items.at(-1)).toMatchObject({ result: 'added' });
    expect(text).not.toContain('APA91b');
    expect(await everybody()).toHaveLength(1);
  });

  it('names the VAPID key that is missing, and how to bring it along', async () => {
    const elsewhere = browser().keys.p256dh;
    const { code, reason } = await importOne(line({ vapid_public_key: elsewhere }));
    expect(code).toBe('unknown_vapid_key');
    expect(reason).toContain(elsewhere);
    expect(reason).toContain('--vapid-keys');
  });

  it('leaves a browser alone that registered itself here', async () => {
    const device = browser();
    const own = await api.call('POST', '/v1/subscriptions', { json: { user_id: 'ada', ...device } });
    const stale = { user_id: 'ada', ...device, vapid_public_key: OLDER_KEY, updated_at: BEFORE };
    expect(await importOne(stale)).toMatchObject({ result: 'unchanged', subscription_id: own.body.id });
    expect(await importOne({ ...stale, updated_at: undefined })).toMatchObject({ result: 'unchanged' });
    expect(await read(own.body.id)).toEqual(own.body);
  });

  it('takes no endpoint from another user, but where the line is newer and has both keys', async () => {
    const device = browser();
    const of = (user_id: string, updated_at?: string, more: object = {}) =>
      importOne({ user_id, ...device, vapid_public_key: OLDER_KEY, updated_at, ...more });
    const first = await of('ada', '2024-01-01T00:00:00Z');
    const taken = { result: 'refused', code: 'endpoint_taken', subscription_id: null };
    expect(await of('ben')).toMatchObject(taken);
    expect(await of('ben', '2023-01-01T00:00:00Z')).toMatchObject(taken);
    expect(await of('ben', '2999-01-01T00:00:00Z')).toMatchObject(taken);
    expect(await of('ben', '2024-01-02T00:00:00Z', { keys: browser().keys })).toMatchObject(taken);
    const moved = await of('ben', '2024-01-02T00:00:00Z');
    expect(moved).toMatchObject({ result: 'moved' });
    expect(await read(moved.subscription_id)).toMatchObject({ replaces: first.subscription_id, active: true });
    const back = await of('ada', '2024-01-01T00:00:00Z');
    expect(back).toMatchObject({ result: 'unchanged', subscription_id: first.subscription_id });
    expect(back.reason).toContain('another user signed in');
  });

  it('brings back nothing that was called gone since, and corrects what a newer line knows better', async () => {
    const given = line({ updated_at: '2024-01-01T00:00:00Z' });
    const { subscription_id: id } = await importOne(given);
    const { keys } = browser();
    const newer = { ...given, keys, updated_at: '2024-01-02T00:00:00Z' };
    expect(await importOne(newer)).toMatchObject({ result: 'updated', subscription_id: id });
    const kept = (await api.store.subscriptions.get(id))!;
    expect(kept.keys).toEqual(keys);
    await api.store.subscriptions.change([
      {
        kind: 'retire',
        subscriptionId: id,
        reason: 'gone',
        atMs: NOW_MS,
        deliveryId: null,
        notUpdatedSinceMs: NOW_MS,
      },
    ]);
    const gone = await importOne(newer);
    expect(gone).toMatchObject({ result: 'unchanged', subscription_id: id });
    expect(gone.reason).toContain('called it gone');
    expect(await read(id)).toMatchObject({ active: false });
  });

  it('decides between repeated lines by their order', async () => {
    const device = browser();
    const of = (user_id: string) => ({ user_id, ...device, vapid_public_key: OLDER_KEY });
    const { body } = await send([of('ada'), of('ada'), of('ben')]);
    expect(body.items.map(({ result }: { result: string }) => result)).toEqual(['added', 'unchanged', 'refused']);
  });

  it('needs the scope manage, and some lines', async () => {
    const json = { subscriptions: [line()] };
    const sender = { json, keyId: 'sends-only', secret: 'secret-that-sends-only' };
    expect(await api.call('POST', '/v1/subscriptions/import', sender)).toMatchObject({ status: 403 });
    expect(await send([])).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await send(Array.from({ length: 1001 }, () => 1))).toMatchObject({ status: 400 });
  });
});
