import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, browser, startApi } from '../../support/api.ts';
import { sampleSubscription } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const register = (user_id: string, given = browser()) =>
  api.call('POST', '/v1/subscriptions', { json: { user_id, ...given } });
const remove = (json: unknown) => api.call('POST', '/v1/subscriptions/remove', { json });
const idsOf = async (query = ''): Promise<string[]> => {
  const { body } = await api.call('GET', `/v1/subscriptions?include_inactive=true${query}`);
  return body.items.map(({ id }: { id: string }) => id);
};
const asPage = async (userId: string) => {
  const { body } = await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: userId } });
  const headers = { Authorization: `Bearer ${body.token}` };
  return (method: string, path: string, json?: unknown) => api.call(method, path, { sign: 'none', headers, json });
};

describe('POST /v1/subscriptions/remove', () => {
  it('deletes whatever has the endpoint, retired rows too, and says how many; again, none', async () => {
    const given = browser();
    const other = await register('u1');
    // The second takes it over from the first.
    for (const user of ['u1', 'u2']) await register(user, given);
    expect(await remove({ endpoint: given.endpoint })).toMatchObject({ status: 200, body: { removed: 2 } });
    expect(await idsOf()).toEqual([other.body.id]);
    const again = await remove({ endpoint: given.endpoint });
    expect([again.status, again.body]).toEqual([200, { removed: 0 }]);
    const told = api.told.filter(({ type }) => type === 'subscriptions.deleted');
    expect(told).toEqual([{ type: 'subscriptions.deleted', count: 2, userId: null }]);
    expect(JSON.stringify([api.told, api.lines])).not.toContain(given.endpoint.slice(-12));
  });

  it('deletes one user’s alone where one is named', async () => {
    const given = browser();
    const [first, second] = [await register('u1', given), await register('u2', given)];
    expect((await remove({ endpoint: given.endpoint, user_id: 'u3' })).body).toEqual({ removed: 0 });
    expect((await remove({ endpoint: given.endpoint, user_id: 'u1' })).body).toEqual({ removed: 1 });
    expect([await idsOf(), first.body.id === second.body.id]).toEqual([[second.body.id], false]);
  });

  it('finds the endpoint in the spelling in which it is kept', async () => {
    const given = { ...browser(), endpoint: 'https://push.example.net/send/a%2b' };
    await register('u1', given);
    expect((await remove({ endpoint: 'https://push.example.net/send/a%2B' })).body).toEqual({ removed: 1 });
    const older = 'https://PUSH.example.net/send/b';
    await api.store.subscriptions.register(sampleSubscription({ userId: 'u1', endpoint: older }));
    expect((await remove({ endpoint: older })).body).toEqual({ removed: 1 });
    expect((await remove({ endpoint: older })).body).toMatchObject({ code: 'invalid_endpoint' });
  });

  it.each(['https://push.example.net/…abcd', 'push.example.net/send/abcd', 'sub_01kdz9f1v6v6j0q2y3w4x5z6a7'])(
    'tells that %s is no endpoint, where it would seem to be removed',
    async (endpoint) => {
      const answer = await remove({ endpoint });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_endpoint']);
    },
  );

  it('with a subscriber token takes that user’s alone', async () => {
    const given = browser();
    await register('u1', given);
    const theirs = await register('u2', given);
    const page = await asPage('u1');
    const { endpoint } = given;
    const other = await page('POST', '/v1/subscriptions/remove', { endpoint, user_id: 'u2' });
    expect([other.status, other.body.code]).toEqual([403, 'subscriber_token_not_enough']);
    expect((await page('POST', '/v1/subscriptions/remove', { endpoint })).body).toEqual({ removed: 1 });
    expect((await page('POST', '/v1/subscriptions/remove', { endpoint })).body).toEqual({ removed: 0 });
    expect(await idsOf()).toEqual([theirs.body.id]);
  });

  it.each([
    ['no endpoint', { user_id: 'u1' }, 'endpoint', 'is required'],
    ['an empty endpoint', { endpoint: '' }, 'endpoint', 'must have at least 1 character'],
    [
      'an empty user',
      { endpoint: 'https://push.example.net/x', user_id: '' },
      'user_id',
      'must have at least 1 character',
    ],
    ['an unknown field', { endpoint: 'https://push.example.net/x', userid: 'u1' }, 'userid', 'is not a known field'],
  ])('refuses %s', async (_, json, path, message) => {
    expect(await remove(json)).toMatchObject({ status: 400, body: { issues: [{ path, message }] } });
  });
});

