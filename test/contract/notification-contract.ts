import { describe, expect, it } from 'vitest';
import { deliveryFor, FAN_OUT_START, MAX_USERS_PER_NOTIFICATION } from '../../src/domain/audience/audience.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import { NOTIFICATION_STATUSES } from '../../src/domain/notification/notification.ts';
import type { ActiveSubscription } from '../../src/store/subscription-store.ts';
import {
  endingAs,
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, everyPage, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const EVERYTHING = { type: null, status: null, fromMs: null, untilMs: null } as const;

export function notificationContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('accept', () => {
    it('keeps notification, audience and cursor', async () => {
      const { notifications } = fresh.store;
      const notification = sampleNotification({ topic: 'order-7', urgency: 'high', priority: 'low', userCount: 2 });
      expect(await notifications.accept(notification, ['a', 'b'], null)).toMatchObject({ kind: 'accepted' });
      expect(await notifications.get(notification.id)).toEqual(notification);
      const fanOut = { notification, userIds: ['a', 'b'], cursor: FAN_OUT_START };
      expect(await notifications.fanOut(notification.id)).toEqual(fanOut);
    });

    it('gives back any text as it came', async () => {
      const texts = [
        '👩‍👩‍👧 🇬🇪',
        'مرحبا بالعالم',
        'a\0b',
        '\u0001x',
        'e\u0301',
        '\ud800',
        '\ufeffx',
        "'; DROP TABLE x; --",
        '\\u0000',
      ];
      for (const text of texts) {
        const content = {
          type: text,
          title: text,
          body: text,
          url: text,
          badge: text,
          actions: [
            { action: text, title: text, icon: text, url: text },
            { action: `${text}2`, title: text },
          ],
          data: { text, [text]: [text, null, 1.5, true] },
        };
        const notification = sampleNotification({ content, topic: text });
        await fresh.store.notifications.accept(notification, [text], null);
        expect(await fresh.store.notifications.get(notification.id)).toEqual(notification);
        expect((await fresh.store.notifications.fanOut(notification.id))?.userIds).toEqual([text]);
        const listed = await fresh.store.notifications.list({ ...EVERYTHING, type: text, cursor: null, limit: 5 });
        expect(listed.items).toEqual([notification]);
      }
    });

    it('leaves the fan-out to be done, or has done it whole for a small audience that has deliveries to be made', async () => {
      const { notifications, subscriptions, deliveries } = fresh.store;
      const browsers = ['a', 'a', 'b'].map((userId) => sampleSubscription({ userId }));
      for (const browser of browsers) await subscriptions.register(browser);
      const notification = sampleNotification({ acceptedAtMs: NOW_MS });
      const to = (subscription: ActiveSubscription) => deliveryFor(notification, subscription, NOW_MS);
      const result = await notifications.accept(notification, ['a', 'b', 'nobody'], null, to);
      const expected = browsers.map((browser) => to(browser)).toSorted((one, two) => (one.id < two.id ? -1 : 1));
      const page = { notificationId: notification.id, state: null, attempted: false, cursor: null, limit: 9 };
      const kept = (await deliveries.listByNotification(page)).items;
      const fanOut = await notifications.fanOut(notification.id);
      if (result.kind !== 'accepted') throw new Error(result.kind);
      if (result.deliveries === null) {
        expect([kept, fanOut?.cursor]).toEqual([[], FAN_OUT_START]);
        expect(await notifications.get(notification.id)).toEqual(notification);
      } else {
        expect([kept, fanOut]).toEqual([expected, null]);
        expect(result.deliveries.toSorted((one, two) => (one.id < two.id ? -1 : 1))).toEqual(expected);
        expect(await notifications.get(notification.id)).toEqual({ ...notification, status: 'sending' });
      }
    });

    it('keeps a repeated call from fanning out again', async () => {
      const { notifications, subscriptions, deliveries } = fresh.store;
      const browser = sampleSubscription({ userId: 'a' });
      await subscriptions.register(browser);
      const [first, second] = [0, 1].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms }));
      const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS + 1000 };
      for (const notification of [first!, second!]) {
        const to = (subscription: ActiveSubscription) => deliveryFor(notification, subscription, NOW_MS);
        await notifications.accept(notification, ['a'], idempotency, to);
      }
      expect(await deliveries.get(deliveryId(second!.id, browser.id))).toBeNull();
    });

    it('takes the largest audience in one call', async () => {
      const userIds = Array.from(
        { length: MAX_USERS_PER_NOTIFICATION },
        (_, index) => `user-${index}-${'x'.repeat(20)}`,
      );
      const notification = sampleNotification({ userCount: userIds.length });
      await fresh.store.notifications.accept(notification, userIds, null);
      expect((await fresh.store.notifications.fanOut(notification.id))?.userIds).toEqual(userIds);
    });

    it('recognises a repeated call', async () => {
      const { notifications } = fresh.store;
      const idempotency = { key: 'api:k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 };
      const [first, second] = [NOW_MS, NOW_MS + 999].map((acceptedAtMs) => sampleNotification({ acceptedAtMs }));
      await notifications.accept(first!, ['a'], idempotency);
      const repeated = { kind: 'repeated', notification: first };
      expect(await notifications.accept(second!, ['a'], { ...idempotency, expiresAtMs: NOW_MS + 9999 })).toEqual(
        repeated,
      );
      expect(await notifications.get(second!.id)).toBeNull();
      expect(await notifications.fanOut(second!.id)).toBeNull();
    });

    it('refuses a key that came with another body', async () => {
      const { notifications } = fresh.store;
      const [first, second] = [NOW_MS, NOW_MS + 1].map((acceptedAtMs) => sampleNotification({ acceptedAtMs }));
      await notifications.accept(first!, ['a'], { key: 'k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 });
      const other = { key: 'k', bodyDigest: 'd2', expiresAtMs: NOW_MS + 1000 };
      expect(await notifications.accept(second!, ['a'], other)).toEqual({ kind: 'key_reused' });
      expect(await notifications.get(second!.id)).toBeNull();
    });

    it('takes an expired key again, with any body, for the new notification', async () => {
      const { notifications } = fresh.store;
      const [first, second, third] = [0, 1000, 1001].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms }));
      await notifications.accept(first!, ['a'], { key: 'k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 });
      const renewed = { key: 'k', bodyDigest: 'd2', expiresAtMs: NOW_MS + 5000 };
      expect(await notifications.accept(second!, ['a'], renewed)).toMatchObject({ kind: 'accepted' });
      const repeated = { kind: 'repeated', notification: second };
      expect(await notifications.accept(third!, ['a'], renewed)).toEqual(repeated);
    });

    it('accepts one of many calls with the same key at the same time', async () => {
      const calls = Array.from({ length: 20 }, () => sampleNotification({ acceptedAtMs: NOW_MS }));
      const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS + 1000 };
      const results = await Promise.all(
        calls.map((call) => fresh.store.notifications.accept(call, ['a'], idempotency)),
      );
      const accepted = calls.filter((_, index) => results[index]?.kind === 'accepted');
      expect(accepted).toHaveLength(1);
      const repeated = results.filter(({ kind }) => kind === 'repeated');
      expect(repeated).toEqual(Array.from({ length: 19 }, () => ({ kind: 'repeated', notification: accepted[0] })));
      const { items } = await fresh.store.notifications.list({ ...EVERYTHING, cursor: null, limit: 50 });
      expect(items).toEqual(accepted);
    });
  });

  describe('list', () => {
    it('gives every row once, newest first, also where instants are equal', async () => {
      const all = Array.from({ length: 17 }, (_, index) =>
        sampleNotification({ acceptedAtMs: NOW_MS + Math.floor(index / 6) }),
      );
      for (const notification of all) await fresh.store.notifications.accept(notification, [], null);
      const list = (limit: number) =>
        everyPage((cursor) => fresh.store.notifications.list({ ...EVERYTHING, cursor, limit }));
      const { items, pages } = await list(4);
      expect(pages).toBe(5);
      expect(items.map(({ id }) => id)).toEqual(
        all
          .map(({ id }) => id)
          .sort()
          .reverse(),
      );
      expect((await list(17)).pages).toBe(1);
    });

    it('filters by type, status and instant, together or alone', async () => {
      const { store } = fresh;
      for (let index = 0; index < 12; index++) {
        const content = { type: `t${index % 2}`, title: 'x' };
        const notification = sampleNotification({ content, acceptedAtMs: NOW_MS + index });
        if (index % 3 === 0) await store.notifications.accept(notification, ['a'], null);
        else await fannedOut(store, index % 3 === 1 ? 1 : 0, { notification });
      }
      const all = (await store.notifications.list({ ...EVERYTHING, cursor: null, limit: 50 })).items;
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set(NOTIFICATION_STATUSES));
      for (const type of [null, 't0', 't1', 'none'])
        for (const status of [null, ...NOTIFICATION_STATUSES])
          for (const fromMs of [null, NOW_MS + 3])
            for (const untilMs of [null, NOW_MS + 9]) {
              const query = { type, status, fromMs, untilMs, limit: 2 };
              const { items } = await everyPage((cursor) => store.notifications.list({ ...query, cursor }));
              const expected = all.filter(
                (one) =>
                  (type === null || one.content.type === type) &&
                  (status === null || one.status === status) &&
                  (fromMs === null || one.acceptedAtMs >= fromMs) &&
                  (untilMs === null || one.acceptedAtMs < untilMs),
              );
              expect(items).toEqual(expected);
            }
    });

    it.each(['%%%', 'null', 'WzFd', 'WyJhIiwiYiJd'])('refuses %s as a cursor', async (cursor) => {
      const page = fresh.store.notifications.list({ ...EVERYTHING, cursor, limit: 5 });
      await expect(page).rejects.toMatchObject({
        code: 'invalid_cursor',
        message: 'The cursor is not one this listing gave: start again without it.',
      });
    });
  });

  describe('fan-out', () => {
    const to = { userIndex: 1, after: { userId: 'a\0"😀', subscriptionId: 'sub_x' } };

    it('moves the cursor with each page and finishes with the last', async () => {
      const { store } = fresh;
      const notification = sampleNotification();
      const { id } = notification;
      const [one, two] = [sampleSubscription(), sampleSubscription()].map((each) => sampleDelivery(notification, each));
      await store.notifications.accept(notification, ['a', 'b'], null);
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
      await store.notifications.accept(notification, ['a'], null);
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
      await fresh.store.notifications.accept(notification, ['a'], null);
      const page = { notificationId: notification.id, from: FAN_OUT_START, to, deliveries: [] };
      const { commitFanOut } = fresh.store.notifications;
      const results = await Promise.all([commitFanOut(page), commitFanOut(page), commitFanOut(page)]);
      expect(results.filter(Boolean)).toHaveLength(1);
    });

    it('leaves a delivery that exists already as it is', async () => {
      const { store } = fresh;
      const notification = sampleNotification();
      const delivery = sampleDelivery(notification, sampleSubscription());
      await store.notifications.accept(notification, ['a'], null);
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
      for (const notification of all) await store.notifications.accept(notification, ['a'], null);
      await fannedOut(store, 1, { notification: { acceptedAtMs: NOW_MS } });
      const [late, early, middle] = all.map(({ id, priority }) => ({ id, priority }));
      expect(await store.notifications.unfinishedFanOuts(NOW_MS + 6, 10)).toEqual([early, middle, late]);
      expect(await store.notifications.unfinishedFanOuts(NOW_MS + 5, 10)).toEqual([early, middle]);
      expect(await store.notifications.unfinishedFanOuts(NOW_MS + 6, 1)).toEqual([early]);
    });
  });

  it('knows nothing of an unknown id', async () => {
    const { id } = sampleNotification();
    expect(await fresh.store.notifications.get(id)).toBeNull();
    expect(await fresh.store.notifications.fanOut(id)).toBeNull();
  });
}
