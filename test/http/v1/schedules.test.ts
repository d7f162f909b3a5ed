import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The samples begin at midnight UTC, on a Thursday. */
const NOTIFICATION = { type: 'digest.daily', user_ids: ['ada'], title: 'Good morning' };
const MORNING = { cron: '0 9 * * *', time_zone: 'UTC', notification: NOTIFICATION };

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const put = (key: string, json: unknown) => api.call('PUT', `/v1/schedules/${key}`, { json });
const get = async (path: string) => (await api.call('GET', `/v1/schedules${path}`)).body;

/** Moves the clock there, and has what is due made, as the scheduler does. */
async function runUntil(atMs: number): Promise<void> {
  api.clock.advance(atMs - api.clock.now());
  for (const schedule of await api.store.schedules.due(api.clock.now(), 10)) await api.occurrences.settle(schedule);
}

describe('PUT /v1/schedules/:key', () => {
  it('keeps a schedule, and says when it is next', async () => {
    expect((await put('morning', MORNING)).body).toEqual({
      key: 'morning',
      ...MORNING,
      starts_at: null,
      ends_at: null,
      catch_up_seconds: 3600,
      is_paused: false,
      next_at: new Date(NOW_MS + 9 * HOUR_MS).toISOString(),
      latest: [],
      created_at: new Date(NOW_MS).toISOString(),
      updated_at: new Date(NOW_MS).toISOString(),
    });
    expect((await get('/morning')).cron).toBe('0 9 * * *');
    await put('evening', { ...MORNING, cron: '0 18 * * *' });
    expect((await get('')).items.map(({ key }: { key: string }) => key)).toEqual(['evening', 'morning']);
  });

  it.each([
    ['75 9 * * *', 'minute'],
    ['0 25 * * *', 'hour'],
    ['0 0 30 2 *', undefined],
    ['* * * * * *', undefined],
    ['every day at nine', undefined],
  ])('refuses %s, and says which field is wrong', async (cron, field) => {
    const { status, body } = await put('morning', { ...MORNING, cron });
    expect({ status, code: body.code, path: body.path, field: body.field }).toEqual({
      status: 400,
      code: 'invalid_schedule',
      path: 'cron',
      field,
    });
    expect(body.detail).toMatch(/^“cron” /);
    expect((await get('')).items).toEqual([]);
  });

  it('refuses a span in which there is no time', async () => {
    const span = { starts_at: '2026-05-01T10:00:00Z', ends_at: '2026-05-02T08:00:00Z' };
    expect((await put('morning', { ...MORNING, ...span })).body).toMatchObject({ code: 'invalid_schedule' });
    const turned = { starts_at: '2026-05-02T10:00:00Z', ends_at: '2026-05-01T08:00:00Z' };
    expect((await put('morning', { ...MORNING, ...turned })).body).toMatchObject({ code: 'invalid_request' });
  });

  it('refuses times that are over, and takes one that is over as it was', async () => {
    const over = { ...MORNING, ends_at: '2025-12-31T08:00:00Z' };
    expect((await put('morning', over)).body).toMatchObject({ code: 'invalid_schedule', path: 'ends_at' });
    const patch = (json: unknown) => api.call('PATCH', '/v1/schedules/morning', { json });
    await put('morning', { ...MORNING, ends_at: new Date(NOW_MS + 10 * HOUR_MS).toISOString() });
    await runUntil(NOW_MS + 9 * HOUR_MS);
    expect((await patch({ ends_at: new Date(NOW_MS + 8 * HOUR_MS).toISOString() })).body.code).toBe('invalid_schedule');
    expect((await patch({ catch_up_seconds: 5 })).body).toMatchObject({ next_at: null, catch_up_seconds: 5 });
    expect((await patch({ ends_at: null })).body.next_at).toBe(new Date(NOW_MS + 33 * HOUR_MS).toISOString());
  });

  it('has no minute by one clock that it had by another before', async () => {
    const nextIn = async (zone: string) =>
      Date.parse((await put('nine', { ...MORNING, time_zone: zone })).body.next_at);
    const at = (hours: number) => NOW_MS + hours * HOUR_MS;
    await put('nine', { ...MORNING, time_zone: 'recipient' });
    // Nine on Friday is made 15 hours before, for the first zone that gets there.
    await runUntil(at(18));
    expect((await get('/nine')).latest).toMatchObject([{ local_time: '2026-01-02T09:00:00', status: 'sent' }]);
    const SATURDAY = 48;
    expect(await nextIn('Europe/Berlin')).toBe(at(SATURDAY + 8));
    expect(await nextIn('America/New_York')).toBe(at(SATURDAY + 14));
    expect(await nextIn('recipient')).toBe(at(SATURDAY + 9 - 15));
    expect(await nextIn('Europe/Berlin')).toBe(at(SATURDAY + 8));
    const later = await put('nine', { ...MORNING, cron: '0 10 * * *', time_zone: 'Europe/Berlin' });
    expect(later.body.next_at).toBe(new Date(at(24 + 9)).toISOString());
  });

  it('checks the notification as a call would be', async () => {
    const refused = async (notification: unknown) => (await put('morning', { ...MORNING, notification })).body;
    expect((await refused({ ...NOTIFICATION, title: 5, vibrate: [] })).issues).toEqual([
      { path: 'notification.title', message: 'must be a string, not a number' },
      { path: 'notification.vibrate', message: 'must hold at least one, or be left out' },
    ]);
    expect((await refused({ type: 't', title: 'x' })).issues).toEqual([
      { path: 'notification.user_ids', message: 'is required, or `recipients` or `audience` in its place' },
    ]);
    expect((await refused({ ...NOTIFICATION, dry_run: true, send_at: '2027-01-01T00:00:00Z' })).issues).toEqual([
      { path: 'notification.send_at', message: 'cannot stand in a schedule' },
      { path: 'notification.dry_run', message: 'cannot stand in a schedule' },
    ]);
    const segment = { type: 't', title: 'x', audience: { tags: '#gone' } };
    expect(await refused(segment)).toMatchObject({ code: 'invalid_audience' });
    expect(await refused({ ...NOTIFICATION, body: 'x'.repeat(4000) })).toMatchObject({ code: 'payload_too_large' });
  });

  it('leaves a pause as it is where nothing is said of it', async () => {
    await put('morning', { ...MORNING, is_paused: true });
    expect((await put('morning', { ...MORNING, cron: '0 8 * * *' })).body).toMatchObject({
      is_paused: true,
      next_at: null,
    });
    expect((await put('morning', { ...MORNING, is_paused: false })).body).toMatchObject({ is_paused: false });
  });
});

