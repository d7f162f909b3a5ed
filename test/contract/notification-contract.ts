import { describe, expect, it } from 'vitest';
import { MAX_USERS_PER_NOTIFICATION, usersNamed } from '../../src/domain/audience/audience.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { NOTIFICATION_STATUSES } from '../../src/domain/notification/notification.ts';
import { deliveriesFor, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { everyPage, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const EVERYTHING = { userId: null, type: null, status: null, fromMs: null, untilMs: null } as const;

export function notificationContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('accept', () => {
    it('keeps notification, audience and cursor', async () => {
      const { notifications, fanOuts } = fresh.store;
      const notification = sampleNotification({ topic: 'order-7', urgency: 'high', priority: 'low', userCount: 2 });
      expect(await notifications.accept(sampleAcceptance(notification, ['a', 'b']))).toMatchObject({
        kind: 'accepted',
      });
      expect(await notifications.get(notification.id)).toEqual(notification);
      expect(await fanOuts.get(notification.id)).toMatchObject({ notification, audience: usersNamed(['a', 'b']) });
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
        await fresh.store.notifications.accept(sampleAcceptance(notification, [text]));
        expect(await fresh.store.notifications.get(notification.id)).toEqual(notification);
        expect((await fresh.store.fanOuts.get(notification.id))?.audience).toEqual(usersNamed([text]));
        const listed = await fresh.store.notifications.list({ ...EVERYTHING, type: text, cursor: null, limit: 5 });
        expect(listed.items).toEqual([notification]);
      }
    });

    describe('a fan-out that may be done now', () => {
      const byId = (deliveries: readonly Delivery[]) =>
        deliveries.toSorted((one, other) => (one.id < other.id ? -1 : 1));
      const registered = async (userIds: readonly string[]) => {
        const browsers = userIds.map((userId) => sampleSubscription({ userId }));
        for (const browser of browsers) await fresh.store.subscriptions.register(browser);
        return browsers;
      };
      const kept = async (notificationId: string) => {
        const query = { notificationId, userId: null, attempted: false, filter: ANY_DELIVERY, limit: 50 };
        return (await everyPage((cursor) => fresh.store.deliveries.listByNotification({ ...query, cursor }))).items;
      };

      it.each([
        ['a small audience', ['a', 'a', 'b'], ['a', 'b', 'nobody']],
        ['nobody', [], ['nobody']],
        ['one user with very many browsers', Array.from({ length: 80 }, () => 'a'), ['a']],
        ['a large audience', ['a', 'b'], ['a', 'b', ...Array.from({ length: 998 }, (_, index) => `nobody-${index}`)]],
      ])('is done whole in the same commit, or left: %s', async (_, users, userIds) => {
        const { notifications, fanOuts } = fresh.store;
        const browsers = await registered(users);
        const notification = sampleNotification({ userCount: userIds.length });
        const result = await notifications.accept(sampleAcceptance(notification, userIds, { mayFanOutNow: true }));
        const fanOut = await fanOuts.get(notification.id);
        if (result.kind !== 'accepted') throw new Error(result.kind);
        if (result.fannedOut === null) {
          expect(await kept(notification.id)).toEqual([]);
          expect(fanOut).toMatchObject({ notification, audience: usersNamed(userIds) });
          expect(await notifications.get(notification.id)).toEqual(notification);
        } else {
          const expected = byId(deliveriesFor(notification, browsers, notification.acceptedAtMs));
          expect(byId(result.fannedOut.deliveries)).toEqual(expected);
          expect(await kept(notification.id)).toEqual(expected);
          expect(fanOut).toBeNull();
          const status = expected.length === 0 ? 'completed' : 'sending';
          expect(await notifications.get(notification.id)).toEqual({ ...notification, status });
        }
      });

      it('is left where it may not be done', async () => {
        await registered(['a']);
        const notification = sampleNotification();
        const result = await fresh.store.notifications.accept(sampleAcceptance(notification, ['a']));
        expect(result).toEqual({ kind: 'accepted', fannedOut: null });
        expect(await kept(notification.id)).toEqual([]);
      });

      it('is not done again for a repeated call', async () => {
        await registered(['a']);
        const calls = [0, 1].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms }));
        const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS + 1000 };
        for (const call of calls) {
          await fresh.store.notifications.accept(sampleAcceptance(call, ['a'], { idempotency, mayFanOutNow: true }));
        }
        expect(await kept(calls[1]!.id)).toEqual([]);
      });
    });

    it('takes the largest audience in one call', async () => {
      const userIds = Array.from(
        { length: MAX_USERS_PER_NOTIFICATION },
        (_, index) => `user-${index}-${'x'.repeat(20)}`,
      );
      const notification = sampleNotification({ userCount: userIds.length });
      await fresh.store.notifications.accept(sampleAcceptance(notification, userIds));
      expect((await fresh.store.fanOuts.get(notification.id))?.audience).toEqual(usersNamed(userIds));
    });

    it('is found by its idempotency key and by what the caller calls the request, the newest first', async () => {
      const { notifications } = fresh.store;
      const key = (name: string) => ({ key: `shop:${name}`, bodyDigest: 'd', expiresAtMs: NOW_MS + 1000 });
      const made = [0, 1, 2, 3].map((after) => sampleNotification({ acceptedAtMs: NOW_MS + after }));
      const more = [{ idempotency: key('a') }, { requestId: 'r.1', idempotency: key('b') }, { requestId: 'r.1' }, {}];
      for (const [index, one] of made.entries())
        await notifications.accept({ ...sampleAcceptance(one, ['a'], {}), ...more[index] });
      const [one, two, three] = made.map(({ id }) => id);
      const ofCall = (keys: string[], requestId: string, limit = 5) => notifications.ofCall({ keys, requestId, limit });
      const both = await ofCall(['other:a', 'shop:a', 'shop:b'], 'r.1');
      expect([both.byKey.toSorted(), both.byRequest]).toEqual([
        [one, two],
        [three, two],
      ]);
      expect(await ofCall([], 'r.1', 1)).toEqual({ byKey: [], byRequest: [three] });
      expect(await ofCall(['shop:'], 'r.')).toEqual({ byKey: [], byRequest: [] });
    });

    it('recognises a repeated call', async () => {
      const { notifications, fanOuts } = fresh.store;
      const idempotency = { key: 'api:k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 };
      const [first, second] = [NOW_MS, NOW_MS + 999].map((acceptedAtMs) => sampleNotification({ acceptedAtMs }));
      await notifications.accept(sampleAcceptance(first!, ['a'], { idempotency }));
      const repeated = { kind: 'repeated', notification: first, reachedUsers: null };
      expect(
        await notifications.accept(
          sampleAcceptance(second!, ['a'], { idempotency: { ...idempotency, expiresAtMs: NOW_MS + 9999 } }),
        ),
      ).toEqual(repeated);
      expect(await notifications.get(second!.id)).toBeNull();
      expect(await fanOuts.get(second!.id)).toBeNull();
    });

    it('refuses a key that came with another body', async () => {
      const { notifications } = fresh.store;
      const [first, second] = [NOW_MS, NOW_MS + 1].map((acceptedAtMs) => sampleNotification({ acceptedAtMs }));
      await notifications.accept(
        sampleAcceptance(first!, ['a'], { idempotency: { key: 'k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 } }),
      );
      const other = { key: 'k', bodyDigest: 'd2', expiresAtMs: NOW_MS + 1000 };
      expect(await notifications.accept(sampleAcceptance(second!, ['a'], { idempotency: other }))).toEqual({
        kind: 'key_reused',
      });
      expect(await notifications.get(second!.id)).toBeNull();
    });

    it('takes an expired key again, with any body, for the new notification', async () => {
      const { notifications } = fresh.store;
      const [first, second, third] = [0, 1000, 1001].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms }));
      await notifications.accept(
        sampleAcceptance(first!, ['a'], { idempotency: { key: 'k', bodyDigest: 'd1', expiresAtMs: NOW_MS + 1000 } }),
      );
      const renewed = { key: 'k', bodyDigest: 'd2', expiresAtMs: NOW_MS + 5000 };
      expect(await notifications.accept(sampleAcceptance(second!, ['a'], { idempotency: renewed }))).toMatchObject({
        kind: 'accepted',
      });
      const repeated = { kind: 'repeated', notification: second, reachedUsers: null };
      expect(await notifications.accept(sampleAcceptance(third!, ['a'], { idempotency: renewed }))).toEqual(repeated);
    });

    it('accepts one of many calls with the same key at the same time', async () => {
      const calls = Array.from({ length: 20 }, () => sampleNotification({ acceptedAtMs: NOW_MS }));
      const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS + 1000 };
      const results = await Promise.all(
        calls.map((call) => fresh.store.notifications.accept(sampleAcceptance(call, ['a'], { idempotency }))),
      );
      const accepted = calls.filter((_, index) => results[index]?.kind === 'accepted');
      expect(accepted).toHaveLength(1);
      const repeated = results.filter(({ kind }) => kind === 'repeated');
      const answer = { kind: 'repeated', notification: accepted[0], reachedUsers: null };
      expect(repeated).toEqual(Array.from({ length: 19 }, () => answer));
      const { items } = await fresh.store.notifications.list({ ...EVERYTHING, cursor: null, limit: 50 });
      expect(items).toEqual(accepted);
    });
  });

  describe('list', () => {
    it('gives every row once, newest first, also where instants are equal', async () => {
      const all = Array.from({ length: 17 }, (_, index) =>
        sampleNotification({ acceptedAtMs: NOW_MS + Math.floor(index / 6) }),
      );
      for (const notification of all) await fresh.store.notifications.accept(sampleAcceptance(notification, []));
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
        const status = ([null, null, 'scheduled', 'cancelled'] as const)[index % 4] ?? 'accepted';
        const notification = sampleNotification({ content, acceptedAtMs: NOW_MS + index, status });
        if (index % 3 === 0) await store.notifications.accept(sampleAcceptance(notification, ['a']));
        else await fannedOut(store, index % 3 === 1 ? 1 : 0, { notification });
      }
      const all = (await store.notifications.list({ ...EVERYTHING, cursor: null, limit: 50 })).items;
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set(NOTIFICATION_STATUSES));
      for (const type of [null, 't0', 't1', 'none'])
        for (const status of [null, ...NOTIFICATION_STATUSES])
          for (const fromMs of [null, NOW_MS + 3])
            for (const untilMs of [null, NOW_MS + 9]) {
              const query = { userId: null, type, status, fromMs, untilMs, limit: 2 };
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

  it('knows nothing of an unknown id', async () => {
    expect(await fresh.store.notifications.get(sampleNotification().id)).toBeNull();
  });
}
