import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Settlement } from '../../src/domain/delivery/settlement.ts';
import { NOBODY_KNOWN } from '../../src/domain/user/person.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  goneChange,
  NOW_MS,
  sampleAcceptance,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, claimOf, fannedOut, freshStore, LEASE_UNTIL_MS, leaseIn, type OpenStore } from './fresh-store.ts';

/** Waits for another attempt. */
const retrying = (settlement: Settlement, dueAtMs: number): Settlement => ({
  ...settlement,
  after: { ...settlement.after, state: 'retrying', dueAtMs, reason: null, endedAtMs: null },
});

export function transitionContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('claimMany', () => {
    it('takes the lease and gives delivery, notification and subscription', async () => {
      const { store } = fresh;
      const { notification, deliveries } = await fannedOut(store, 2);
      const results = await store.deliveries.claimMany(deliveries.map(({ id }) => claimOf(id)));
      for (const [index, before] of deliveries.entries()) {
        const subscription = await store.subscriptions.get(before.subscriptionId);
        const status = 'sending';
        const expected = { before, version: 2, notification: { ...notification, status }, subscription };
        expect(results[index]).toEqual({ ...expected, isSuperseded: false, person: NOBODY_KNOWN });
        const lease = { state: 'sending', version: 2, attemptCount: 1, claimedAtMs: NOW_MS, dueAtMs: LEASE_UNTIL_MS };
        expect(await store.deliveries.get(before.id)).toEqual({ ...before, ...lease });
      }
    });

    it('gives null in its place for what is not waiting for that attempt', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 3);
      const [one, two, ended] = deliveries as [Delivery, Delivery, Delivery];
      await store.deliveries.settleMany([endingAs('failed', await claimed(store, ended.id))]);
      const claims = [
        claimOf(one.id, 2),
        claimOf(two.id),
        claimOf(ended.id, 2),
        claimOf('dlv_unknown'),
        claimOf(one.id, 0),
        claimOf(two.id),
        claimOf(one.id),
      ];
      const results = await store.deliveries.claimMany(claims);
      expect(results.map((result) => leaseIn(result)?.before.id ?? null)).toEqual([
        null,
        two.id,
        null,
        null,
        null,
        null,
        one.id,
      ]);
      expect(await store.deliveries.get(ended.id)).toMatchObject({ state: 'failed', version: 3 });
      expect(await store.deliveries.claimMany([])).toEqual([]);
    });

    it('gives a delivery to one of many that claim it at the same time', async () => {
      const { deliveries } = await fannedOut(fresh.store, 1);
      const { id } = deliveries[0]!;
      const results = await Promise.all(
        Array.from({ length: 30 }, () => fresh.store.deliveries.claimMany([claimOf(id)])),
      );
      expect(results.flat().filter((result) => result !== null)).toHaveLength(1);
      expect(await fresh.store.deliveries.get(id)).toMatchObject({ version: 2, attemptCount: 1 });
    });

    it('takes a long batch, each place on its own', async () => {
      const { store } = fresh;
      const notification = sampleNotification();
      const deliveries = Array.from({ length: 400 }, () => sampleDelivery(notification, sampleSubscription()));
      await store.notifications.accept(sampleAcceptance(notification, ['a']));
      await commitPage(store, notification, deliveries);
      const results = await store.deliveries.claimMany(deliveries.map(({ id }) => claimOf(id)));
      expect(results.map((result) => leaseIn(result)?.before.id)).toEqual(deliveries.map(({ id }) => id));
      const settled = await store.deliveries.settleMany(
        results.map((result) => endingAs('delivered', leaseIn(result)!)),
      );
      expect(settled).toEqual(deliveries.map(() => true));
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
    });

    it('gives no subscription where its row was deleted, and a retired one as retired', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 2);
      const [one, two] = deliveries as [Delivery, Delivery];
      await store.subscriptions.delete(one.subscriptionId);
      expect(await claimed(store, one.id)).toMatchObject({ subscription: null });
      const change = goneChange(two.subscriptionId);
      await store.deliveries.settleMany([
        { ...retrying(endingAs('failed', await claimed(store, two.id)), NOW_MS), change },
      ]);
      expect(await claimed(store, two.id, 2)).toMatchObject({ subscription: { retired: { reason: 'gone' } } });
    });
  });

  describe('settleMany', () => {
    it('writes the delivery as it shall be, with the next version', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const lease = await claimed(store, deliveries[0]!.id);
      const replays = [{ from: 'failed', afterAttempt: 1, endedAtMs: NOW_MS, atMs: NOW_MS + 1 }] as const;
      const changes = { version: 99, retryCount: 3, interruptionCount: 2, deadlineAtMs: NOW_MS + 7, replays };
      const settlement = endingAs('failed', lease, changes);
      expect(await store.deliveries.settleMany([settlement])).toEqual([true]);
      expect(await store.deliveries.get(deliveries[0]!.id)).toEqual({ ...settlement.after, version: 3 });
    });

    it('lets a late writer lose, in its place, and retires nothing for it', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 2);
      const [one, two] = deliveries as [Delivery, Delivery];
      const [first, second] = [await claimed(store, one.id), await claimed(store, two.id)];
      const change = goneChange(one.subscriptionId);
      const late = { ...endingAs('pruned', first), version: 1, change };
      const unknown = endingAs('failed', first, { id: 'dlv_unknown' });
      const good = endingAs('delivered', second);
      expect(await store.deliveries.settleMany([late, good, unknown, good])).toEqual([false, true, false, false]);
      expect(await store.deliveries.get(one.id)).toMatchObject({ state: 'sending', version: 2 });
      expect(await store.subscriptions.get(one.subscriptionId)).toMatchObject({ retired: null });
      expect(await store.deliveries.settleMany([])).toEqual([]);
    });

    it('writes each of a batch as it shall be, whatever the others are', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 7);
      const leases = await Promise.all(deliveries.map(({ id }) => claimed(store, id)));
      const said = ['$version', '$$ROOT', '{"$literal":1}', '', 'a'.repeat(900), null, '$'];
      const states = ['delivered', 'pruned', 'delivered', 'expired', 'delivered', 'failed', 'expired'] as const;
      const settlements = leases.map((lease, index) => {
        const ended = endingAs(states[index] ?? 'failed', lease, { endedAtMs: NOW_MS + index, retryCount: index % 2 });
        const attempts = [sampleAttempt({ error: said[index] ?? null, latencyMs: index })];
        const settlement = { ...ended, after: { ...ended.after, attempts } };
        return index % 3 === 0 ? retrying(settlement, NOW_MS + 100 * index) : settlement;
      });
      const [first] = settlements as [Settlement];
      const rival = { ...first, after: { ...first.after, retryCount: 9 } };
      const late = { ...first, version: 1 };
      expect(await store.deliveries.settleMany([...settlements, rival, late])).toEqual([
        ...settlements.map(() => true),
        false,
        false,
      ]);
      for (const { after } of settlements)
        expect(await store.deliveries.get(after.id)).toEqual({ ...after, version: 3 });
    });

    it('takes one of two settlements of the same version at the same time', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const lease = await claimed(store, deliveries[0]!.id);
      const states = ['delivered', 'failed', 'expired', 'pruned'] as const;
      const results = await Promise.all(states.map((state) => store.deliveries.settleMany([endingAs(state, lease)])));
      const winners = states.filter((_, index) => results[index]?.[0]);
      expect(winners).toHaveLength(1);
      expect(await store.deliveries.get(lease.before.id)).toMatchObject({ state: winners[0], version: 3 });
    });

    it('retires the subscription in the same commit', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const { id, subscriptionId } = deliveries[0]!;
      const { updatedAtMs } = (await store.subscriptions.get(subscriptionId))!;
      const change = goneChange(subscriptionId, { atMs: NOW_MS + 9, notUpdatedSinceMs: updatedAtMs });
      await store.deliveries.settleMany([{ ...endingAs('pruned', await claimed(store, id)), change }]);
      const { retired } = (await store.subscriptions.get(subscriptionId))!;
      expect(retired).toEqual({ reason: 'gone', atMs: NOW_MS + 9, deliveryId: null });
    });
  });

  describe('the notification’s status', () => {
    it('is completed with the last final delivery, and sending again with one reopened', async () => {
      const { store } = fresh;
      const { notification, deliveries } = await fannedOut(store, 3);
      const other = await fannedOut(store, 1);
      const status = async () => (await store.notifications.get(notification.id))?.status;
      const [one, two, three] = deliveries as [Delivery, Delivery, Delivery];
      const lease = await claimed(store, one.id);
      await store.deliveries.settleMany([
        endingAs('delivered', await claimed(store, two.id)),
        endingAs('cancelled', await claimed(store, three.id)),
      ]);
      expect(await status()).toBe('sending');
      await store.deliveries.settleMany([retrying(endingAs('failed', lease), NOW_MS + 5)]);
      expect(await status()).toBe('sending');
      await store.deliveries.settleMany([endingAs('failed', await claimed(store, one.id, 2))]);
      expect(await status()).toBe('completed');
      const dead = (await store.deliveries.get(one.id))!;
      const after: Delivery = { ...dead, state: 'pending', dueAtMs: NOW_MS, endedAtMs: null, reason: null };
      const replay: Settlement = { version: dead.version, from: 'failed', after, change: null, attempt: null };
      expect(await store.deliveries.settleMany([replay])).toEqual([true]);
      expect(await status()).toBe('sending');
      await store.deliveries.settleMany([endingAs('delivered', await claimed(store, one.id, 3))]);
      expect(await status()).toBe('completed');
      expect(await store.notifications.get(other.notification.id)).toMatchObject({ status: 'sending' });
    });

    it('stays accepted while the fan-out goes on', async () => {
      const { store } = fresh;
      const notification = sampleNotification();
      const delivery = sampleDelivery(notification, sampleSubscription());
      await store.notifications.accept(sampleAcceptance(notification, ['a']));
      await commitPage(store, notification, [delivery], 'a later place');
      const lease = await claimed(store, delivery.id);
      expect(lease.subscription).toBeNull();
      await store.deliveries.settleMany([endingAs('cancelled', lease)]);
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'accepted' });
    });
  });

  it('keeps to the model for any order of claims and settlements', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('claim' as const), attempt: fc.integer({ min: 1, max: 4 }) }),
      fc.record({
        kind: fc.constant('settle' as const),
        version: fc.integer({ min: 1, max: 7 }),
        state: fc.constantFrom('retrying' as const, 'delivered' as const, 'failed' as const),
      }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const { id } = deliveries[0]!;
      let model = deliveries[0]!;
      for (const next of steps) {
        if (next.kind === 'claim') {
          const isFree = ['pending', 'retrying'].includes(model.state) && model.attemptCount === next.attempt - 1;
          const [result] = await store.deliveries.claimMany([claimOf(id, next.attempt)]);
          expect(result === null).toBe(!isFree);
          if (!isFree) continue;
          expect(result).toMatchObject({ before: model, version: model.version + 1 });
          const lease = { attemptCount: next.attempt, claimedAtMs: NOW_MS, dueAtMs: LEASE_UNTIL_MS };
          model = { ...model, ...lease, state: 'sending', version: model.version + 1 };
        } else {
          const dueAtMs = next.state === 'retrying' ? NOW_MS : null;
          const after: Delivery = { ...model, state: next.state, dueAtMs, claimedAtMs: null };
          const isFirst = next.version === model.version;
          const settlement = { version: next.version, from: model.state, after, change: null, attempt: null };
          expect(await store.deliveries.settleMany([settlement])).toEqual([isFirst]);
          if (isFirst) model = { ...after, version: model.version + 1 };
        }
        expect(await store.deliveries.get(id)).toEqual(model);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
}
