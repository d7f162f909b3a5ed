import { describe, expect, it } from 'vitest';
import type { SubscriptionChange } from '../../src/domain/subscription/subscription-change.ts';
import { devicesOfUsers } from '../support/audience-pages.ts';
import { LATER_MS, NOW_MS, sampleSubscription } from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const QUARANTINE = { sinceMs: NOW_MS, untilMs: NOW_MS + 3_600_000 };

/** What answers of push services, and people, change in subscriptions. */
export function subscriptionChangeContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const registered = async (overrides = {}) => {
    const draft = sampleSubscription(overrides);
    await fresh.store.subscriptions.register(draft);
    return draft;
  };
  const changeTo = (subscriptionId: string, change: object, notUpdatedSinceMs = LATER_MS) =>
    fresh.store.subscriptions.change([{ subscriptionId, notUpdatedSinceMs, ...change } as SubscriptionChange]);
  const retire = (id: string) => changeTo(id, { kind: 'retire', reason: 'gone', atMs: LATER_MS, deliveryId: 'dlv_1' });

  describe('change', () => {
    it('keeps quarantine and suspicion, and clears both', async () => {
      const one = await registered();
      await changeTo(one.id, { kind: 'quarantine', quarantine: QUARANTINE });
      await changeTo(one.id, { kind: 'suspect', holdId: 'hld_1' });
      expect(await fresh.store.subscriptions.get(one.id)).toEqual({
        ...one,
        quarantine: QUARANTINE,
        suspectedByHoldId: 'hld_1',
      });
      await changeTo(one.id, { kind: 'clear' });
      expect(await fresh.store.subscriptions.get(one.id)).toEqual(one);
    });

    it('retires with the delivery that led to it, and without what troubled it', async () => {
      const one = await registered();
      await changeTo(one.id, { kind: 'suspect', holdId: 'hld_1' });
      await retire(one.id);
      expect(await fresh.store.subscriptions.get(one.id)).toMatchObject({
        retired: { reason: 'gone', atMs: LATER_MS, deliveryId: 'dlv_1' },
        suspectedByHoldId: null,
      });
    });

    it('leaves alone what was registered again meanwhile, and what is retired', async () => {
      const one = await registered();
      await changeTo(one.id, { kind: 'suspect', holdId: 'hld_1' }, one.updatedAtMs - 1);
      expect((await fresh.store.subscriptions.get(one.id))?.suspectedByHoldId).toBeNull();
      await retire(one.id);
      await changeTo(one.id, { kind: 'suspect', holdId: 'hld_1' });
      expect((await fresh.store.subscriptions.get(one.id))?.suspectedByHoldId).toBeNull();
      await fresh.store.subscriptions.change([]);
    });

    it('comes with a settlement, and not with one that lost', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const { id, subscriptionId } = deliveries[0]!;
      const { before, version } = await claimed(store, id);
      const change = { kind: 'quarantine', quarantine: QUARANTINE, subscriptionId, notUpdatedSinceMs: 9e15 } as const;
      const after = { ...before, state: 'retrying', dueAtMs: QUARANTINE.untilMs } as const;
      const settlement = { version, from: 'sending', after, change, attempt: null } as const;
      expect(await store.deliveries.settleMany([{ ...settlement, version: version + 1 }])).toEqual([false]);
      expect((await store.subscriptions.get(subscriptionId))?.quarantine).toBeNull();
      expect(await store.deliveries.settleMany([settlement])).toEqual([true]);
      expect((await store.subscriptions.get(subscriptionId))?.quarantine).toEqual(QUARANTINE);
    });

    it('is undone by registering again', async () => {
      const one = await registered();
      await changeTo(one.id, { kind: 'quarantine', quarantine: QUARANTINE });
      await fresh.store.subscriptions.register({ ...one, updatedAtMs: LATER_MS });
      expect((await fresh.store.subscriptions.get(one.id))?.quarantine).toBeNull();
    });
  });

  describe('suspectedBy', () => {
    it('gives the active ones of one hold, page by page as they are cleared', async () => {
      const made = [await registered(), await registered(), await registered(), await registered()];
      const ids = made.map(({ id }) => id).sort();
      for (const id of ids.slice(0, 3)) await changeTo(id, { kind: 'suspect', holdId: 'hld_1' });
      await changeTo(ids[3]!, { kind: 'suspect', holdId: 'hld_2' });
      const suspected = async (limit: number) =>
        (await fresh.store.subscriptions.suspectedBy('hld_1', limit)).map(({ id }) => id);
      expect(await suspected(2)).toEqual(ids.slice(0, 2));
      await changeTo(ids[0]!, { kind: 'clear' });
      await retire(ids[1]!);
      expect(await suspected(9)).toEqual([ids[2]]);
    });
  });

  describe('restore', () => {
    it('makes a retired one active again, as it was', async () => {
      const one = await registered();
      await retire(one.id);
      const restored = { ...one, updatedAtMs: LATER_MS + 5 };
      const result = await fresh.store.subscriptions.restore(one.id, LATER_MS + 5);
      expect(result).toEqual({ kind: 'restored', subscription: restored });
      expect(await fresh.store.subscriptions.get(one.id)).toEqual(restored);
      expect(await devicesOfUsers(fresh.store, [one.userId])).toHaveLength(1);
      expect(await fresh.store.subscriptions.restore(one.id, LATER_MS + 9)).toEqual({
        kind: 'active',
        subscription: restored,
      });
    });

    it('never takes an endpoint from another row', async () => {
      const one = await registered({ userId: 'ada' });
      await retire(one.id);
      const other = await registered({ userId: 'grace', endpoint: one.endpoint });
      expect(await fresh.store.subscriptions.restore(one.id, LATER_MS)).toEqual({ kind: 'taken' });
      expect((await fresh.store.subscriptions.get(other.id))?.retired).toBeNull();
    });

    it('gives nobody a browser back that went to another user', async () => {
      const one = await registered({ userId: 'ada' });
      const other = await registered({ userId: 'grace', endpoint: one.endpoint, keys: one.keys });
      await fresh.store.subscriptions.delete(other.id);
      expect(await fresh.store.subscriptions.restore(one.id, LATER_MS)).toEqual({ kind: 'taken' });
    });

    it('finds nothing where there is nothing', async () => {
      expect(await fresh.store.subscriptions.restore('sub_none', NOW_MS)).toEqual({ kind: 'missing' });
    });

    it('and a registration at the same time leave one active row', async () => {
      const one = await registered({ userId: 'ada' });
      await retire(one.id);
      const rival = sampleSubscription({ userId: 'grace', endpoint: one.endpoint });
      await Promise.all([
        fresh.store.subscriptions.restore(one.id, LATER_MS),
        fresh.store.subscriptions.register(rival),
      ]);
      const { items } = await fresh.store.subscriptions.list({
        userId: null,
        includeRetired: false,
        cursor: null,
        limit: 9,
      });
      expect(items).toHaveLength(1);
    });
  });

  describe('VAPID keys', () => {
    it('counts the active subscriptions of each', async () => {
      await registered({ vapidPublicKey: 'B1' });
      await registered({ vapidPublicKey: 'B2' });
      const gone = await registered({ vapidPublicKey: 'B2' });
      await registered({ vapidPublicKey: 'B2' });
      await retire(gone.id);
      const counts = await fresh.store.subscriptions.countByVapidKey(99);
      expect([...counts].sort()).toEqual([
        ['B1', 1],
        ['B2', 2],
      ]);
      expect([...(await fresh.store.subscriptions.countByVapidKey(1)).values()]).toEqual([1, 1]);
    });

    it('stay with their endpoint, unless the caller knows better', async () => {
      const one = await registered({ vapidPublicKey: 'B1' });
      const again = { ...one, vapidPublicKey: 'B2' };
      await fresh.store.subscriptions.register(again);
      expect((await fresh.store.subscriptions.get(one.id))?.vapidPublicKey).toBe('B1');
      await fresh.store.subscriptions.register({ ...again, id: sampleSubscription().id, userId: 'another' });
      await fresh.store.subscriptions.register(again, { isVapidKeyGiven: true });
      expect((await fresh.store.subscriptions.get(one.id))?.vapidPublicKey).toBe('B2');
    });

    it('are those of the row that is active, not of one that the endpoint had before', async () => {
      const one = await registered({ userId: 'ada', vapidPublicKey: 'B1' });
      const { id } = sampleSubscription();
      const moved = { ...one, id, userId: 'grace', vapidPublicKey: 'B2', createdAtMs: LATER_MS, updatedAtMs: LATER_MS };
      await fresh.store.subscriptions.register(moved, { isVapidKeyGiven: true });
      await fresh.store.subscriptions.register({ ...moved, vapidPublicKey: 'B3', updatedAtMs: LATER_MS + 1 });
      expect((await fresh.store.subscriptions.get(id))?.vapidPublicKey).toBe('B2');
    });
  });
}
