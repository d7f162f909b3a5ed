import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isoOf } from '../../../src/http/kit/wire-fields.ts';
import { type Api, browser, startApi } from '../../support/api.ts';
import { sampleSubscription } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const post = (json: unknown) => api.call('POST', '/v1/subscriptions', { json });
const get = (path: string) => api.call('GET', path);

describe('POST /v1/subscriptions', () => {
  it('takes what a browser gives, plus user_id, and shows no secret', async () => {
    const given = browser();
    const answer = await post({ user_id: 'u1', ...given });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/subscriptions/${answer.body.id}`);
    expect(answer.body).toMatchObject({ user_id: 'u1', active: true, expiration_time: null, replaces: null });
    expect(answer.body.endpoint).toBe(`https://push.example.net/…${given.endpoint.slice(-4)}`);
    for (const secret of [given.endpoint, given.keys.p256dh, given.keys.auth])
      expect(answer.text).not.toContain(secret);
    expect(api.told).toEqual([
      { type: 'subscription.registered', subscriptionId: answer.body.id, userId: 'u1', result: 'created' },
    ]);
  });

  it('takes padded and plain base64, and keeps unpadded base64url', async () => {
    const { endpoint, keys } = browser();
    const plain = (key: string) => Buffer.from(key, 'base64url').toString('base64');
    const answer = await post({
      user_id: 'u1',
      endpoint,
      keys: { p256dh: plain(keys.p256dh), auth: plain(keys.auth) },
    });
    expect(answer.status).toBe(201);
    expect((await api.store.subscriptions.get(answer.body.id))?.keys).toEqual(keys);
  });

  it.each([
    ['expirationTime', 1_800_000_000_000.5],
    ['expiration_time', 1_800_000_000_000],
    ['expiration_time', '2027-01-15T09:00:00+01:00'],
  ])('keeps %s %s', async (name, value) => {
    const { expirationTime: _, ...rest } = browser();
    const answer = await post({ user_id: 'u1', ...rest, [name]: value });
    expect(answer.body.expiration_time).toBe('2027-01-15T08:00:00.000Z');
  });

  it.each([
    ['asia/calcutta', 'Asia/Kolkata'],
    ['Etc/Unknown', null],
    ['Mars/Phobos', null],
    ['+01:00', null],
    ['', null],
    ['x'.repeat(100), null],
    [null, null],
  ])('keeps the time zone that a browser says, %j, as %j: none fails the registration', async (time_zone, kept) => {
    const answer = await post({ user_id: 'u1', ...browser(), time_zone });
    expect([answer.status, answer.body.time_zone]).toEqual([201, kept]);
  });

  it.each([
    ['expirationTime', 253_402_300_800_000],
    ['expirationTime', 8_640_000_000_000_000],
    ['expirationTime', 1e300],
    ['expiration_time', 1e17],
    ['expiration_time', '9999-12-31T23:59:59.999-23:59'],
  ])('keeps %s %s as the end of the year 9999, the last that RFC 3339 can write', async (name, value) => {
    const { expirationTime: _, ...rest } = browser();
    const answer = await post({ user_id: 'u1', ...rest, [name]: value });
    expect(answer.body.expiration_time).toBe('9999-12-31T23:59:59.999Z');
  });

  it('keeps an expiration before 1970 as long past', async () => {
    const { expirationTime: _, ...rest } = browser();
    const answer = await post({ user_id: 'u1', ...rest, expiration_time: '0000-01-01T00:00:00+23:59' });
    expect(answer.body.expiration_time).toBe('1970-01-01T00:00:00.000Z');
  });

  it('shows an expiration that an earlier version kept beyond the year 9999 as its end', async () => {
    expect(isoOf(8_640_000_000_000_000)).toBe('9999-12-31T23:59:59.999Z');
  });

  it('updates the same endpoint: 200, the same id', async () => {
    const given = browser();
    const first = await post({ user_id: 'u1', ...given });
    api.clock.advance(5000);
    const again = await post({ user_id: 'u1', ...given, keys: browser().keys, locale: 'de-CH', user_agent: 'x' });
    expect(again.status).toBe(200);
    expect(again.body).toEqual({
      ...first.body,
      locale: 'de-CH',
      user_agent: 'x',
      updated_at: '2026-01-01T00:00:05.000Z',
    });
  });

  it('moves an endpoint to another user when both keys are equal, and retires the former', async () => {
    const given = browser();
    const first = await post({ user_id: 'u1', ...given });
    const moved = await post({ user_id: 'u2', ...given });
    expect(moved.status).toBe(201);
    expect(moved.body).toMatchObject({ user_id: 'u2', replaces: first.body.id, active: true });
    const former = (await get(`/v1/subscriptions/${first.body.id}`)).body;
    expect(former).toMatchObject({ active: false, retired_reason: 'moved', retired_at: '2026-01-01T00:00:00.000Z' });
    expect(api.told).toContainEqual({
      type: 'subscription.retired',
      subscriptionId: first.body.id,
      userId: 'u1',
      reason: 'moved',
    });
  });

  it.each(['p256dh', 'auth'] as const)('refuses to move it when %s differs', async (field) => {
    const given = browser();
    const first = await post({ user_id: 'u1', ...given });
    const keys = { ...given.keys, [field]: browser().keys[field] };
    const answer = await post({ user_id: 'u2', ...given, keys });
    expect([answer.status, answer.body.code]).toEqual([409, 'endpoint_taken']);
    expect((await get(`/v1/subscriptions/${first.body.id}`)).body.active).toBe(true);
  });

  it('lists every problem of a request together, 20 at most, without quoting values', async () => {
    const answer = await post({
      user_id: 7,
      endpoint: ['https://secret.example'],
      keys: { p256dh: 'a' },
    });
    expect(answer.body.issues).toEqual([
      { path: 'user_id', message: 'must be a string, not a number' },
      { path: 'endpoint', message: 'must be a string, not an array' },
      { path: 'keys.auth', message: 'is required' },
    ]);
  });

  it('ignores what browsers add to a subscription and its keys, and tells a slip in a name of ours', async () => {
    const { keys, ...given } = browser();
    const later = { contentEncoding: 'aes256gcm', options: { a: [1] }, colour: 'red' };
    const answer = await post({ user_id: 'u1', ...given, ...later, keys: { ...keys, mlkem768: 'x', '': 1 } });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).not.toEqual(expect.arrayContaining(['colour']));
    const slip = await post({ user_id: 'u1', ...browser(), ...later, userAgent: 'x' });
    expect(slip.body.issues).toEqual([{ path: 'userAgent', message: 'is spelt user_agent' }]);
  });
});