describe.each([
  ['DELETE /v1/users/{user_id}/subscriptions', (user: string) => `/v1/users/${encodeURIComponent(user)}/subscriptions`],
  ['DELETE /v1/subscriptions?user_id=', (user: string) => `/v1/subscriptions?user_id=${encodeURIComponent(user)}`],
])('%s', (_, pathOf) => {
  it('deletes all of the user, retired ones too, page by page; again, none', async () => {
    const many = Array.from({ length: 1201 }, () => sampleSubscription({ userId: 'u1' }));
    await Promise.all(many.map((each) => api.store.subscriptions.register(each)));
    const given = browser();
    for (const user of ['u1', 'u2']) await register(user, given);
    const answer = await api.call('DELETE', pathOf('u1'));
    expect([answer.status, answer.body]).toEqual([200, { removed: 1202 }]);
    expect([await idsOf('&user_id=u1'), (await idsOf()).length]).toEqual([[], 1]);
    expect((await api.call('DELETE', pathOf('u1'))).body).toEqual({ removed: 0 });
    const told = api.told.filter(({ type }) => type === 'subscriptions.deleted');
    expect(told).toEqual([{ type: 'subscriptions.deleted', count: 1202, userId: 'u1' }]);
  });

  it.each(['ada lovelace', 'ada@example.com', 'ü 🔔', '100%', '%2F', 'a+b&c=d?e#f', '[a]{b}|c^d`', '"q" <x>', '$ne'])(
    'takes the user id %s',
    async (user) => {
      await register(user);
      await register('u1');
      expect((await api.call('DELETE', pathOf(user))).body).toEqual({ removed: 1 });
      expect(await idsOf()).toHaveLength(1);
    },
  );

  it('with a subscriber token takes that user’s own, and no other’s', async () => {
    await register('u1');
    await register('u2');
    const page = await asPage('u1');
    expect((await page('DELETE', pathOf('u2'))).body.code).toBe('subscriber_token_not_enough');
    expect(await idsOf()).toHaveLength(2);
    expect((await page('DELETE', pathOf('u1'))).body).toEqual({ removed: 1 });
    expect(await idsOf('&user_id=u2')).toHaveLength(1);
  });

  it.each([
    ['a control character', 'a\u0085b'],
    ['129 characters', 'u'.repeat(129)],
  ])('refuses a user id with %s', async (_case, user) => {
    expect(await api.call('DELETE', pathOf(user))).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('removing all of a user', () => {
  it.each(['/v1/users/a%FF/subscriptions', '/v1/users/%ED%A0%BD/subscriptions', '/v1/subscriptions?user_id=%FF'])(
    'refuses what is not UTF-8: %s',
    async (path) => {
      await register('a%FF');
      expect((await api.call('DELETE', path)).body.issues).toEqual([
        { path: expect.any(String), message: expect.stringContaining('is not valid UTF-8') },
      ]);
      expect(await idsOf()).toHaveLength(1);
    },
  );

  it.each(['org/42', 'a\\b', '.', '..'])('takes a user id that no path can hold, %s, in the query', async (user) => {
    await register(user);
    const query = new URLSearchParams({ user_id: user });
    expect((await api.call('DELETE', `/v1/subscriptions?${query}`)).body).toEqual({ removed: 1 });
  });

  it('is never that of everybody: a key has to name the user', async () => {
    await register('u1');
    expect((await api.call('DELETE', '/v1/subscriptions')).body.issues).toEqual([
      { path: 'user_id', message: 'is required' },
    ]);
    expect((await api.call('DELETE', '/v1/subscriptions?user_id=')).status).toBe(400);
    expect(await idsOf()).toHaveLength(1);
    const page = await asPage('u1');
    expect((await page('DELETE', '/v1/subscriptions')).body).toEqual({ removed: 1 });
  });

  it('cancels what was still to be sent there, when its turn comes', async () => {
    await register('u1');
    const { body } = await api.call('POST', '/v1/notifications', {
      json: { type: 't', title: 'x', user_ids: ['u1'] },
    });
    expect((await api.call('DELETE', '/v1/users/u1/subscriptions')).body).toEqual({ removed: 1 });
    expect((await api.call('GET', `/v1/notifications/${body.id}`)).status).toBe(200);
  });
});
