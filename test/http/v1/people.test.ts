import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const call = (method: string, path: string, json?: unknown) =>
  api.call(method, path, json === undefined ? {} : { json });
const problem = (code: string) => expect.objectContaining({ code });

describe('what is said of types', () => {
  it('is kept by pattern, listed, and taken back', async () => {
    const rule = { preference: 'opted_out', cap: { limit: 3, per_seconds: 60 }, on_quiet: 'drop', overrides: ['cap'] };
    expect(await call('PUT', '/v1/types/digest.*', rule)).toMatchObject({
      status: 200,
      body: { pattern: 'digest.*', ...rule },
    });
    expect((await call('GET', '/v1/types')).body.items).toEqual([{ pattern: 'digest.*', ...rule }]);
    expect((await call('GET', '/v1/types/digest.*')).body).toEqual({ pattern: 'digest.*', ...rule });
    expect(await call('DELETE', '/v1/types/digest.*')).toMatchObject({ status: 204 });
    expect(await call('GET', '/v1/types/digest.*')).toMatchObject({
      status: 404,
      body: problem('type_rule_not_found'),
    });
  });

  it('is the default of a notification that says nothing itself', async () => {
    await call('PUT', '/v1/types/*', { ttl_seconds: 60, urgency: 'very-low', priority: 'low' });
    const silent = await api.notify(['bob']);
    expect((await call('GET', `/v1/notifications/${silent.id}`)).body).toMatchObject({
      ttl_seconds: 60,
      urgency: 'very-low',
      priority: 'low',
    });
    const outspoken = await api.notify(['bob'], { ttl_seconds: 5, urgency: 'high', priority: 'high' });
    expect((await call('GET', `/v1/notifications/${outspoken.id}`)).body).toMatchObject({
      ttl_seconds: 5,
      urgency: 'high',
      priority: 'high',
    });
  });

  it.each(['digest*', '**', 'a b'])('is refused of the pattern %j', async (pattern) => {
    expect(await call('PUT', `/v1/types/${encodeURIComponent(pattern)}`, {})).toMatchObject({ status: 400 });
  });
});

describe('who gets nothing, and why', () => {
  it('is asked of a notification that there is', async () => {
    expect(await call('GET', '/v1/notifications/ntf_none/suppressions')).toMatchObject({
      status: 404,
      body: problem('notification_not_found'),
    });
  });

  it('is on record for each user of an audience who has no delivery, and explained', async () => {
    await api.register('bob');
    await api.register('ada');
    await call('PATCH', '/v1/users/bob', { preferences: { 'digest.*': false } });
    const { id } = await api.notify(['bob', 'ada', 'nobody'], { type: 'digest.daily' });
    const { body } = await call('GET', `/v1/notifications/${id}`);
    expect(body).toMatchObject({
      user_count: 3,
      counts: { total: 1 },
      suppressed: { opted_out: 1, no_subscription: 1, capped: 0 },
    });
    const { items } = (await call('GET', `/v1/notifications/${id}/suppressions`)).body;
    expect(items).toMatchObject([
      { user_id: 'bob', reason: 'opted_out', detail: { pattern: 'digest.*' } },
      { user_id: 'nobody', reason: 'no_subscription' },
    ]);
    expect((await call('GET', '/v1/users/bob/suppressions')).body.items).toMatchObject([{ notification_id: id }]);
    const told = (await call('GET', `/v1/users/bob/explain?notification_id=${id}`)).body;
    expect(told).toMatchObject({
      outcome: 'suppress',
      reason: 'opted_out',
      became: { suppressed: true, delivery_count: 0 },
    });
    expect(told.sentence).toMatch(
      /^No: opted out of `digest\.\*` on \d+ \w+ \d{4}\. Without that: now, on 1 device\.$/,
    );
  });

  it('is warned of where nobody is left, and not as though they had no device', async () => {
    await api.register('bob');
    await call('PATCH', '/v1/users/bob', { preferences: { '*': false } });
    const { body } = await call('POST', '/v1/notifications', { type: 't', title: 'x', user_ids: ['bob'] });
    expect(body).toMatchObject({ reached_user_count: 0 });
    const [warning] = body.warnings;
    expect(warning).toMatch(/^Nobody gets it: .* or their wishes or a cap are against it\./);
    expect(warning).toContain(`/v1/notifications/${body.id}/suppressions`);
  });

  it('is told of a type at an instant', async () => {
    await api.register('bob');
    await call('PATCH', '/v1/users/bob', {
      time_zone: 'Europe/Berlin',
      quiet_hours: { from: '22:00', until: '07:00' },
    });
    await call('PUT', '/v1/types/news', { ttl_seconds: 86_400 });
    const at = encodeURIComponent('2026-05-03T23:00:00+02:00');
    const told = (await call('GET', `/v1/users/bob/explain?type=news&at=${at}`)).body;
    expect(told).toMatchObject({ outcome: 'hold', held_until: '2026-05-04T05:00:00.000Z', time_zone: 'Europe/Berlin' });
    expect(told.sentence).toBe('Yes: held until 4 May 2026, 07:00 (Europe/Berlin) (quiet hours), then on 1 device.');
    expect(await call('GET', '/v1/users/bob/explain')).toMatchObject({ status: 400 });
    for (const day of ['2027-05-03', '2024-05-03']) {
      const other = (await call('GET', `/v1/users/bob/explain?type=news&at=${day}T10:00:00Z`)).body;
      expect(other.sentence).toBe(`Yes: on 3 May ${day.slice(0, 4)}, 12:00 (Europe/Berlin), on 1 device.`);
    }
  });
});

