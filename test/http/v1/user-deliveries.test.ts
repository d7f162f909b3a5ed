import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FinalState } from '../../../src/domain/delivery/delivery.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
const devices = new Map<string, { id: string; user_id: string }>();
beforeEach(async () => {
  api = await startApi();
  devices.clear();
});
afterEach(() => api.dispose());

const get = async (path: string) => (await api.call('GET', path)).body;
const idsOf = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);

/** A notification to one user, accepted a second after the one before, with a delivery that ended in this state. */
async function sent(user: string, state?: FinalState, overrides: Record<string, unknown> = {}) {
  api.clock.advance(1000);
  const subscription = devices.get(user) ?? (await api.register(user));
  devices.set(user, subscription);
  const notification = await api.notify([user], overrides);
  const delivery = await api.deliver(notification.id, subscription, state);
  return { notification, delivery, at: new Date(api.clock.now()).toISOString() };
}

describe('what became of all that was sent to one user', () => {
  it('is told in one call: what it was about, how it ended, and what to do', async () => {
    const { notification, delivery } = await sent('bob', 'failed', { type: 'invoice', title: 'Your invoice' });
    await sent('ada', 'failed');
    const { items, next_cursor } = await get('/v1/users/bob/deliveries');
    expect(next_cursor).toBeNull();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: delivery.id,
      notification_id: notification.id,
      type: 'invoice',
      title: 'Your invoice',
      state: 'failed',
      reason: 'rejected',
      last_attempt: { number: 1, outcome: 'delivered', http_status: 201, remedy: null },
    });
    expect(items[0]).not.toHaveProperty('attempts');
  });

  it('says nothing of an attempt before the first', async () => {
    const { delivery } = await sent('bob');
    const [item] = (await get('/v1/users/bob/deliveries')).items;
    expect(item).toMatchObject({ id: delivery.id, state: 'pending' });
    expect(item).not.toHaveProperty('last_attempt');
  });

  it('comes newest first, page by page, by state, reason, service and time', async () => {
    const all = [];
    for (const state of ['delivered', 'failed', 'expired', 'failed'] as const) all.unshift(await sent('bob', state));
    const ids = all.map(({ delivery }) => delivery.id);
    const path = '/v1/users/bob/deliveries';
    expect(idsOf(await get(path))).toEqual(ids);
    const first = await get(`${path}?limit=3`);
    expect([...idsOf(first), ...idsOf(await get(`${path}?limit=3&cursor=${first.next_cursor}`))]).toEqual(ids);
    expect(idsOf(await get(`${path}?state=failed`))).toEqual([ids[0], ids[2]]);
    expect(idsOf(await get(`${path}?reason=rejected&state=expired`))).toEqual([ids[1]]);
    expect(idsOf(await get(`${path}?push_service=other`))).toEqual(ids);
    expect(idsOf(await get(`${path}?push_service=https://push.example.net&state=failed&limit=1`))).toEqual([ids[0]]);
    expect(idsOf(await get(`${path}?push_service=fcm`))).toEqual([]);
    expect(idsOf(await get(`${path}?from=${all[2]!.at}&until=${all[0]!.at}`))).toEqual([ids[1], ids[2]]);
  });

  it.each(['a/b', 'auth0|5f7c', 'ü@example.org', '..'])('is told of %s, whose id a path may not hold', async (user) => {
    const { delivery } = await sent(user, 'delivered');
    expect(idsOf(await get(`/v1/deliveries?user_id=${encodeURIComponent(user)}`))).toEqual([delivery.id]);
  });

  it.each(['auth0|5f7c', 'ü@example.org'])('is told of %s in the path', async (user) => {
    const { delivery } = await sent(user, 'delivered');
    expect(idsOf(await get(`/v1/users/${encodeURIComponent(user)}/deliveries`))).toEqual([delivery.id]);
  });

  it('is nothing for a user who is not known', async () => {
    expect(await get('/v1/users/nobody/deliveries')).toEqual({ items: [], next_cursor: null });
  });
});

describe('the notifications of a user', () => {
  it('are those with a delivery to them, with the filters that there are', async () => {
    const one = await sent('bob', 'delivered', { type: 'a' });
    await sent('ada', 'delivered', { type: 'a' });
    const two = await sent('bob', 'delivered', { type: 'b' });
    const path = '/v1/notifications?user_id=bob';
    expect(idsOf(await get(path))).toEqual([two.notification.id, one.notification.id]);
    expect(idsOf(await get(`${path}&type=a`))).toEqual([one.notification.id]);
    expect(idsOf(await get(`${path}&status=accepted`))).toEqual([]);
    expect(idsOf(await get(`${path}&until=${two.at}`))).toEqual([one.notification.id]);
    const first = await get(`${path}&limit=1`);
    expect(idsOf(await get(`${path}&limit=1&cursor=${first.next_cursor}`))).toEqual([one.notification.id]);
  });
});

describe('dead letters', () => {
  it('are narrowed by user, service, reason and time', async () => {
    const bob = await sent('bob', 'failed');
    const ada = await sent('ada', 'failed');
    const [first, second] = [bob.delivery.id, ada.delivery.id];
    const path = '/v1/dead-letters';
    expect(idsOf(await get(`${path}?user_id=bob`))).toEqual([first]);
    expect(idsOf(await get(`${path}?user_id=bob&reason=rejected&push_service=other`))).toEqual([first]);
    expect(idsOf(await get(`${path}?user_id=bob&reason=misconfigured`))).toEqual([]);
    expect(idsOf(await get(`${path}?push_service=apple`))).toEqual([]);
    expect(idsOf(await get(`${path}?from=${ada.at}`))).toEqual([second]);
    expect(idsOf(await get(`${path}?until=${ada.at}&reason=rejected`))).toEqual([first]);
  });
});

describe('the deliveries and attempts of one notification', () => {
  it('are narrowed by user, service, outcome and time', async () => {
    const devices = [await api.register('bob'), await api.register('ada')];
    const { id } = await api.notify(['bob', 'ada']);
    for (const device of devices) await api.deliver(id, device, 'failed');
    const [bob] = (await get(`/v1/notifications/${id}/deliveries?user_id=bob`)).items;
    expect(bob.user_id).toBe('bob');
    const path = `/v1/notifications/${id}/attempts`;
    const usersOf = async (query: string) =>
      (await get(`${path}?${query}`)).items.map((item: { user_id: string }) => item.user_id).sort();
    expect(await usersOf('user_id=bob')).toEqual(['bob']);
    expect(await usersOf('outcome=delivered')).toEqual(['ada', 'bob']);
    expect(await usersOf('outcome=delivered&user_id=ada&push_service=other')).toEqual(['ada']);
    expect(await usersOf('outcome=gone')).toEqual([]);
    expect(await usersOf('from=2026-01-01T00:00:00Z&limit=1')).toHaveLength(1);
    expect(await usersOf('until=2026-01-01T00:00:00Z')).toEqual([]);
  });
});