describe('an endpoint under another spelling', () => {
  const endpoint = 'https://push.example.net/send/abc-1?up=1';
  const spellings = [
    'https://PUSH.example.net/send/abc-1?up=1',
    'https://push.example.net:443/send/abc-1?up=1',
    'https://push.example.net/./send/abc-1?up=1',
    'https://push.example.net/x/../send/abc-1?up=1',
    'https://push.example.net/send/%61bc-1?up=1',
    'https://push.example.net/send/abc%2D1?up=1',
    'https://push.example.net/send/abc-1?%75p=1',
    'HTTPS://push.example.net/send/abc-1?up=1',
    'https:/push.example.net/send/abc-1?up=1',
    'https://ｐｕｓｈ.example.net/send/abc-1?up=1',
    'https://push.example。net/send/abc-1?up=1',
    'https://push.exam\u00adple.net/send/abc-1?up=1',
  ];

  it.each([...spellings, 'https://push.example.net/send/abc-1?'])('%s is refused', async (spelling) => {
    const answer = await post({ user_id: 'u1', ...browser(), endpoint: spelling });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_endpoint']);
    expect(answer.body.detail).toContain('Send what PushSubscription.toJSON() gives, unchanged');
    expect(answer.text).not.toContain('abc');
    expect((await get('/v1/subscriptions')).body.items).toEqual([]);
  });

  it('is the same endpoint where only the capitals of its percent-encoding differ', async () => {
    const given = browser();
    const first = await post({ user_id: 'u1', ...given, endpoint: `${endpoint}%2b%3d` });
    const again = await post({ user_id: 'u1', ...given, endpoint: `${endpoint}%2B%3D` });
    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    const others = await post({ user_id: 'u2', ...browser(), endpoint: `${endpoint}%2B%3d` });
    expect(others.body.code).toBe('endpoint_taken');
  });

  it('stays where it was registered before', async () => {
    const kept = sampleSubscription({ userId: 'u1', endpoint: spellings[0]! });
    await api.store.subscriptions.register(kept);
    const shown = { id: kept.id, active: true, push_service: 'https://push.example.net' };
    expect((await get('/v1/subscriptions?user_id=u1')).body.items).toMatchObject([shown]);
    expect((await api.call('DELETE', `/v1/subscriptions/${kept.id}`)).status).toBe(204);
  });
});

