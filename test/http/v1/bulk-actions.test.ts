import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
let begun = 0;
beforeEach(async () => {
  begun = 0;
  api = await startApi({
    onBulkAction: () => {
      begun += 1;
    },
  });
});
afterEach(() => api.dispose());

const post = (json: unknown) => api.call('POST', '/v1/bulk-actions', { json });

async function deadLetter(user: string): Promise<void> {
  const subscription = await api.register(user);
  await api.deliver((await api.notify([user])).id, subscription, 'failed');
  api.clock.advance(1000);
}

describe('POST /v1/bulk-actions', () => {
  it('plans: counts what is meant, and changes nothing', async () => {
    for (const user of ['ada', 'bob', 'bob']) await deadLetter(user);
    const all = (await post({ action: 'replay', filter: {}, dry_run: true })).body;
    expect(all).toMatchObject({ dry_run: true, action: 'replay', total_count: 3, is_at_least: false });
    expect(Object.values(all.by_reason as Record<string, number>)).toEqual([3]);
    expect(all.by_push_service).toEqual({ other: 3 });
    const count = async (filter: object) => (await post({ action: 'discard', filter, dry_run: true })).body.total_count;
    expect(await count({ user_id: 'bob' })).toBe(2);
    expect(await count({ push_service: 'fcm' })).toBe(0);
    expect(await count({ push_service: 'https://push.example.net' })).toBe(3);
    expect(await count({ reason: 'misconfigured' })).toBe(0);
    expect(await count({ from: new Date(api.clock.now()).toISOString() })).toBe(0);
    expect(await count({ until: new Date(api.clock.now()).toISOString() })).toBe(3);
    expect(await count({ type: 'order.shipped' })).toBe(3);
    expect(await count({ type: 'digest.daily' })).toBe(0);
    expect(await count({ remedy: 'mend' })).toBe(0);
    expect(await count({ notification_id: 'ntf_none' })).toBe(0);
    expect((await api.call('GET', '/v1/bulk-actions')).body.items).toEqual([]);
    expect((await api.call('GET', '/v1/audit')).body.items).toEqual([]);
    expect(begun).toBe(0);
  });

  it('begins one, which is listed, read and called off once', async () => {
    await deadLetter('ada');
    const filter = { user_id: 'ada', push_service: 'other', from: '2020-01-01T00:00:00+01:00' };
    const answer = await post({ action: 'replay', filter, ttl_seconds: 60 });
    const { id } = answer.body;
    expect([answer.status, answer.headers.get('location'), begun]).toEqual([202, `/v1/bulk-actions/${id}`, 1]);
    expect(answer.body).toMatchObject({
      state: 'running',
      filter: { ...filter, from: '2019-12-31T23:00:00.000Z', reason: null, remedy: null, until: null },
      ttl_seconds: 60,
      total_count: 1,
      done_count: 0,
      ended_at: null,
    });
    expect((await api.call('GET', '/v1/bulk-actions')).body.items).toEqual([answer.body]);
    expect((await api.call('GET', `/v1/bulk-actions/${id}`)).body).toEqual(answer.body);
    const cancel = () => api.call('POST', `/v1/bulk-actions/${id}/cancel`);
    expect((await cancel()).body.state).toBe('cancelling');
    expect((await cancel()).body.state).toBe('cancelling');
    const action = (await api.store.bulkActions.get(id))!;
    await api.store.bulkActions.update({ ...action, state: 'cancelled', endedAtMs: api.clock.now() });
    expect((await cancel()).body).toMatchObject({ code: 'bulk_action_ended', state: 'cancelled' });
  });

  it('begins once for each Idempotency-Key, and is in the audit log', async () => {
    const headers = { 'Idempotency-Key': 'after-the-outage' };
    const begin = (json: object) => api.call('POST', '/v1/bulk-actions', { json, headers });
    const first = await begin({ action: 'discard', filter: {} });
    const again = await begin({ action: 'discard', filter: {} });
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect([first, again].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    const other = await begin({ action: 'replay', filter: {} });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_key_reused']);
    expect((await api.call('GET', '/v1/bulk-actions')).body.items).toHaveLength(1);
    const { items } = (await api.call('GET', '/v1/audit')).body;
    const asked = { action: 'startBulkAction', refusal: null };
    expect(items).toMatchObject([{ refusal: 'idempotency_key_reused' }, asked, asked, asked]);
  });

  it('refuses what it cannot understand', async () => {
    const bad = [
      {},
      { action: 'replay' },
      { action: 'delete', filter: {} },
      { action: 'replay', filter: { state: 'failed' } },
      { action: 'replay', filter: { reason: 'odd' } },
      { action: 'replay', filter: { from: 'yesterday' } },
      { action: 'replay', filter: { remedy: '' } },
      { action: 'replay', filter: { notification_id: 'a\nb' } },
      { action: 'replay', filter: { type: 'a b' } },
      { action: 'replay', filter: {}, ttl_seconds: 0 },
      { action: 'discard', filter: {}, ttl_seconds: 60 },
    ];
    for (const json of bad) expect((await post(json)).body.code).toBe('invalid_request');
    for (const [method, path] of [
      ['GET', '/v1/bulk-actions/bla_none'],
      ['POST', '/v1/bulk-actions/bla_none/cancel'],
    ] as const)
      expect((await api.call(method, path)).body.code).toBe('bulk_action_not_found');
  });
});
