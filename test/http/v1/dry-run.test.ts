import { afterEach, describe, expect, it } from 'vitest';
import { type Api, type ApiOptions, SECRET, startApi } from '../../support/api.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
afterEach(() => api.dispose());

const NOTE = { type: 'digest.daily', title: 'Your digest' };
const call = (method: string, path: string, json: unknown, headers: Record<string, string> = {}) =>
  api.call(method, path, { json, headers });
const send = (body: object, headers = {}) => call('POST', '/v1/notifications', { ...NOTE, ...body }, headers);
const dryRun = (body: object, headers = {}) => call('POST', '/v1/notifications/dry-run', { ...NOTE, ...body }, headers);

/** ada has two devices, bob opted out, eve has quiet hours at every time but one minute, and nobody has no device. */
const fourUsers = async () => {
  for (const user of ['ada', 'ada', 'bob', 'eve']) await api.register(user);
  await call('PATCH', '/v1/users/bob', { preferences: { 'digest.*': false } });
  const minute = (atMs: number) => new Date(atMs).toISOString().slice(11, 16);
  const now = api.clock.now();
  const quiet = { from: minute(now - 3_600_000), until: minute(now + 600_000) };
  await call('PATCH', '/v1/users/eve', { time_zone: 'UTC', quiet_hours: quiet });
};
const FOUR = ['ada', 'bob', 'eve', 'nobody'];

describe('a dry run', () => {
  it('says who would get it, who later, and who not and why', async () => {
    await start();
    await fourUsers();
    const answer = await dryRun({ user_ids: FOUR });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        dry_run: true,
        user_count: 4,
        reached_user_count: 2,
        device_count: 3,
        suppressed: { opted_out: 1, no_subscription: 1, capped: 0 },
        held_user_count: 1,
        is_at_least: false,
        warnings: [],
        sample: [
          { user_id: 'ada', outcome: 'send', reason: null, held_until: null, device_count: 2 },
          { user_id: 'bob', outcome: 'suppress', reason: 'opted_out', device_count: 0 },
          { user_id: 'eve', outcome: 'hold', reason: null, device_count: 1 },
          { user_id: 'nobody', outcome: 'suppress', reason: 'no_subscription' },
        ],
      },
    });
    const { first_release_at: first, last_release_at: last, sample, payload_octets: octets } = answer.body;
    expect([first, last]).toEqual([sample[2].held_until, sample[2].held_until]);
    expect(Date.parse(first)).toBeGreaterThan(api.clock.now());
    expect(octets).toBeGreaterThan(NOTE.title.length);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('says what a send at this moment does, of every kind of audience', async () => {
    await start();
    await fourUsers();
    await call('PUT', '/v1/types/digest.*', { cap: { limit: 1, per_seconds: 3600 } });
    await send({ user_ids: ['ada'] });
    for (const audience of [{ user_ids: FOUR }, { audience: { everyone: true } }, { audience: { tags: '!vip' } }]) {
      const { body: said } = await dryRun(audience);
      expect(said.suppressed).toMatchObject({ capped: 1, opted_out: 1 });
      expect(said.user_count - said.reached_user_count).toBe(
        Object.values<number>(said.suppressed).reduce((sum, count) => sum + count, 0),
      );
    }
    const { body: said } = await dryRun({ user_ids: FOUR });
    const { body: sent } = await send({ user_ids: FOUR });
    const { body: became } = await api.call('GET', `/v1/notifications/${sent.id}`);
    expect(became).toMatchObject({
      suppressed: said.suppressed,
      counts: { total: said.device_count, held: said.held_user_count },
    });
  });

  it('sends nothing and keeps nothing: no notification, no event, no job, no use of a cap, no idempotency key', async () => {
    await start();
    await fourUsers();
    await call('PUT', '/v1/types/digest.*', { cap: { limit: 1, per_seconds: 3600 } });
    const [told, jobs] = [api.told.length, api.jobs.length];
    const key = { 'Idempotency-Key': 'digest-1' };
    for (const _ of [1, 2]) expect((await dryRun({ user_ids: ['ada'] }, key)).body).toMatchObject({ device_count: 2 });
    expect([api.told.length, api.jobs.length]).toEqual([told, jobs]);
    expect((await api.call('GET', '/v1/notifications')).body.items).toEqual([]);
    const other = await api.app.request('/v1/notifications', {
      method: 'POST',
      headers: { ...key, Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...NOTE, user_ids: ['ada'], dry_run: true }),
    });
    expect([other.status, await other.json()]).toMatchObject([200, { dry_run: true, device_count: 2 }]);
    const sent = await send({ user_ids: ['ada'], dry_run: false }, key);
    expect([sent.status, sent.body.replayed]).toEqual([202, false]);
  });

  it('refuses what a send would refuse, and warns of what that would warn of', async () => {
    await start();
    expect(await dryRun({ audience: { tags: 'beta &&' } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_audience', position: 7 },
    });
    expect(await dryRun({ user_ids: ['a'], data: { text: 'x'.repeat(5000) } })).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large' },
    });
    expect(await dryRun({})).toMatchObject({ status: 400 });
    expect(await send({ user_ids: ['a'], dry_run: 'yes' })).toMatchObject({ status: 400 });
    expect((await dryRun({ user_ids: ['a'] })).body.warnings).toEqual([expect.stringMatching(/^Nobody would get it/)]);
  });

  it('has 20 users of many in its sample, spread over the audience, and the same ones again', async () => {
    await start();
    const ids = Array.from({ length: 2500 }, (_, n) => `user-${String(n).padStart(4, '0')}`);
    const { body } = await dryRun({ user_ids: ids });
    expect(body).toMatchObject({ user_count: 2500, suppressed: { no_subscription: 2500 }, is_at_least: false });
    const users = (sample: { user_id: string }[]) => sample.map(({ user_id }) => user_id);
    const chosen = users(body.sample);
    expect(chosen).toHaveLength(20);
    expect(chosen.filter((id) => id >= 'user-1250').length).toBeGreaterThan(3);
    expect(chosen.filter((id) => id < 'user-1250').length).toBeGreaterThan(3);
    expect(users((await dryRun({ user_ids: ids })).body.sample)).toEqual(chosen);
  });

  it('is described at a path of its own, so that generated clients know what a send answers', async () => {
    await start();
    const { paths } = (await api.call('GET', '/openapi.json')).body;
    const good = (path: string) => Object.keys(paths[path].post.responses).filter((status) => status.startsWith('2'));
    expect([good('/v1/notifications'), good('/v1/notifications/dry-run')]).toEqual([['202'], ['200']]);
  });

  it('ends after a second, and says that there are more', async () => {
    await start({
      wrapStore: (store) => ({
        ...store,
        audiences: {
          async members(query) {
            const page = await store.audiences.members({ ...query, limit: 1 });
            api.clock.advance(500);
            return page;
          },
        },
      }),
    });
    for (const user of ['ada', 'bob', 'eve']) await api.register(user);
    expect((await dryRun({ audience: { everyone: true } })).body).toMatchObject({ user_count: 2, is_at_least: true });
  });
});
