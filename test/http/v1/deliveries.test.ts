import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FinalState } from '../../../src/domain/delivery/delivery.ts';
import { type Api, startApi } from '../../support/api.ts';
import { deadLetter } from '../../support/dead-letters.ts';
import { end } from '../../support/deliver.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const get = (path: string) => api.call('GET', path);
const replay = (id: string, json?: unknown) =>
  api.call('POST', `/v1/deliveries/${id}/replay`, json === undefined ? {} : { json });

async function delivered(state?: FinalState, user = 'u1') {
  const subscription = await api.register(user);
  const notification = await api.notify([user]);
  return { subscription, notification, delivery: await api.deliver(notification.id, subscription, state) };
}

/** All items of a listing, read a page at a time. */
async function readAll(path: string, limit: number): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let cursor = '';
  do {
    const from = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;
    const { body } = await get(`${from}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    cursor = body.next_cursor ?? '';
  } while (cursor !== '');
  return items;
}

describe('what became of a notification', () => {
  it('shows a delivery with its states and attempts', async () => {
    const { delivery, notification, subscription } = await delivered('delivered');
    const { body } = await get(`/v1/deliveries/${delivery.id}`);
    expect(body).toMatchObject({
      id: delivery.id,
      notification_id: notification.id,
      subscription_id: subscription.id,
      user_id: 'u1',
      state: 'delivered',
      attempt_count: 1,
      next_attempt_at: null,
      ended_at: '2026-01-01T00:00:00.040Z',
    });
    expect(body.states.map((step: { state: string }) => step.state)).toEqual(['pending', 'sending', 'delivered']);
    expect(body.attempts[0]).toMatchObject({ number: 1, http_status: 201, outcome: 'delivered' });
  });

  it('says when a waiting delivery is next tried', async () => {
    const { delivery } = await delivered();
    expect((await get(`/v1/deliveries/${delivery.id}`)).body.next_attempt_at).toBe('2026-01-01T00:00:00.000Z');
  });

  it('lists deliveries page by page and by state', async () => {
    const states = ['delivered', 'failed', 'delivered'] as const;
    const subscriptions = await Promise.all(states.map(() => api.register('u1')));
    const { id } = await api.notify(['u1']);
    for (const [index, subscription] of subscriptions.entries()) await api.deliver(id, subscription, states[index]);
    const path = `/v1/notifications/${id}/deliveries`;
    expect(await readAll(path, 2)).toHaveLength(3);
    expect((await get(`${path}?state=failed`)).body.items).toHaveLength(1);
    expect((await get(`${path}?cursor=nonsense`)).body.code).toBe('invalid_cursor');
    expect((await get(`${path}?state=sent`)).body.code).toBe('invalid_request');
  });

  it.each([1, 2, 3, 5, 200])('lists every attempt exactly once, %i a page', async (limit) => {
    const counts = [1, 3, 0, 2];
    const subscriptions = await Promise.all(counts.map(() => api.register('u1')));
    const { id } = await api.notify(['u1']);
    for (const [index, subscription] of subscriptions.entries()) {
      const attempts = counts[index] ?? 0;
      const delivery = await api.deliver(id, subscription, attempts > 0 ? 'failed' : undefined);
      for (let more = 1; more < attempts; more += 1) {
        await replay(delivery.id);
        await end(api.store, api.clock, delivery.id, 'failed');
      }
    }
    const items = await readAll(`/v1/notifications/${id}/attempts`, limit);
    const seen = items.map((item) => `${item.delivery_id} ${item.number}`);
    expect(seen).toHaveLength(6);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  it.each([
    'nonsense',
    '',
    Buffer.from('[1,2,3]').toString('base64url'),
    Buffer.from('["x","y",1]').toString('base64url'),
  ])('refuses the cursor %j for attempts', async (cursor) => {
    const { id } = await api.notify(['u1']);
    const answer = await get(`/v1/notifications/${id}/attempts?cursor=${cursor}`);
    expect(answer.body.code).toBe(cursor === '' ? 'invalid_request' : 'invalid_cursor');
  });
});

describe('dead letters', () => {
  it('are the failed deliveries, newest first', async () => {
    const first = await delivered('failed');
    api.clock.advance(1000);
    const second = await delivered('failed');
    await delivered('delivered');
    const { items } = (await get('/v1/dead-letters')).body;
    expect(items.map((item: { id: string }) => item.id)).toEqual([second.delivery.id, first.delivery.id]);
    expect(await readAll('/v1/dead-letters', 1)).toHaveLength(2);
  });

  it('are narrowed by notification, by its type and by their remedy, page by page', async () => {
    const all = [
      await deadLetter(api, 'ada', { remedy: 'Mend the VAPID subject.' }),
      await deadLetter(api, 'ada', { type: 'digest.daily' }),
      await deadLetter(api, 'bob', { remedy: 'Wait, then vapid again.' }),
    ];
    const found = async (query: string): Promise<number[]> => {
      const items = await readAll(`/v1/dead-letters?${query}`, 1);
      return items.map(({ id }) => all.findIndex((one) => one.id === id));
    };
    expect(await found('remedy=VAPID')).toEqual([2, 0]);
    expect(await found('remedy=vapid&user_id=bob')).toEqual([2]);
    expect(await found('remedy=vapid&reason=misconfigured')).toEqual([]);
    expect(await found('type=digest.daily')).toEqual([1]);
    expect(await found(`notification_id=${all[1]!.notificationId}`)).toEqual([1]);
    expect(await found(`notification_id=${all[1]!.notificationId}&type=order.shipped`)).toEqual([]);
    const { code } = (await get(`/v1/dead-letters?notification_id=${all[1]!.notificationId}&cursor=x`)).body;
    expect(code).toBe('invalid_cursor');
  });
});

describe('replay', () => {
  it.each(['failed', 'expired'] as const)('sends a delivery that %s again', async (state) => {
    const { delivery, notification } = await delivered(state);
    api.clock.advance(1000);
    const answer = await replay(delivery.id);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/deliveries/${delivery.id}`);
    expect(answer.body).toMatchObject({
      state: 'pending',
      reason: null,
      retry_count: 0,
      attempt_count: 1,
      ended_at: null,
      next_attempt_at: '2026-01-01T00:00:01.000Z',
      deadline_at: '2026-01-01T01:00:00.000Z',
    });
    expect((await get(`/v1/deliveries/${delivery.id}`)).body).toEqual({ ...answer.body, receipts: [] });
    expect(answer.body.states.map((step: { state: string }) => step.state)).toEqual([
      'pending',
      'sending',
      state,
      'pending',
    ]);
    expect((await get(`/v1/notifications/${notification.id}`)).body.status).not.toBe('completed');
    expect(api.jobs.at(-1)).toMatchObject({ kind: 'deliver', id: delivery.id, step: 2, runAtMs: api.clock.now() });
    expect(api.told.at(-1)).toMatchObject({ type: 'delivery.replayed', deliveryId: delivery.id });
  });

  it.each([undefined, 'delivered', 'pruned', 'cancelled'] as const)('is refused for one that is %s', async (state) => {
    const { delivery } = await delivered(state);
    const answer = await replay(delivery.id);
    expect(answer.body).toMatchObject({ code: 'delivery_not_replayable', state: state ?? 'pending' });
    expect(answer.body.detail).toContain(state ?? 'pending');
  });

  it('needs a new deadline once the old one has passed', async () => {
    const { delivery } = await delivered('expired');
    api.clock.advance(3_600_000);
    const refused = await replay(delivery.id);
    expect([refused.status, refused.body.code]).toEqual([409, 'deadline_passed']);
    expect(refused.body.detail).toContain('ttl_seconds');
    expect((await replay(delivery.id, {})).body.code).toBe('deadline_passed');
    const answer = await replay(delivery.id, { ttl_seconds: 60 });
    expect(answer.body.deadline_at).toBe('2026-01-01T01:01:00.000Z');
  });

  it('needs an active subscription', async () => {
    const { delivery, subscription } = await delivered('failed');
    await api.call('DELETE', `/v1/subscriptions/${subscription.id}`);
    const answer = await replay(delivery.id);
    expect(answer.body).toMatchObject({ code: 'subscription_inactive', subscription_id: subscription.id });
  });

  it('is possible ten times', async () => {
    const { delivery } = await delivered('failed');
    for (let times = 0; times < 10; times += 1) {
      expect((await replay(delivery.id)).status).toBe(202);
      await end(api.store, api.clock, delivery.id, 'failed');
    }
    const answer = await replay(delivery.id);
    expect(answer.body).toMatchObject({ code: 'delivery_not_replayable', state: 'failed', replay_count: 10 });
  });

  it('happens once when asked for twice at the same time', async () => {
    const { delivery } = await delivered('failed');
    const answers = await Promise.all([replay(delivery.id), replay(delivery.id), replay(delivery.id)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409, 409]);
    const refused = answers.filter((answer) => answer.status === 409);
    expect(refused.map((answer) => answer.body.state)).toEqual(['pending', 'pending']);
  });
});