describe('audiences', () => {
  beforeEach(async () => {
    for (const user of ['ada', 'bob', 'eve']) await api.register(user);
    await call('POST', '/v1/tags/beta/users', { add: ['ada', 'bob', 'zoe'] });
    await call('POST', '/v1/tags/trial/users', { add: ['bob'] });
  });

  it('are counted: users and devices by push service', async () => {
    const count = async (body: unknown) => (await call('POST', '/v1/audiences/count', body)).body;
    expect(await count({ everyone: true })).toMatchObject({ users: 4, subscriptions: 3, is_at_least: false });
    expect(await count({ tags: 'beta && !trial' })).toMatchObject({ users: 2, subscriptions: 1 });
    expect(await count({ tags: '@service:other' })).toMatchObject({ users: 3, subscriptions_by_service: { other: 3 } });
  });

  it.each<[unknown, number]>([
    [{ tags: 'beta &&' }, 7],
    [{ tags: 'beta && #gone' }, 8],
    [{ tags: 'beta trial' }, 5],
  ])('%j point at the character that is wrong', async (body, position) => {
    for (const [path, json] of [
      ['/v1/audiences/count', body],
      ['/v1/segments/s', body],
      ['/v1/notifications', { type: 't', title: 'x', audience: body }],
    ] as const) {
      const method = path.includes('segments') ? 'PUT' : 'POST';
      expect(await call(method, path, json)).toMatchObject({
        status: 400,
        body: { code: 'invalid_audience', position },
      });
    }
  });

  it('may be named as segments, in no circle', async () => {
    expect(await call('PUT', '/v1/segments/insiders', { tags: 'beta' })).toMatchObject({ status: 200 });
    expect(await call('PUT', '/v1/segments/all', { tags: '#insiders || trial' })).toMatchObject({ status: 200 });
    expect(await call('PUT', '/v1/segments/insiders', { tags: '#all' })).toMatchObject({
      status: 400,
      body: problem('invalid_audience'),
    });
    expect((await call('POST', '/v1/audiences/count', { tags: '#all' })).body).toMatchObject({ users: 3 });
    expect((await call('GET', '/v1/segments')).body.items).toHaveLength(2);
    expect(await call('DELETE', '/v1/segments/all')).toMatchObject({ status: 204 });
    expect(await call('DELETE', '/v1/segments/all')).toMatchObject({ status: 404, body: problem('segment_not_found') });
  });

  it('are taken by a notification in the place of user ids, and one of them is required', async () => {
    const send = (body: object) => call('POST', '/v1/notifications', { type: 't', title: 'x', ...body });
    expect(await send({ audience: { everyone: true }, exclude_user_ids: ['eve'] })).toMatchObject({ status: 202 });
    expect(await send({ audience: { tags: 'beta' } })).toMatchObject({ status: 202 });
    for (const wrong of [
      {},
      { audience: {} },
      { audience: { everyone: false } },
      { audience: { everyone: true, tags: 'beta' } },
      { audience: { tags: 'beta' }, user_ids: ['ada'] },
      { user_ids: ['ada'], exclude_user_ids: ['bob'] },
    ]) {
      expect(await send(wrong)).toMatchObject({ status: 400 });
    }
  });
});
