import { afterEach, describe, expect, it } from 'vitest';
import { deliveryId } from '../../../src/domain/ids.ts';
import { type Api, type ApiOptions, startApi } from '../../support/api.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
afterEach(() => api.dispose());

const minimal = { type: 'order.shipped', title: 'On its way', user_ids: ['u1'] };
const post = (json: unknown, headers: Record<string, string> = {}, secret?: { keyId: string; secret: string }) =>
  api.call('POST', '/v1/notifications', { json, headers, ...secret });
const get = (path: string) => api.call('GET', path);

describe('POST /v1/notifications', () => {
  it('accepts, durably, and then reminds the queue of the fan-out', async () => {
    await start();
    const user_ids = ['u1', 'u2', 'u1'];
    const answer = await post({ ...minimal, user_ids, priority: 'high', ttl_seconds: 60, topic: 'order-7' });
    expect(answer.status).toBe(202);
    const { id } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/notifications/${id}`);
    expect(answer.headers.has('idempotency-replayed')).toBe(false);
    expect(answer.body).toEqual({
      id,
      status: 'accepted',
      user_count: 2,
      reached_user_count: null,
      accepted_at: '2026-01-01T00:00:00.000Z',
      deadline_at: '2026-01-01T00:01:00.000Z',
      replayed: false,
      warnings: [],
    });
    const where = { origin: '', userId: '' };
    expect(api.jobs).toEqual([
      { kind: 'fan_out', id, step: 0, priority: 'high', ...where, deadlineAtMs: null, runAtMs: api.clock.now() },
    ]);
    expect(api.told).toEqual([{ type: 'notification.accepted', notificationId: id, users: 2 }]);
    expect((await api.store.fanOuts.get(id))?.audience).toEqual({ kind: 'user_ids', userIds: ['u1', 'u2'] });
  });

  it('fans a small audience out in the same commit, and reminds the queue of the deliveries', async () => {
    await start();
    const devices = [await api.register('u1'), await api.register('u2')];
    const { body } = await post({ ...minimal, user_ids: ['u1', 'u2', 'nobody'], priority: 'high', ttl_seconds: 60 });
    const { id } = body;
    expect(body.status).toBe('accepted');
    const origin = expect.stringMatching(/^https:/);
    const job = { kind: 'deliver', step: 1, priority: 'high', origin, runAtMs: api.clock.now() };
    const deliveryIds = devices.map((device) => deliveryId(id, device.id));
    const expected = deliveryIds.map((each, index) => ({
      ...job,
      id: each,
      userId: `u${index + 1}`,
      deadlineAtMs: api.clock.now() + 60_000,
    }));
    expect(api.jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
    expect(api.told.map(({ type }) => type).filter((type) => type.startsWith('notification'))).toEqual([
      'notification.accepted',
      'notification.fanned_out',
    ]);
    expect(body).toMatchObject({ user_count: 3, reached_user_count: 2, warnings: [] });
    expect(api.told).toContainEqual({
      type: 'notification.fanned_out',
      notificationId: id,
      reached: { users: 2, deliveries: 2 },
    });
    expect(await api.store.fanOuts.get(id)).toBeNull();
    expect(await api.store.notifications.get(id)).toMatchObject({ status: 'sending' });
  });

  it('has nothing more to do where nobody has a device', async () => {
    await start();
    const { body } = await post(minimal);
    expect(body.reached_user_count).toBe(0);
    expect(body.warnings).toEqual([expect.stringMatching(/^Nobody gets it/)]);
    expect(api.jobs).toEqual([]);
    expect((await get(`/v1/notifications/${body.id}`)).body).toMatchObject({ status: 'completed' });
  });

  it('keeps all that was given', async () => {
    await start();
    const given = {
      ...minimal,
      body: 'Zwölf Boxkämpfer 🥊\nand a second line',
      icon: 'https://cdn.example/icon.png',
      badge: '/badge.png',
      url: '/orders/42?from=push#top',
      open_in: 'page_tab',
      actions: [
        { action: 'track', title: 'Track it', icon: '/track.png', url: 'https://track.example/42' },
        { action: 'later', title: 'Später' },
      ],
      locale: 'de-CH-1996',
      image: '/picture.png',
      dir: 'rtl',
      require_interaction: true,
      silent: false,
      vibrate: [200, 100, 200],
      renotify: false,
      timestamp: '2026-01-31T12:00:00.000Z',
      app_badge: 0,
      data: { order: 42, nested: { list: [1, null, 'x'] } },
      priority: 'low',
      ttl_seconds: 2_419_200,
      urgency: 'very-low',
      topic: 'order 42',
    };
    const { id } = (await post(given)).body;
    const { user_ids: _, ...content } = given;
    expect((await get(`/v1/notifications/${id}`)).body).toMatchObject({ ...content, user_count: 1 });
  });

  it.each(['high', 'normal', 'low'])(
    'gives priority %s the urgency of that name, and the default TTL',
    async (priority) => {
      await start();
      const { id } = (await post({ ...minimal, priority })).body;
      expect((await get(`/v1/notifications/${id}`)).body).toMatchObject({ urgency: priority, ttl_seconds: 3600 });
    },
  );

  it('lists every unknown field, 20 at most', async () => {
    await start();
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, 1]));
    const issues = (await post({ ...minimal, ...many })).body.issues as unknown[];
    expect(issues).toHaveLength(20);
    expect(issues[0]).toEqual({ path: 'field_0', message: 'is not a known field' });
  });

  it('takes 10 000 users', async () => {
    await start();
    const user_ids = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);
    expect((await post({ ...minimal, user_ids })).body.user_count).toBe(10_000);
  });

  it.each([
    ['nobody', ['nobody'], 0],
    ['some', ['u1', 'nobody'], 1],
    ['too many to be looked up at once', Array.from({ length: 11 }, (_, index) => `u${index}`), null],
  ])('tells a repeated call how many it reached, as the first: %s', async (_, user_ids, reached) => {
    await start();
    await api.register('u1');
    await api.register('u1');
    const headers = { 'Idempotency-Key': 'k' };
    const send = () => api.call('POST', '/v1/notifications', { json: { ...minimal, user_ids }, headers });
    const first = await send();
    await api.register('nobody');
    expect(first.body.reached_user_count).toBe(reached);
    expect((await send()).body).toEqual({ ...first.body, replayed: true });
  });

  it('warns of a payload that some devices do not get', async () => {
    await start();
    await api.register('u1');
    const send = async (octets: number): Promise<string[]> => {
      const json = { type: 't', title: 'x', user_ids: ['u1'], data: { text: 'x'.repeat(octets) } };
      const answer = await api.call('POST', '/v1/notifications', { json });
      expect(answer.status).toBe(202);
      return answer.body.warnings;
    };
    expect(await send(2500)).toEqual([]);
    expect(await send(2800)).toEqual([expect.stringMatching(/^The payload is 28\d\d octets\. Firefox on Android/)]);
  });

  it('takes a payload of 3993 octets and refuses one more, naming size and field', async () => {
    await start();
    const probe = (await post({ ...minimal, body: 'x'.repeat(4000) })).body;
    expect(probe).toMatchObject({ code: 'payload_too_large', limit_octets: 3993, largest_field: 'body' });
    const room = 4000 - (probe.size_octets - 3993);
    expect((await post({ ...minimal, body: 'x'.repeat(room) })).status).toBe(202);
    const over = await post({ ...minimal, body: 'x'.repeat(room + 1) });
    expect([over.status, over.body.size_octets]).toEqual([413, 3994]);
    expect(over.body.detail).toContain('3994 octets');
  });

  it('leaves the declarative form out before it warns or refuses because of it', async () => {
    await start({ siteUrl: 'https://shop.example' });
    for (const user of minimal.user_ids) await api.register(user);
    const send = async (octets: number) => post({ ...minimal, url: '/x', body: 'x'.repeat(octets) });
    const probe = (await send(4000)).body;
    const room = 4000 - (probe.size_octets - 3993);
    expect((await send(room)).status).toBe(202);
    expect((await send(room - 1300)).body.warnings).toEqual([]);
    expect((await send(room + 1)).body.size_octets).toBe(3994);
  });

  it('does not fail when the queue does: the store has it', async () => {
    await start({ wrapQueue: (queue) => ({ ...queue, enqueueMany: () => Promise.reject(new Error('queue away')) }) });
    const subscription = await api.register('u1');
    const answer = await post({ ...minimal, user_ids: ['u1'] });
    expect(answer.status).toBe(202);
    expect(await api.store.deliveries.get(deliveryId(answer.body.id, subscription.id))).toMatchObject({
      state: 'pending',
    });
    expect(api.told.map((event) => event.type)).toContain('part.failed');
  });
});

describe('Idempotency-Key', () => {
  const key = { 'Idempotency-Key': 'order-42 shipped' };

  it('gives the first answer again, whatever has happened since', async () => {
    await start();
    const subscription = await api.register('u1');
    const first = await post(minimal, key);
    await api.deliver(first.body.id, subscription, 'delivered');
    api.clock.advance(60_000);
    const again = await post(minimal, key);
    expect([again.status, again.body]).toEqual([202, { ...first.body, replayed: true }]);
    expect(first.body.replayed).toBe(false);
    expect(api.lines.map(({ route, replayed }) => [route, replayed]).slice(-2)).toEqual([
      ['/v1/notifications', undefined],
      ['/v1/notifications', true],
    ]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(api.jobs).toHaveLength(1);
    expect((await get('/v1/notifications')).body.items).toHaveLength(1);
  });

  it('refuses another body under the same key', async () => {
    await start();
    await post(minimal, key);
    const answer = await post({ ...minimal, title: 'Other' }, key);
    expect([answer.status, answer.body.code]).toEqual([409, 'idempotency_key_reused']);
  });

  it('is each API key’s own', async () => {
    await start();
    const first = await post(minimal, key);
    const other = await post(minimal, key, { keyId: 'shop', secret: 'secret-of-the-shop' });
    expect(other.status).toBe(202);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it('is forgotten after 24 hours', async () => {
    await start();
    const first = await post(minimal, key);
    api.clock.advance(24 * 3_600_000 + 1);
    expect((await post(minimal, key)).body.id).not.toBe(first.body.id);
  });

  it('answers calls at the same time with one notification', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(minimal, key)));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  });
});

describe('GET /v1/notifications', () => {
  it('counts deliveries by state', async () => {
    await start();
    const states = ['delivered', 'delivered', 'failed', undefined] as const;
    const subscriptions = await Promise.all(states.map(() => api.register('u1')));
    const { id } = await api.notify(['u1']);
    for (const [index, subscription] of subscriptions.entries()) await api.deliver(id, subscription, states[index]);
    expect((await get(`/v1/notifications/${id}`)).body.counts).toEqual({
      held: 0,
      pending: 1,
      sending: 0,
      retrying: 0,
      delivered: 2,
      pruned: 0,
      failed: 1,
      expired: 0,
      cancelled: 0,
      total: 4,
    });
  });

  it('lists newest first, page by page, by type, status and time', async () => {
    await start();
    const ids: string[] = [];
    for (const type of ['a', 'b', 'a', 'b', 'a']) {
      // With a topic, the fan-out is left to the worker.
      ids.unshift((await api.notify(['u1'], { type, topic: type })).id);
      api.clock.advance(1000);
    }
    const listed = async (query: string) =>
      (await get(`/v1/notifications?${query}`)).body.items.map((item: { id: string }) => item.id);
    const first = (await get('/v1/notifications?limit=3')).body;
    expect(first.items.map((item: { id: string }) => item.id)).toEqual(ids.slice(0, 3));
    expect(await listed(`limit=3&cursor=${first.next_cursor}`)).toEqual(ids.slice(3));
    expect(await listed('type=b')).toEqual([ids[1], ids[3]]);
    expect(await listed('status=completed')).toEqual([]);
    expect(await listed('status=accepted')).toEqual(ids);
    expect(await listed('from=2026-01-01T00:00:01Z&until=2026-01-01T01:00:03%2B01:00')).toEqual(ids.slice(2, 4));
  });
});
