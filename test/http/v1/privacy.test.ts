import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseDue } from '../../../src/intake/erasing.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const erase = (user: string) => api.call('DELETE', `/v1/users/${encodeURIComponent(user)}`);

describe('DELETE /v1/users/:user_id', () => {
  it('erases, gives a receipt that can be checked, and answers again as before', async () => {
    const subscription = await api.register('ada/1');
    await api.call('PATCH', '/v1/users/ada%2F1', { json: { tags: ['beta'], preferences: { news: false } } });
    const { id } = await api.notify(['ada/1', 'bob']);
    await api.deliver(id, subscription, 'delivered');
    const { status, body } = await erase('ada/1');
    expect([status, body.state]).toEqual([200, 'completed']);
    const { receipt } = body;
    expect(receipt.counts).toMatchObject({ users: 1, subscriptions: 1, deliveries: 1, audit_entries: 1 });
    expect(JSON.stringify(body)).not.toContain('ada');
    expect((await api.call('GET', '/v1/users/ada%2F1')).status).toBe(404);
    expect((await api.call('GET', '/v1/subscriptions?user_id=ada%2F1')).body.items).toEqual([]);
    const [delivery] = (await api.call('GET', `/v1/notifications/${id}/deliveries`)).body.items;
    expect(delivery).toMatchObject({ state: 'delivered', user_id: expect.stringMatching(/^erased-/) });
    api.clock.advance(5000);
    expect((await erase('ada/1')).body).toEqual(body);
    expect((await api.call('GET', `/v1/erasures/${body.id}`)).body).toEqual(body);
    const verify = (json: object) => api.call('POST', '/v1/erasures/verify', { json }).then((answer) => answer.body);
    expect(await verify({ receipt, user_id: 'ada/1' })).toEqual({ is_genuine: true, is_of_user: true });
    expect(await verify({ receipt, user_id: 'bob' })).toEqual({ is_genuine: true, is_of_user: false });
    const forged = { ...receipt, counts: { ...receipt.counts, subscriptions: 9 } };
    expect(await verify({ receipt: forged })).toEqual({ is_genuine: false });
    expect((await api.call('GET', '/v1/erasures/era_none')).body.code).toBe('erasure_not_found');
  });

  it('is on record without the name, and takes a key that may manage', async () => {
    await erase('ada');
    const [entry] = (await api.call('GET', '/v1/audit?action=eraseUser')).body.items;
    expect([entry.who.text, entry.target.text]).toEqual(['default', '']);
    await api.call('DELETE', '/v1/users?user_id=..');
    expect((await api.call('DELETE', '/v1/users')).status).toBe(400);
    const denied = await api.call('DELETE', '/v1/users/ada', { secret: 'secret-that-reads-only', keyId: 'reads-only' });
    expect(denied.body.code).toBe('insufficient_scope');
    const token = (await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: 'ada' } })).body.token as string;
    const headers = { Authorization: `Bearer ${token}` };
    const byPage = await api.call('DELETE', '/v1/users/ada', { sign: 'none', headers });
    expect(byPage.body.code).toBe('subscriber_token_not_enough');
  });

  it('goes on in the background where it takes long', async () => {
    await api.dispose();
    let completed = 0;
    api = await startApi({
      wrapStore: (store) => ({
        ...store,
        erasures: {
          ...store.erasures,
          // Each page of it takes a second.
          erasePage: (...args) => {
            api.clock.advance(1000);
            return store.erasures.erasePage(...args);
          },
        },
      }),
    });
    await api.register('ada');
    const answer = await erase('ada');
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/erasures/${answer.body.id}`]);
    expect(answer.body).toEqual({ id: answer.body.id, state: 'running' });
    const parts = {
      random: Math.random,
      store: api.store,
      clock: api.clock,
      events: {
        publish: () => {
          completed += 1;
        },
      },
    };
    while (await eraseDue(parts, () => false));
    expect(completed).toBe(1);
    expect((await api.call('GET', `/v1/erasures/${answer.body.id}`)).body).toMatchObject({
      state: 'completed',
      receipt: { counts: { subscriptions: 1 } },
    });
  });

  it('is listed without names, and a list has people erased again', async () => {
    await erase('ada');
    const { key_id, items } = (await api.call('GET', '/v1/erasures')).body;
    expect(items).toEqual([{ id: items[0].id, user_digest: items[0].user_digest, erased_at: expect.any(String) }]);
    const apply = (json: object) => api.call('POST', '/v1/erasures/apply', { json });
    expect((await apply({ key_id, erasures: items })).body).toEqual({ added: 0 });
    const later = { ...items[0], erased_at: new Date(api.clock.now() + 60_000).toISOString() };
    await api.register('ada');
    expect((await apply({ key_id, erasures: [later] })).body).toEqual({ added: 1 });
    expect((await api.call('GET', `/v1/erasures/${later.id}`)).body.state).toBe('running');
    expect((await apply({ key_id: 'other', erasures: [] })).body.code).toBe('erasure_key_unknown');
    api.clock.advance(60_000);
    while (
      await eraseDue(
        { store: api.store, clock: api.clock, random: Math.random, events: { publish: () => {} } },
        () => false,
      )
    );
    expect((await api.call('GET', '/v1/subscriptions?user_id=ada')).body.items).toEqual([]);
  });
});

describe('exports', () => {
  it('give all that is known of a person', async () => {
    expect((await api.call('GET', '/v1/users/nobody/export')).body).toMatchObject({
      user_id: 'nobody',
      deliveries: [],
    });
    const subscription = await api.register('ada');
    await api.call('PATCH', '/v1/users/ada', { json: { tags: ['beta'], preferences: { news: false } } });
    const { id } = await api.notify(['ada']);
    await api.deliver(id, subscription, 'delivered');
    const { body } = await api.call('GET', '/v1/users/ada/export');
    expect(body).toMatchObject({
      user_id: 'ada',
      user: { tags: ['beta'], preferences: { news: false } },
      subscriptions: [{ id: subscription.id }],
      deliveries: [{ notification_id: id, title: 'On its way', state: 'delivered' }],
      suppressions: [],
      experiments: [],
      schedules: [],
      audit: [{ action: 'patchUser' }],
    });
  });

  it('give all subscriptions as an import takes them, with keys only when asked', async () => {
    await api.register('ada', { locale: 'de', time_zone: 'Europe/Berlin' });
    api.clock.advance(1);
    await api.register('bob');
    await api.call('PATCH', '/v1/users/ada', {
      json: {
        tags: ['beta'],
        preferences: { news: false },
        quiet_hours: { from: '22:00', until: '07:00', days: ['mon'] },
      },
    });
    await api.call('PATCH', '/v1/users/cy', { json: { tags: ['beta'], preferences: { news: false } } });
    const lines = async (json: object) =>
      (await api.call('POST', '/v1/export', { json })).text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    const bare = await lines({});
    expect(bare.map((line) => [line.user_id, line.keys, line.endpoint?.length < 60])).toEqual([
      ['bob', undefined, true],
      ['ada', undefined, true],
      ['cy', undefined, false],
    ]);
    const whole = (await lines({ with_keys: true })).map((line) =>
      'endpoint' in line ? { ...line, vapid_public_key: OLDER } : line,
    );
    expect(whole[2]).toEqual({ user_id: 'cy', tags: ['beta'], user: { preferences: { news: false } } });
    for (const user of ['ada', 'bob', 'cy']) await erase(user);
    expect(await lines({ with_keys: true })).toEqual([]);
    const imported = await api.call('POST', '/v1/subscriptions/import', { json: { subscriptions: whole } });
    expect(imported.body.items.map(({ result }: { result: string }) => result)).toEqual(['added', 'added', 'added']);
    const again = await lines({ with_keys: true });
    const byUser = (some: { user_id: string }[]) =>
      [...some].sort((one, other) => (one.user_id < other.user_id ? -1 : 1));
    expect(byUser(again)).toEqual(byUser(whole));
  });
});

const OLDER = 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs';
