import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, fannedOut, freshStore, leaseIn, type OpenStore } from './fresh-store.ts';

/** Deliveries that are moved in time, and those that a newer one makes pointless. */
export function supersedingContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const subscribed = async (): Promise<Subscription> => {
    const draft = sampleSubscription();
    await fresh.store.subscriptions.register(draft);
    return draft;
  };
  /** One notification with this topic to all of these, fanned out; each later than the one before. */
  const send = async (topic: string | null, ...subscriptions: readonly Subscription[]): Promise<Delivery[]> => {
    const notification = sampleNotification({ topic });
    const deliveries = subscriptions.map((one) => sampleDelivery(notification, one));
    await fresh.store.notifications.accept(sampleAcceptance(notification, ['user-1']));
    await commitPage(fresh.store, notification, deliveries);
    return deliveries;
  };
  const outdatedBy = async ({ notificationId, topic, subscriptionId }: Delivery, ...more: string[]) => {
    const subscriptionIds = [subscriptionId, ...more];
    const found = await fresh.store.deliveries.outdated({ order: notificationId, topic: topic ?? '', subscriptionIds });
    return found.map(({ id }) => id).sort();
  };

  describe('outdated', () => {
    it('finds what waits, is older, and has the same topic and subscription', async () => {
      const { store } = fresh;
      const [phone, laptop] = [await subscribed(), await subscribed()];
      const [old, oldToLaptop] = (await send('score', phone, laptop)) as [Delivery, Delivery];
      const [delivered] = (await send('score', phone)) as [Delivery];
      await store.deliveries.settleMany([endingAs('delivered', await claimed(store, delivered.id))]);
      const [sending] = (await send('score', phone)) as [Delivery];
      await claimed(store, sending.id);
      await send('weather', phone);
      await send(null, phone);
      const [newest] = (await send('score', phone)) as [Delivery];
      await send('score', phone);
      expect(await outdatedBy(newest)).toEqual([old.id]);
      expect(await outdatedBy(newest, laptop.id)).toEqual([old.id, oldToLaptop.id].sort());
      const query = { order: newest.notificationId, topic: 'score', subscriptionIds: [phone.id] };
      expect(await store.deliveries.outdated(query)).toEqual([old]);
    });

    it.each(['\0', '\u0001', 'тема', '😀'])('takes the topic %j as it is', async (topic) => {
      const phone = await subscribed();
      const [old] = (await send(topic, phone)) as [Delivery];
      const [next] = (await send(topic, phone)) as [Delivery];
      expect(await outdatedBy(next)).toEqual([old.id]);
      expect((await claimed(fresh.store, old.id)).isSuperseded).toBe(true);
      expect((await fresh.store.deliveries.get(next.id))?.topic).toBe(topic);
    });
  });

  describe('a claim', () => {
    it('says that a newer one exists, whatever became of it', async () => {
      const { store } = fresh;
      const [phone, laptop] = [await subscribed(), await subscribed()];
      const [first, toLaptop] = (await send('score', phone, laptop)) as [Delivery, Delivery];
      const [second] = (await send('score', phone)) as [Delivery];
      const [other] = (await send('weather', phone)) as [Delivery];
      await store.deliveries.settleMany([endingAs('delivered', await claimed(store, second.id))]);
      const claims = [first, toLaptop].map(({ id: deliveryId }) => ({
        deliveryId,
        attempt: 1,
        nowMs: NOW_MS,
        leaseUntilMs: NOW_MS + 1,
      }));
      const won = (await store.deliveries.claimMany(claims)).map(leaseIn);
      expect(won.map((one) => one?.isSuperseded)).toEqual([true, false]);
      await store.deliveries.settleMany([endingAs('delivered', won[0]!)]);
      expect((await claimed(store, other.id)).isSuperseded).toBe(false);
    });
  });

  describe('postponeMany', () => {
    it('moves the time of what waits for that attempt, and of nothing else', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 4);
      const [waiting, otherAttempt, sending, ended] = deliveries as [Delivery, Delivery, Delivery, Delivery];
      await claimed(store, sending.id);
      await store.deliveries.settleMany([endingAs('failed', await claimed(store, ended.id))]);
      const before = await Promise.all(deliveries.map(({ id }) => store.deliveries.get(id)));
      const to = (deliveryId: string, attempt = 1) => ({ deliveryId, attempt, untilMs: NOW_MS + 777 });
      await store.deliveries.postponeMany([to(waiting.id), to(otherAttempt.id, 2), to(sending.id), to(ended.id)]);
      await store.deliveries.postponeMany([to('dlv_none')]);
      await store.deliveries.postponeMany([]);
      const [moved, ...rest] = await Promise.all(deliveries.map(({ id }) => store.deliveries.get(id)));
      expect(moved).toEqual({ ...waiting, version: 2, dueAtMs: NOW_MS + 777 });
      expect(rest).toEqual(before.slice(1));
      expect(await claimed(store, waiting.id)).toMatchObject({ version: 3, before: { state: 'pending' } });
    });
  });
}
