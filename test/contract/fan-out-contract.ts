import { expect, it } from 'vitest';
import { FAN_OUT_START } from '../../src/domain/audience/audience.ts';
import {
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

/** What turns an accepted notification into deliveries, page by page. */
export function fanOutContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const to = { userIndex: 1, after: { userId: 'a\0"😀', subscriptionId: 'sub_x' } };

  it('moves the cursor with each page and finishes with the last', async () => {
    const { store } = fresh;
    const notification = sampleNotification();
    const { id } = notification;
    const [one, two] = [sampleSubscription(), sampleSubscription()].map((each) => sampleDelivery(notification, each));
    await store.notifications.accept(sampleAcceptance(notification, ['a', 'b']));
    const { commitFanOut } = store.notifications;
    expect(await commitFanOut({ notificationId: id, from: FAN_OUT_START, to, deliveries: [one!] })).toBe(true);
    expect(await store.notifications.fanOut(id)).toEqual({ notification, userIds: ['a', 'b'], cursor: to });
    expect(await commitFanOut({ notificationId: id, from: to, to: null, deliveries: [two!] })).toBe(true);
    expect(await store.notifications.fanOut(id)).toBeNull();
    expect(await store.notifications.get(id)).toEqual({ ...notification, status: 'sending' });
    expect(await store.deliveries.get(one!.id)).toEqual(one);
    expect(await store.deliveries.get(two!.id)).toEqual(two);
  });

  it('writes nothing when the cursor is elsewhere, the fan-out finished or the notification unknown', async () => {
    const { store } = fresh;
    const notification = sampleNotification();
    const { id } = notification;
    const delivery = sampleDelivery(notification, sampleSubscription());
    await store.notifications.accept(sampleAcceptance(notification, ['a']));
    const { commitFanOut } = store.notifications;
    for (const from of [to, { userIndex: 1, after: null }, { ...to, userIndex: 0 }]) {
      expect(await commitFanOut({ notificationId: id, from, to: null, deliveries: [delivery] })).toBe(false);
    }
    expect(await store.notifications.fanOut(id)).toMatchObject({ cursor: FAN_OUT_START });
    await commitFanOut({ notificationId: id, from: FAN_OUT_START, to: null, deliveries: [] });
    for (const notificationId of [id, sampleNotification().id]) {
      const page = { notificationId, from: FAN_OUT_START, to: null, deliveries: [delivery] };
      expect(await commitFanOut(page)).toBe(false);
    }
    expect(await store.deliveries.get(delivery.id)).toBeNull();
  });

  it('takes one of two equal pages that come at the same time', async () => {
    const notification = sampleNotification();
    await fresh.store.notifications.accept(sampleAcceptance(notification, ['a']));
    const page = { notificationId: notification.id, from: FAN_OUT_START, to, deliveries: [] };
    const { commitFanOut } = fresh.store.notifications;
    const results = await Promise.all([commitFanOut(page), commitFanOut(page), commitFanOut(page)]);
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('leaves a delivery that exists already as it is', async () => {
    const { store } = fresh;
    const notification = sampleNotification();
    const delivery = sampleDelivery(notification, sampleSubscription());
    await store.notifications.accept(sampleAcceptance(notification, ['a']));
    const page = { notificationId: notification.id, deliveries: [delivery] };
    await store.notifications.commitFanOut({ ...page, from: FAN_OUT_START, to });
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, delivery.id))]);
    const before = await store.deliveries.get(delivery.id);
    expect(before).toMatchObject({ state: 'delivered', attempts: [sampleAttempt()] });
    await store.notifications.commitFanOut({ ...page, from: to, to: null });
    expect(await store.deliveries.get(delivery.id)).toEqual(before);
    expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('completes at once where nobody is to be reached', async () => {
    const { notification } = await fannedOut(fresh.store, 0);
    expect(await fresh.store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('lists the unfinished ones, oldest first', async () => {
    const { store } = fresh;
    const all = [5, 1, 3].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms, priority: 'high' }));
    for (const notification of all) await store.notifications.accept(sampleAcceptance(notification, ['a']));
    await fannedOut(store, 1, { notification: { acceptedAtMs: NOW_MS } });
    const [late, early, middle] = all.map(({ id, priority }) => ({ id, priority }));
    expect(await store.notifications.unfinishedFanOuts(NOW_MS + 6, 10)).toEqual([early, middle, late]);
    expect(await store.notifications.unfinishedFanOuts(NOW_MS + 5, 10)).toEqual([early, middle]);
    expect(await store.notifications.unfinishedFanOuts(NOW_MS + 6, 1)).toEqual([early]);
  });

  it('knows nothing of an unknown id', async () => {
    expect(await fresh.store.notifications.fanOut(sampleNotification().id)).toBeNull();
  });
}