describe('PATCH /v1/schedules/:key', () => {
  it('merges, also into the notification, and null takes away', async () => {
    await put('morning', { ...MORNING, ends_at: '2026-05-02T08:00:00Z', catch_up_seconds: 5 });
    const patch = {
      notification: { title: 'Good day', url: '/today' },
      ends_at: null,
      catch_up_seconds: null,
    };
    const { body } = await api.call('PATCH', '/v1/schedules/morning', { json: patch });
    expect(body).toMatchObject({
      cron: MORNING.cron,
      notification: { ...NOTIFICATION, title: 'Good day', url: '/today' },
      ends_at: null,
      catch_up_seconds: 3600,
    });
    const bad = await api.call('PATCH', '/v1/schedules/morning', { json: { notification: { title: null } } });
    expect(bad.body.issues).toEqual([
      { path: 'notification.title', message: 'is required, or `template` or `locales` in its place' },
    ]);
    const unknown = await api.call('PATCH', '/v1/schedules/none', { json: { is_paused: true } });
    expect(unknown.body).toMatchObject({ status: 404, code: 'schedule_not_found' });
  });

  it('pauses, and goes on with the next time after it', async () => {
    await put('hourly', { ...MORNING, cron: '0 * * * *' });
    await api.call('PATCH', '/v1/schedules/hourly', { json: { is_paused: true } });
    await runUntil(NOW_MS + 3.5 * HOUR_MS);
    const { body } = await api.call('PATCH', '/v1/schedules/hourly', { json: { is_paused: false } });
    expect(body.next_at).toBe(new Date(NOW_MS + 4 * HOUR_MS).toISOString());
    expect((await get('/hourly/occurrences')).items).toEqual([]);
  });
});

describe('DELETE /v1/schedules/:key', () => {
  it('leaves its notifications', async () => {
    await put('morning', MORNING);
    await runUntil(NOW_MS + 9 * HOUR_MS);
    const [{ notification_id: id }] = (await get('/morning/occurrences')).items;
    expect((await api.call('DELETE', '/v1/schedules/morning')).status).toBe(204);
    expect((await api.call('DELETE', '/v1/schedules/morning')).body.code).toBe('schedule_not_found');
    expect((await api.call('GET', '/v1/schedules/morning/occurrences')).body.code).toBe('schedule_not_found');
    expect((await api.call('GET', `/v1/notifications/${id}`)).body.title).toBe('Good morning');
  });
});

describe('POST /v1/schedules/:key/trigger', () => {
  it('sends now, once for each idempotency key, and leaves the times as they are', async () => {
    await put('morning', MORNING);
    const headers = { 'Idempotency-Key': 'k1' };
    const first = await api.call('POST', '/v1/schedules/morning/trigger', { headers });
    const again = await api.call('POST', '/v1/schedules/morning/trigger', { headers });
    expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await api.call('GET', `${first.headers.get('location')}`)).body.title).toBe('Good morning');
    const { items } = await get('/morning/occurrences');
    expect(items).toMatchObject([
      { status: 'sent', trigger: 'hand', local_time: null, notification_id: first.body.id },
    ]);
    expect(await get('/morning')).toMatchObject({
      next_at: new Date(NOW_MS + 9 * HOUR_MS).toISOString(),
      latest: [{ trigger: 'hand' }],
    });
    expect(api.told.filter(({ type }) => type === 'schedule.sent')).toHaveLength(1);
  });

  it('needs a schedule', async () => {
    expect((await api.call('POST', '/v1/schedules/none/trigger')).body.code).toBe('schedule_not_found');
  });
});

