import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

const HOUR_MS = 3_600_000;
const iso = (atMs: number) => new Date(atMs).toISOString();

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const BODY = { type: 'news', user_ids: ['ada', 'bob'], title: 'Hello' };
const send = (more: object) => api.call('POST', '/v1/notifications', { json: { ...BODY, ...more } });

describe('send_at', () => {
  it('is an instant, and the answers say so', async () => {
    const at = iso(NOW_MS + HOUR_MS);
    const { status, body } = await send({ send_at: at, ttl_seconds: 60 });
    expect([status, body]).toMatchObject([202, { status: 'scheduled', deadline_at: iso(NOW_MS + HOUR_MS + 60_000) }]);
    const found = await api.call('GET', `/v1/notifications/${body.id}`);
    expect(found.body).toMatchObject({
      status: 'scheduled',
      send_at: at,
      send_at_local: null,
      next_wave_at: at,
      cancelled_at: null,
      released_user_count: 0,
    });
  });

  it.each(['send_at', 'send_at_local'])('is a local time in %s', async (field) => {
    const { status, body } = await send({ [field]: { local: '2026-02-01T09:00', if_passed: 'next_day' } });
    expect(status).toBe(202);
    const found = await api.call('GET', `/v1/notifications/${body.id}`);
    expect(found.body).toMatchObject({
      send_at: null,
      send_at_local: { local: '2026-02-01T09:00:00', if_passed: 'next_day' },
      next_wave_at: '2026-01-31T19:00:00.000Z',
    });
  });

  it.each([
    [{ send_at: iso(NOW_MS - 2 * HOUR_MS) }, 'invalid_send_at'],
    [{ send_at: iso(NOW_MS + 366 * 24 * HOUR_MS) }, 'invalid_send_at'],
    [{ send_at: { local: '2025-12-30T09:00:00' } }, 'invalid_send_at'],
    [{ send_at: 'tomorrow' }, 'invalid_request'],
    [{ send_at: '2026-02-01T09:00:00' }, 'invalid_request'],
    [{ send_at: null }, 'invalid_request'],
    [{ send_at: { local: '2026-02-30T09:00:00' } }, 'invalid_request'],
    [{ send_at: { local: '2026-02-01T09:00:00Z' } }, 'invalid_request'],
    [{ send_at: { local: '2026-02-01T24:00:00' } }, 'invalid_request'],
    [{ send_at: { local: '2026-02-01T09:00:00', if_passed: 'never' } }, 'invalid_request'],
    [{ send_at: { local: '2026-02-01T09:00:00', zone: 'UTC' } }, 'invalid_request'],
    [{ send_at: iso(NOW_MS + 1), send_at_local: { local: '2026-02-01T09:00:00' } }, 'invalid_request'],
  ])('refuses %j', async (more, code) => {
    const { status, body } = await send(more);
    expect([status, body.code]).toEqual([400, code]);
    expect((await api.call('GET', '/v1/notifications')).body.items).toEqual([]);
  });

  it.each([
    [{ send_at: 'tomorrow' }, 'send_at', /ISO 8601/],
    [{ send_at_local: { local: '2026-02-01T09:00:00Z' } }, 'send_at_local.local', /without a zone/],
    [
      { send_at: { local: '2026-02-01T09:00:00', if_passed: 'never' } },
      'send_at',
      /`if_passed` of skip, send_now, next_day/,
    ],
  ])('says of %j once what is wrong', async (more, path, message) => {
    const { body } = await send(more);
    expect(body.issues).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it('lists what comes next first', async () => {
    const ids: string[] = [];
    for (const hours of [3, 1, 2]) ids.push((await send({ send_at: iso(NOW_MS + hours * HOUR_MS) })).body.id);
    await send({});
    const { body } = await api.call('GET', '/v1/notifications?status=scheduled&sort=send_at&limit=2');
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([ids[1], ids[2]]);
    const rest = await api.call('GET', `/v1/notifications?sort=send_at&cursor=${body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: [{ id: ids[0] }], next_cursor: null });
    expect((await api.call('GET', '/v1/notifications?status=scheduled')).body.items).toHaveLength(3);
    for (const query of ['status=sending&sort=send_at', 'type=news&sort=send_at', 'sort=title'])
      expect((await api.call('GET', `/v1/notifications?${query}`)).status).toBe(400);
  });

  it('is explained, and forecast wave by wave', async () => {
    await api.register('ada');
    await api.register('bob');
    for (const [user, zone] of [
      ['ada', 'Europe/Berlin'],
      ['bob', 'America/New_York'],
    ])
      await api.call('PATCH', `/v1/users/${user}`, { json: { time_zone: zone } });
    const sendAt = { local: '2026-02-01T09:00:00' };
    const dry = await api.call('POST', '/v1/notifications/dry-run', { json: { ...BODY, send_at: sendAt } });
    expect(dry.body).toMatchObject({
      reached_user_count: 2,
      waves: [
        { at: '2026-02-01T08:00:00.000Z', user_count: 1 },
        { at: '2026-02-01T14:00:00.000Z', user_count: 1 },
      ],
    });
    const { body } = await send({ send_at: sendAt });
    const told = await api.call('GET', `/v1/users/ada/explain?notification_id=${body.id}`);
    expect(told.body).toMatchObject({
      at: '2026-02-01T08:00:00.000Z',
      sentence: 'Yes: on 1 Feb 2026, 09:00 (Europe/Berlin), on 1 device.',
      outcome: 'send',
      became: null,
    });
  });
});

describe('cancel', () => {
  it('calls off, tells the numbers, and again', async () => {
    await api.register('ada');
    const { body } = await send({});
    for (let call = 0; call < 2; call += 1) {
      const cancelled = await api.call('POST', `/v1/notifications/${body.id}/cancel`);
      expect([cancelled.status, cancelled.body]).toEqual([
        200,
        {
          id: body.id,
          status: 'cancelled',
          cancelled_at: iso(NOW_MS),
          delivered: 0,
          in_flight: 0,
          cancelled: 1,
          ended_otherwise: 0,
        },
      ]);
    }
    expect((await api.call('GET', `/v1/notifications/${body.id}`)).body).toMatchObject({
      status: 'cancelled',
      cancelled_at: iso(NOW_MS),
      next_wave_at: null,
    });
  });

  it('is what explain tells of whoever it kept it from', async () => {
    await api.register('ada');
    await api.call('PATCH', '/v1/users/ada', { json: { paused_until: iso(NOW_MS + HOUR_MS) } });
    const held = (await send({ ttl_seconds: 7200 })).body;
    await api.call('POST', `/v1/notifications/${held.id}/cancel`);
    const explained = async (id: string) => (await api.call('GET', `/v1/users/ada/explain?notification_id=${id}`)).body;
    expect(await explained(held.id)).toMatchObject({
      outcome: 'suppress',
      reason: 'cancelled',
      sentence: expect.stringMatching(
        /^No: somebody called it off before it came to this user\. Without that: held until/,
      ),
      became: { delivery_count: 1, suppressed: false },
    });
    await api.call('PATCH', '/v1/users/ada', { json: { paused_until: null } });
    const everyone = { user_ids: undefined, audience: { everyone: true } };
    for (const more of [
      { send_at: { local: '2026-02-01T09:00:00' } },
      { send_at: '2026-02-01T09:00:00Z' },
      { send_at: '2026-02-01T09:00:00Z', ...everyone },
    ]) {
      const later = (await send(more)).body;
      await api.call('POST', `/v1/notifications/${later.id}/cancel`);
      expect(await explained(later.id)).toMatchObject({
        reason: 'cancelled',
        sentence:
          'No: somebody called it off before it came to this user. Without that: on 1 Feb 2026, 09:00 (UTC), on 1 device.',
      });
    }
  });

  it('finds nothing to call off once all has ended, or where there is nothing', async () => {
    const { body } = await send({});
    const late = await api.call('POST', `/v1/notifications/${body.id}/cancel`);
    expect([late.status, late.body.code]).toEqual([409, 'notification_completed']);
    const unknown = await api.call('POST', '/v1/notifications/ntf_x/cancel');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'notification_not_found']);
  });
});