describe('reading and deleting subscriptions', () => {
  it('lists by user, newest first, page by page', async () => {
    const ids: string[] = [];
    for (const user of ['u1', 'u2', 'u1', 'u1']) {
      api.clock.advance(1);
      const { id } = await api.register(user);
      if (user === 'u1') ids.unshift(id);
    }
    const first = (await get('/v1/subscriptions?user_id=u1&limit=2')).body;
    const second = (await get(`/v1/subscriptions?user_id=u1&limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(ids);
    expect(second.next_cursor).toBeNull();
    expect((await get('/v1/subscriptions')).body.items).toHaveLength(4);
  });

  it('lists retired ones only when asked', async () => {
    const given = browser();
    await post({ user_id: 'u1', ...given });
    await post({ user_id: 'u2', ...given });
    expect((await get('/v1/subscriptions?user_id=u1')).body.items).toEqual([]);
    expect((await get('/v1/subscriptions?user_id=u1&include_inactive=true')).body.items).toHaveLength(1);
  });

  it('deletes: 204, and then there is none', async () => {
    const { id } = await api.register('u1');
    const answer = await api.call('DELETE', `/v1/subscriptions/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await api.call('DELETE', `/v1/subscriptions/${id}`)).body.code).toBe('subscription_not_found');
    expect((await get(`/v1/subscriptions/${id}`)).body.code).toBe('subscription_not_found');
    expect(api.told).toContainEqual({ type: 'subscription.deleted', subscriptionId: id });
  });
});

describe('replaces_id', () => {
  it('keeps the subscription of a device whose endpoint changed: 200, the same id', async () => {
    const first = await api.register('u1');
    const given = browser();
    const answer = await post({ user_id: 'u1', ...given, replaces_id: first.id });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: first.id, active: true, replaces: null });
    expect(answer.body.endpoint).toBe(`https://push.example.net/…${given.endpoint.slice(-4)}`);
    expect((await get('/v1/subscriptions')).body.items).toHaveLength(1);
  });

  it('retires it, and says so, where the endpoint has a subscription of the user', async () => {
    const first = await api.register('u1');
    const given = browser();
    const own = await post({ user_id: 'u1', ...given });
    const answer = await post({ user_id: 'u1', ...given, replaces_id: first.id });
    expect([answer.status, answer.body.id]).toEqual([200, own.body.id]);
    const former = (await get(`/v1/subscriptions/${first.id}`)).body;
    expect(former).toMatchObject({ active: false, retired_reason: 'replaced' });
    const { id: subscriptionId } = first;
    expect(api.told).toContainEqual({ type: 'subscription.retired', subscriptionId, userId: 'u1', reason: 'replaced' });
    expect((await api.call('POST', `/v1/subscriptions/${first.id}/restore`)).body.code).toBe('endpoint_taken');
  });

  it.each([
    ['unknown', 'sub_01kdz9f1v6v6j0q2y3w4x5z6a7'],
    ['no id of ours', '"; DROP TABLE subscriptions; --'],
    ['empty', ''],
    ['null', null],
  ])('is ignored where it is %s', async (_, replaces_id) => {
    expect((await post({ user_id: 'u1', ...browser(), replaces_id })).status).toBe(201);
  });

  it('takes nothing from another user', async () => {
    const theirs = await api.register('u2');
    const answer = await post({ user_id: 'u1', ...browser(), replaces_id: theirs.id });
    expect([answer.status, answer.body.id === theirs.id]).toEqual([201, false]);
    expect((await get(`/v1/subscriptions/${theirs.id}`)).body).toMatchObject({ user_id: 'u2', active: true });
  });
});
