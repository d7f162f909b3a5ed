import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { perMinute } from '../../../src/domain/rate-limit.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const call = (method: string, path: string, json?: unknown) =>
  api.call(method, path, json === undefined ? {} : { json });
const problem = (code: string) => expect.objectContaining({ code });

describe('what is said of a user', () => {
  it('is merged, read back, and taken away by null', async () => {
    const said = {
      time_zone: 'europe/berlin',
      locale: 'de-AT',
      tags: ['beta', 'plan:pro', 'beta'],
      preferences: { 'digest.*': false, security: true },
      quiet_hours: { from: '22:00', until: '07:00', days: ['mon', 'sun'] },
      paused_until: '2026-06-01T00:00:00Z',
    };
    const made = await call('PATCH', '/v1/users/bob', said);
    expect(made).toMatchObject({
      status: 200,
      body: {
        ...said,
        user_id: 'bob',
        time_zone: 'Europe/Berlin',
        tags: ['beta', 'plan:pro'],
        paused_until: '2026-06-01T00:00:00.000Z',
      },
    });
    const patch = { preferences: { security: null, '*': true }, quiet_hours: null, locale: null };
    expect((await call('PATCH', '/v1/users/bob', patch)).body).toMatchObject({
      preferences: { '*': true, 'digest.*': false },
      quiet_hours: null,
      locale: null,
      time_zone: 'Europe/Berlin',
    });
    expect((await call('GET', '/v1/users/bob')).body).toMatchObject({ tags: ['beta', 'plan:pro'] });
    expect(await call('GET', '/v1/users/nobody')).toMatchObject({ status: 404, body: problem('user_not_found') });
  });

  it.each<[string, unknown]>([
    ['an unknown zone', { time_zone: 'Mars/Phobos' }],
    ['an offset in place of a zone', { time_zone: '+01:00' }],
    ['a tag with a space', { tags: ['a b'] }],
    ['201 tags', { tags: Array.from({ length: 201 }, (_, n) => `t${n}`) }],
    ['a pattern that is none', { preferences: { 'digest*': false } }],
    ['a wish that is no boolean', { preferences: { digest: 'no' } }],
    ['quiet hours of 24 hours', { quiet_hours: { from: '22:00', until: '22:00' } }],
    ['a time of no day', { quiet_hours: { from: '24:00', until: '07:00' } }],
    ['a day of no week', { quiet_hours: { from: '22:00', until: '07:00', days: ['Monday'] } }],
    ['a pause without a zone', { paused_until: '2026-06-01T00:00:00' }],
    ['an unknown field', { timezone: 'Europe/Berlin' }],
    ['no object', []],
    ['quiet hours without an end', { quiet_hours: { from: '22:00' } }],
    ['quiet hours that begin at no time', { quiet_hours: { from: null, until: '07:00' } }],
    ['nothing but a day of quiet hours', { quiet_hours: { days: ['mon'] } }],
  ])('is refused with %s, and nothing is written', async (_, body) => {
    expect(await call('PATCH', '/v1/users/bob', body)).toMatchObject({ status: 400 });
    expect(await call('GET', '/v1/users/bob')).toMatchObject({ status: 404 });
  });

  it('is merged below its fields, too, as RFC 7396 has it', async () => {
    const patch = async (json: unknown, headers = {}) => api.call('PATCH', '/v1/users/bob', { json, headers });
    const quietAfter = async (quiet: unknown) => (await patch({ quiet_hours: quiet })).body.quiet_hours;
    const all = { from: '22:00', until: '07:00', days: ['mon'] };
    expect(await quietAfter(all)).toEqual(all);
    expect(await quietAfter({ until: '08:00' })).toEqual({ ...all, until: '08:00' });
    expect(await quietAfter({})).toEqual({ ...all, until: '08:00' });
    expect(await quietAfter({ days: null })).toEqual({ from: '22:00', until: '08:00' });
    const refused = await patch({ quiet_hours: { from: '08:00' } });
    expect(refused).toMatchObject({ status: 400, body: { issues: [{ path: 'quiet_hours.until' }] } });
    expect((await patch({})).body.quiet_hours).toEqual({ from: '22:00', until: '08:00' });
    expect(await quietAfter(null)).toBeNull();
    expect(await patch({ quiet_hours: { until: '08:00' } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', issues: [{ path: 'quiet_hours.from' }] },
    });
    const merge = { 'Content-Type': 'application/merge-patch+json' };
    expect((await patch({ locale: 'de' }, merge)).body).toMatchObject({ locale: 'de' });
    const elsewhere = await api.call('POST', '/v1/users/bob/tags', { json: { add: ['a'] }, headers: merge });
    expect(elsewhere).toMatchObject({ status: 415, body: problem('unsupported_media_type') });
  });

  it('has tags that are given and taken, one user or many at once, and counted', async () => {
    await call('POST', '/v1/users/ada/tags', { add: ['a', 'b'] });
    await call('POST', '/v1/users/ada/tags', { add: ['c'], remove: ['b'] });
    expect(await call('POST', '/v1/tags/a/users', { add: ['bob', 'eve'], remove: ['ada'] })).toMatchObject({
      status: 204,
    });
    expect((await call('GET', '/v1/tags')).body).toMatchObject({
      items: [
        { tag: 'a', user_count: 2 },
        { tag: 'c', user_count: 1 },
      ],
      next_cursor: null,
    });
    const { items } = (await call('GET', '/v1/users?tag=a')).body;
    expect(items.map(({ user_id }: { user_id: string }) => user_id)).toEqual(['bob', 'eve']);
  });

  it('takes two full lists of users for a tag, and no more', async () => {
    const ids = (from: number, count: number) => Array.from({ length: count }, (_, at) => `user-${from + at}`);
    const change = (add: string[], remove: string[]) => call('POST', '/v1/tags/a/users', { add, remove });
    expect((await change(ids(0, 10_000), ids(10_000, 10_000))).status).toBe(204);
    const tooMany = await change(ids(0, 10_001), []);
    expect([tooMany.status, tooMany.body.issues]).toEqual([400, [{ path: 'add', message: 'must be at most 10000' }]]);
    expect((await call('GET', '/v1/tags')).body.items).toEqual([{ tag: 'a', user_count: 10_000 }]);
  });

  it('keeps a locale in its one spelling, and refuses what is none', async () => {
    const patch = (locale: string) => call('PATCH', '/v1/users/bob', { locale });
    for (const [given, kept] of [
      ['de-at', 'de-AT'],
      ['ZH-hant-tw', 'zh-Hant-TW'],
      ['iw', 'he'],
    ] as const)
      expect((await patch(given)).body.locale).toBe(kept);
    for (const none of ['pt_BR', 'en-x', 'de-AT-AT-1'])
      expect((await patch(none)).body.issues).toEqual([
        { path: 'locale', message: 'must be a language tag, such as en or pt-BR' },
      ]);
  });

  it('is a user’s own to read and patch with a token, all but tags', async () => {
    const { token } = (await call('POST', '/v1/subscriber-tokens', { user_id: 'bob' })).body;
    const headers = { authorization: `Bearer ${token}` };
    const as = (method: string, path: string, json?: unknown) =>
      api.call(method, path, { sign: 'none', headers, ...(json === undefined ? {} : { json }) });
    expect(await as('PATCH', '/v1/users/bob', { preferences: { '*': false } })).toMatchObject({ status: 200 });
    await call('POST', '/v1/users/bob/tags', { add: ['churn-risk'] });
    const own = await as('GET', '/v1/users/bob');
    expect(own).toMatchObject({ status: 200, body: { user_id: 'bob' } });
    expect(own.text).not.toContain('churn-risk');
    const refused = { status: 403, body: problem('subscriber_token_not_enough') };
    expect(await as('PATCH', '/v1/users/bob', { tags: ['vip'] })).toMatchObject(refused);
    expect(await as('PATCH', '/v1/users/ada', {})).toMatchObject(refused);
    expect(await as('GET', '/v1/users/ada')).toMatchObject(refused);
  });
});

describe('a page that changes what is said of its user', () => {
  const pageOf = async (userId: string) => {
    const { token } = (await call('POST', '/v1/subscriber-tokens', { user_id: userId })).body;
    const headers = { authorization: `Bearer ${token}` };
    return (method: string, path: string, json?: unknown) =>
      api.call(method, path, { sign: 'none', headers, ...(json === undefined ? {} : { json }) });
  };

  it('may do so many times a minute, and is told when to come again', async () => {
    await api.dispose();
    api = await startApi({ userChangeLimit: perMinute(6) });
    const [bob, ada] = [await pageOf('bob'), await pageOf('ada')];
    const change = (page: typeof bob, user: string, n: number) =>
      page('PATCH', `/v1/users/${user}`, { preferences: { [`t${n}`]: false } });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => change(bob, 'bob', n)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    expect(refused[0]?.body).toMatchObject({ code: 'too_many_requests', retry_after_seconds: 10 });
    expect(refused[0]?.headers.get('retry-after')).toBe('10');
    expect(Object.keys((await call('GET', '/v1/users/bob')).body.preferences)).toHaveLength(6);

    expect((await change(ada, 'ada', 1)).status).toBe(200);
    expect((await bob('GET', '/v1/users/bob')).status).toBe(200);
    expect((await bob('GET', '/v1/subscriptions')).status).toBe(200);
    for (let n = 0; n < 20; n++) expect((await call('PATCH', '/v1/users/bob', { locale: 'de' })).status).toBe(200);
    api.clock.advance(10_000);
    expect([(await change(bob, 'bob', 7)).status, (await change(bob, 'bob', 8)).status]).toEqual([200, 429]);
  });

  it('is not counted for what it may not do at all', async () => {
    await api.dispose();
    api = await startApi({ userChangeLimit: perMinute(1) });
    const bob = await pageOf('bob');
    for (let n = 0; n < 5; n++) {
      expect((await bob('PATCH', '/v1/users/ada', {})).status).toBe(403);
      expect((await bob('PATCH', '/v1/users/bob', { tags: [] })).status).toBe(403);
    }
    expect((await bob('PATCH', '/v1/users/bob', {})).status).toBe(200);
  });
});