describe('the times of a schedule', () => {
  it('are shown in UTC and by the local clock, with each shift', async () => {
    await put('night', { ...MORNING, cron: '30 2 * * *', time_zone: 'Europe/Berlin' });
    api.clock.advance(Date.parse('2026-03-27T12:00:00Z') - NOW_MS);
    expect((await get('/night/preview?count=3')).items).toEqual([
      {
        at: '2026-03-28T01:30:00.000Z',
        until: null,
        local_time: '2026-03-28T02:30:00+01:00',
        cron_time: '2026-03-28T02:30:00',
        shift: null,
      },
      {
        at: '2026-03-29T01:30:00.000Z',
        until: null,
        local_time: '2026-03-29T03:30:00+02:00',
        cron_time: '2026-03-29T02:30:00',
        shift: 'moved_by_gap',
      },
      {
        at: '2026-03-30T00:30:00.000Z',
        until: null,
        local_time: '2026-03-30T02:30:00+02:00',
        cron_time: '2026-03-30T02:30:00',
        shift: null,
      },
    ]);
  });

  it('are shown of one that is not kept', async () => {
    const json = { cron: '30 1 * * *', time_zone: 'america/new_york', starts_at: '2026-11-01T00:00:00Z' };
    const { body } = await api.call('POST', '/v1/schedules/preview?count=2', { json });
    expect(body.items).toMatchObject([
      { local_time: '2026-11-01T01:30:00-04:00', shift: 'first_of_overlap' },
      { local_time: '2026-11-02T01:30:00-05:00', shift: null },
    ]);
    const bad = await api.call('POST', '/v1/schedules/preview', { json: { ...json, cron: '61 * * * *' } });
    expect(bad.body).toMatchObject({ code: 'invalid_schedule', field: 'minute' });
    for (const count of ['0', '201', 'x']) {
      expect((await api.call('POST', `/v1/schedules/preview?count=${count}`, { json })).status).toBe(400);
    }
  });

  it('are kept with what came of each, newest first', async () => {
    await put('hourly', { ...MORNING, cron: '0 * * * *', catch_up_seconds: 1800 });
    await runUntil(NOW_MS + HOUR_MS);
    await runUntil(NOW_MS + 4 * HOUR_MS + 10 * MINUTE_MS);
    await api.store.segments.put('vip', 'vip');
    await put('hourly', {
      ...MORNING,
      cron: '0 * * * *',
      notification: { type: 't', title: 'x', audience: { tags: '#vip' } },
    });
    await api.store.segments.delete('vip');
    await runUntil(NOW_MS + 5 * HOUR_MS);
    const { items } = await get('/hourly/occurrences?limit=3');
    const at = (hour: number) => new Date(NOW_MS + hour * HOUR_MS).toISOString();
    expect(items).toMatchObject([
      { at: at(5), status: 'failed', code: 'invalid_audience', notification_id: null },
      { at: at(4), status: 'sent', trigger: 'time', local_time: at(4).slice(0, 19) },
      { at: at(2), status: 'missed', missed_count: 2, missed_until: at(3), missed_at: [at(2), at(3)] },
    ]);
    expect(items[0].detail).toContain('vip');
    const rest = await get(
      `/hourly/occurrences?limit=3&cursor=${(await get('/hourly/occurrences?limit=3')).next_cursor}`,
    );
    expect(rest.items).toMatchObject([{ at: at(1), status: 'sent' }]);
    expect((await get('/hourly')).latest).toMatchObject([{ status: 'failed' }]);
    expect((await api.call('GET', '/v1/schedules/hourly/occurrences?cursor=x')).body.code).toBe('invalid_cursor');
  });

  it('wait while sending is paused', async () => {
    await put('hourly', { ...MORNING, cron: '0 * * * *' });
    await api.call('POST', '/v1/sending/pause');
    await runUntil(NOW_MS + 2 * HOUR_MS + MINUTE_MS);
    expect((await get('/hourly/occurrences')).items).toEqual([]);
    await api.call('POST', '/v1/sending/resume', { json: { waiting: 'send' } });
    await runUntil(NOW_MS + 2 * HOUR_MS + 2 * MINUTE_MS);
    expect((await get('/hourly/occurrences')).items).toMatchObject([
      { status: 'sent', at: new Date(NOW_MS + 2 * HOUR_MS).toISOString() },
      { status: 'missed', missed_count: 1 },
    ]);
  });

  it('of before a pause are not made up for where a person dropped what waits', async () => {
    await put('hourly', { ...MORNING, cron: '0 * * * *' });
    api.clock.advance(HOUR_MS + MINUTE_MS);
    await api.call('POST', '/v1/sending/pause');
    await api.call('POST', '/v1/sending/resume', { json: { waiting: 'drop' } });
    await runUntil(NOW_MS + HOUR_MS + 2 * MINUTE_MS);
    expect((await get('/hourly/occurrences')).items).toMatchObject([{ status: 'missed', missed_count: 1 }]);
  });
});
