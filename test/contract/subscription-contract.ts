import { describe, expect, it } from 'vitest';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  goneChange,
  LATER_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, everyPage, freshStore, type OpenStore } from './fresh-store.ts';

/** The same browser's subscription as it comes with another registration. */
function again(earlier: Subscription, overrides: Partial<Subscription> = {}): Subscription {
  const { endpoint, endpointHash, keys, userId } = earlier;
  return sampleSubscription({ endpoint, endpointHash, keys, userId, createdAtMs: LATER_MS, ...overrides });
}

export function subscriptionContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const retire = async (subscription: Subscription, notUpdatedSinceMs: number): Promise<void> => {
    const { store } = fresh;
    const notification = sampleNotification();
    const delivery = sampleDelivery(notification, subscription);
    await store.notifications.accept(sampleAcceptance(notification, [subscription.userId]));
    await commitPage(store, notification, [delivery]);
    const settlement = endingAs('pruned', await claimed(store, delivery.id));
    const retirement = goneChange(subscription.id, { atMs: LATER_MS, notUpdatedSinceMs });
    expect(await store.deliveries.settleMany([{ ...settlement, change: retirement }])).toEqual([true]);
  };

  describe('register', () => {
    it('creates, and gives back what it was given', async () => {
      const draft = sampleSubscription({ expirationAtMs: LATER_MS, locale: null, userAgent: null });
      expect(await fresh.store.subscriptions.register(draft)).toEqual({ kind: 'created', subscription: draft });
      expect(await fresh.store.subscriptions.get(draft.id)).toEqual(draft);
    });

    it('updates the same user’s row and keeps its id and age', async () => {
      const first = sampleSubscription();
      const second = again(first, { keys: { p256dh: 'new', auth: 'new' }, vapidPublicKey: 'B2', locale: 'ar' });
      await fresh.store.subscriptions.register(first);
      const result = await fresh.store.subscriptions.register(second, { isVapidKeyGiven: true });
      const expected = { ...second, id: first.id, createdAtMs: first.createdAtMs };
      expect(result).toEqual({ kind: 'updated', subscription: expected });
      expect(await fresh.store.subscriptions.get(first.id)).toEqual(expected);
      expect(await fresh.store.subscriptions.get(second.id)).toBeNull();
    });

    it('makes the same user’s retired row active again', async () => {
      const first = sampleSubscription();
      await fresh.store.subscriptions.register(first);
      await retire(first, LATER_MS);
      expect(await fresh.store.subscriptions.get(first.id)).toEqual({
        ...first,
        retired: { reason: 'gone', atMs: LATER_MS, deliveryId: null },
      });
      const result = await fresh.store.subscriptions.register(again(first));
      expect(result).toMatchObject({ kind: 'updated', subscription: { id: first.id, retired: null } });
      expect(await fresh.store.subscriptions.get(first.id)).toMatchObject({ retired: null });
    });

    it('moves another user’s active row when both keys are equal', async () => {
      const first = sampleSubscription({ userId: 'anna' });
      const second = again(first, { userId: 'ben' });
      await fresh.store.subscriptions.register(first);
      const expected = { ...second, replacesId: first.id };
      expect(await fresh.store.subscriptions.register(second)).toEqual({ kind: 'moved', subscription: expected });
      expect(await fresh.store.subscriptions.get(second.id)).toEqual(expected);
      expect(await fresh.store.subscriptions.get(first.id)).toEqual({
        ...first,
        retired: { reason: 'moved', atMs: second.updatedAtMs, deliveryId: null },
      });
    });

    it('moves back to a user’s old row', async () => {
      const first = sampleSubscription({ userId: 'anna' });
      const second = again(first, { userId: 'ben' });
      await fresh.store.subscriptions.register(first);
      await fresh.store.subscriptions.register(second);
      const result = await fresh.store.subscriptions.register(again(first, { createdAtMs: LATER_MS + 1 }));
      const expected = { id: first.id, createdAtMs: first.createdAtMs, replacesId: second.id, retired: null };
      expect(result).toMatchObject({ kind: 'moved', subscription: expected });
      expect(await fresh.store.subscriptions.get(first.id)).toMatchObject(expected);
      expect(await fresh.store.subscriptions.get(second.id)).toMatchObject({ retired: { reason: 'moved' } });
    });

    it.each(['p256dh', 'auth'] as const)('refuses another user’s active row when %s differs', async (key) => {
      const first = sampleSubscription({ userId: 'anna' });
      const second = again(first, { userId: 'ben', keys: { ...first.keys, [key]: 'guessed' } });
      await fresh.store.subscriptions.register(first);
      expect(await fresh.store.subscriptions.register(second)).toEqual({ kind: 'taken' });
      expect(await fresh.store.subscriptions.get(first.id)).toEqual(first);
      expect(await fresh.store.subscriptions.get(second.id)).toBeNull();
    });

    it('is not held up by another user’s retired row', async () => {
      const first = sampleSubscription({ userId: 'anna' });
      await fresh.store.subscriptions.register(first);
      await retire(first, LATER_MS);
      const second = again(first, { userId: 'ben', keys: { p256dh: 'other', auth: 'other' } });
      expect(await fresh.store.subscriptions.register(second)).toEqual({ kind: 'created', subscription: second });
    });

    it('keeps one active row when the same browser registers many times at once', async () => {
      const first = sampleSubscription();
      const drafts = Array.from({ length: 20 }, () => again(first));
      const results = await Promise.all(drafts.map((draft) => fresh.store.subscriptions.register(draft)));
      expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === 'updated')).toHaveLength(19);
      const list = await fresh.store.subscriptions.list({
        userId: null,
        includeRetired: true,
        cursor: null,
        limit: 50,
      });
      expect(list.items).toHaveLength(1);
    });

    it('keeps one active row when many users claim one endpoint at once', async () => {
      const first = sampleSubscription();
      const drafts = Array.from({ length: 20 }, (_, index) => again(first, { userId: `u${index}` }));
      const results = await Promise.all(drafts.map((draft) => fresh.store.subscriptions.register(draft)));
      expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      const list = await fresh.store.subscriptions.list({
        userId: null,
        includeRetired: false,
        cursor: null,
        limit: 50,
      });
      expect(list.items).toHaveLength(1);
    });
  });

  describe('retirement', () => {
    it('spares a subscription registered again meanwhile', async () => {
      const first = sampleSubscription();
      await fresh.store.subscriptions.register(first);
      await fresh.store.subscriptions.register(again(first));
      await retire(first, LATER_MS - 1);
      expect(await fresh.store.subscriptions.get(first.id)).toMatchObject({ retired: null });
    });

    it('leaves the first reason of one that is retired already', async () => {
      const first = sampleSubscription({ userId: 'anna' });
      await fresh.store.subscriptions.register(first);
      await fresh.store.subscriptions.register(again(first, { userId: 'ben', createdAtMs: LATER_MS - 5 }));
      await retire(first, LATER_MS);
      expect(await fresh.store.subscriptions.get(first.id)).toMatchObject({
        retired: { reason: 'moved', atMs: LATER_MS - 5, deliveryId: null },
      });
    });
  });

  it('deletes once, and frees the endpoint', async () => {
    const first = sampleSubscription({ userId: 'anna' });
    await fresh.store.subscriptions.register(first);
    expect(await fresh.store.subscriptions.delete(first.id)).toBe(true);
    expect(await fresh.store.subscriptions.delete(first.id)).toBe(false);
    expect(await fresh.store.subscriptions.get(first.id)).toBeNull();
    const other = again(first, { userId: 'ben', keys: { p256dh: 'x', auth: 'y' } });
    expect(await fresh.store.subscriptions.register(other)).toMatchObject({ kind: 'created' });
  });

  it('deletes every row of an endpoint, or one user’s alone', async () => {
    const { subscriptions } = fresh.store;
    const first = sampleSubscription({ userId: 'anna' });
    const moved = again(first, { userId: 'ben' });
    const other = sampleSubscription({ userId: 'anna' });
    for (const each of [first, moved, other]) await subscriptions.register(each);
    expect(await subscriptions.deleteOfEndpoint(first.endpointHash, 'carl')).toBe(0);
    expect(await subscriptions.deleteOfEndpoint(first.endpointHash, 'anna')).toBe(1);
    expect([await subscriptions.get(first.id), await subscriptions.get(moved.id)]).toMatchObject([
      null,
      { id: moved.id },
    ]);
    await subscriptions.register(first);
    expect(await subscriptions.deleteOfEndpoint(first.endpointHash, null)).toBe(2);
    expect(await subscriptions.deleteOfEndpoint(first.endpointHash, null)).toBe(0);
    expect((await subscriptions.list({ userId: null, includeRetired: true, cursor: null, limit: 9 })).items).toEqual([
      other,
    ]);
    // The endpoint is free again, for whatever keys.
    const later = again(first, { userId: 'dora', keys: { p256dh: 'x', auth: 'y' } });
    expect(await subscriptions.register(later)).toMatchObject({ kind: 'created' });
  });

  it('deletes a user’s rows, retired ones too, as many at once as asked, and nobody else’s', async () => {
    const { subscriptions } = fresh.store;
    // One of the ids is what a store might take for an operator or a pattern.
    for (const userId of ['anna', 'a%', '$ne']) {
      const rows = Array.from({ length: 5 }, () => sampleSubscription({ userId }));
      for (const each of rows) await subscriptions.register(each);
      await subscriptions.change([goneChange(rows[0]!.id)]);
    }
    expect([await subscriptions.deleteOfUser('anna', 3), await subscriptions.deleteOfUser('anna', 3)]).toEqual([3, 2]);
    expect(await subscriptions.deleteOfUser('anna', 3)).toBe(0);
    expect(await subscriptions.deleteOfUser('$ne', 9)).toBe(5);
    const { items } = await subscriptions.list({ userId: null, includeRetired: true, cursor: null, limit: 20 });
    expect(items.map(({ userId }) => userId)).toEqual(Array(5).fill('a%'));
  });

  describe('list', () => {
    it('gives every row once, newest first, page by page', async () => {
      const all = Array.from({ length: 23 }, (_, index) => sampleSubscription({ userId: `u${index % 2}` }));
      for (const subscription of all) await fresh.store.subscriptions.register(subscription);
      const list = (userId: string | null) =>
        everyPage((cursor) => fresh.store.subscriptions.list({ userId, includeRetired: false, cursor, limit: 5 }));
      const { items, pages } = await list(null);
      expect(items).toEqual(all.toReversed());
      expect(pages).toBe(5);
      expect((await list('u1')).items).toEqual(all.filter(({ userId }) => userId === 'u1').toReversed());
      expect((await list('nobody')).items).toEqual([]);
    });

    it('gives no next on a last page that is full', async () => {
      for (let index = 0; index < 4; index++) await fresh.store.subscriptions.register(sampleSubscription());
      const query = { userId: null, includeRetired: true, limit: 2 };
      const { pages } = await everyPage((cursor) => fresh.store.subscriptions.list({ ...query, cursor }));
      expect(pages).toBe(2);
    });

    it('lists retired ones only when asked', async () => {
      const [kept, gone] = [sampleSubscription(), sampleSubscription()];
      await fresh.store.subscriptions.register(kept);
      await fresh.store.subscriptions.register(gone);
      await retire(gone, LATER_MS);
      for (const userId of [null, 'user-1']) {
        const list = async (includeRetired: boolean) =>
          (await fresh.store.subscriptions.list({ userId, includeRetired, cursor: null, limit: 9 })).items;
        expect((await list(false)).map(({ id }) => id)).toEqual([kept.id]);
        expect((await list(true)).map(({ id }) => id)).toEqual([gone.id, kept.id]);
      }
    });

    it('refuses a cursor it never gave', async () => {
      const query = { userId: null, includeRetired: false, cursor: 'no such place', limit: 5 };
      await expect(fresh.store.subscriptions.list(query)).rejects.toMatchObject({ code: 'invalid_cursor' });
    });
  });
}
