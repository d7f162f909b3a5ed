import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, claimOf, freshStore, LEASE_UNTIL_MS, leaseIn, type OpenStore } from './fresh-store.ts';

/** At most one push to a subscription is under way: push services lose one of two that come in the same millisecond. */
export function onePushContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('a claim of a delivery to a subscription that another push goes to', () => {
    /** So many deliveries of as many notifications to one subscription. */
    const toOne = async (count: number): Promise<readonly Delivery[]> => {
      const subscription = sampleSubscription();
      await fresh.store.subscriptions.register(subscription);
      const deliveries: Delivery[] = [];
      for (let index = 0; index < count; index += 1) {
        const notification = sampleNotification();
        const delivery = sampleDelivery(notification, subscription);
        await fresh.store.notifications.accept(sampleAcceptance(notification, [subscription.userId]));
        await commitPage(fresh.store, notification, [delivery]);
        deliveries.push(delivery);
      }
      return deliveries;
    };
    const claimMany = (claims: readonly ReturnType<typeof claimOf>[]) => fresh.store.deliveries.claimMany(claims);

    it('is busy until that is settled or its lease ends, and the delivery waits as it did', async () => {
      const { store } = fresh;
      const [one, two, three] = (await toOne(3)) as [Delivery, Delivery, Delivery];
      const [first, ...others] = await claimMany([claimOf(one.id), claimOf(two.id), claimOf(three.id)]);
      expect([leaseIn(first ?? null)?.before.id, others]).toEqual([one.id, ['busy', 'busy']]);
      expect(await claimMany([claimOf(two.id), claimOf(three.id, 2)])).toEqual(['busy', null]);
      const { version: _, ...waiting } = two;
      expect(await store.deliveries.get(two.id)).toMatchObject(waiting);
      await store.deliveries.settleMany([endingAs('delivered', leaseIn(first ?? null)!)]);
      expect(await claimed(store, two.id)).toMatchObject({ before: waiting });
      // A lease that has ended was left by a process that is gone.
      const later = { nowMs: LEASE_UNTIL_MS, leaseUntilMs: LEASE_UNTIL_MS + 60_000 };
      expect(await claimMany([{ ...claimOf(three.id), ...later, nowMs: LEASE_UNTIL_MS - 1 }])).toEqual(['busy']);
      expect(await claimMany([{ ...claimOf(three.id), ...later }])).toMatchObject([{ before: { id: three.id } }]);
    });

    it('is granted to one that is past its deadline, which ends unsent', async () => {
      const [one, two] = (await toOne(2)) as [Delivery, Delivery];
      await claimed(fresh.store, one.id);
      const late = { ...claimOf(two.id), nowMs: two.deadlineAtMs, leaseUntilMs: two.deadlineAtMs + 1 };
      const [result = null] = await claimMany([late]);
      expect(leaseIn(result)?.before.id).toBe(two.id);
    });

    it('is granted to one at most of many that are claimed at the same time', async () => {
      for (let round = 0; round < 10; round += 1) {
        const deliveries = await toOne(8);
        const results = await Promise.all(deliveries.map(({ id }) => claimMany([claimOf(id)])));
        const leases = results
          .flat()
          .map(leaseIn)
          .filter((lease) => lease !== null);
        expect(leases.length).toBeLessThanOrEqual(1);
        for (const lease of leases) await fresh.store.deliveries.settleMany([endingAs('delivered', lease)]);
      }
    });
  });
}
