import { describe, expect, it } from 'vitest';
import { ANY_DEAD_LETTER } from '../../src/domain/delivery/dead-letter-filter.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY, type DeliveryFilter, isAskedFor } from '../../src/domain/delivery/delivery-filter.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { kindsMeant } from '../../src/store/dead-kinds.ts';
import type { Store } from '../../src/store/store.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const USERS = ['bob', 'bo', 'bobby', '\ud800'];
const ORIGINS = ['https://fcm.googleapis.com', 'https://jmt17.google.com', 'https://a.push.apple.com', ''];
const NEWEST_FIRST = (one: { id: string }, other: { id: string }) => (one.id > other.id ? -1 : 1);
const WHENEVER = { fromMs: null, untilMs: null } as const;

/** Notifications a second apart, each with two devices of each user. */
async function sent(store: Store, count: number): Promise<{ notifications: Notification[]; deliveries: Delivery[] }> {
  const notifications: Notification[] = [];
  const deliveries: Delivery[] = [];
  const devices = USERS.flatMap((userId) => [sampleSubscription({ userId }), sampleSubscription({ userId })]);
  for (let index = 0; index < count; index += 1) {
    const content = { type: `t${index % 2}`, title: 'x' };
    const notification = sampleNotification({ content, acceptedAtMs: NOW_MS + index * 1000 });
    const mine = devices.map((device, place) =>
      sampleDelivery(
        notification,
        device,
        endOf(index + place, { origin: ORIGINS[(index + place) % ORIGINS.length]! }),
      ),
    );
    await store.notifications.accept(sampleAcceptance(notification, USERS));
    await commitPage(store, notification, mine);
    notifications.push((await store.notifications.get(notification.id))!);
    deliveries.push(...mine);
  }
  return { notifications, deliveries };
}

function endOf(index: number, overrides: Partial<Delivery>): Partial<Delivery> {
  if (index % 4 === 0) return overrides;
  const outcome = index % 3 === 0 ? 'rejected' : 'retryable';
  const attempts = [sampleAttempt({ status: 'failed', outcome, startedAtMs: NOW_MS + index })];
  const reason = index % 3 === 0 ? 'rejected' : 'retries_exhausted';
  return { ...overrides, state: 'failed', reason, attempts, dueAtMs: null, endedAtMs: NOW_MS + (index % 5) };
}

const FILTERS: readonly Partial<DeliveryFilter>[] = [
  {},
  { state: 'pending' },
  { state: 'failed', reason: 'rejected' },
  { service: 'fcm' },
  { service: 'apple', reason: 'retries_exhausted' },
  { service: 'other' },
  { service: 'https://jmt17.google.com' },
  { service: 'https://push.example.net' },
  { attempt: { outcome: 'rejected', fromMs: null, untilMs: null } },
  { attempt: { outcome: null, fromMs: NOW_MS + 3, untilMs: NOW_MS + 6 } },
];

export function userListingContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('what one user got', () => {
    it('gives each delivery once, newest notification first, by what is asked for and by time', async () => {
      const { deliveries } = await sent(fresh.store, 8);
      for (const change of FILTERS)
        for (const { fromMs, untilMs } of [WHENEVER, { fromMs: NOW_MS + 2000, untilMs: NOW_MS + 6000 }])
          for (const [userId, limit] of [['bob', 3] as const, ['\ud800', 50] as const]) {
            const filter = { ...ANY_DELIVERY, ...change };
            const query = { userId, fromMs, untilMs, filter, limit };
            const { items } = await everyPage((cursor) => fresh.store.deliveries.listByUser({ ...query, cursor }));
            const expected = deliveries.filter(
              (one) =>
                one.userId === userId &&
                isAskedFor(filter, one) &&
                one.createdAtMs >= (fromMs ?? 0) &&
                one.createdAtMs < (untilMs ?? Infinity),
            );
            expect(items, JSON.stringify(query)).toEqual(expected.toSorted(NEWEST_FIRST));
          }
    });

    it('reads on where few of many are asked for', async () => {
      const { store } = fresh;
      const notification = sampleNotification();
      const many = Array.from({ length: 450 }, (_, index) =>
        sampleDelivery(notification, sampleSubscription({ userId: 'bob' }), {
          origin: index % 149 === 1 ? 'https://a.push.apple.com' : 'https://fcm.googleapis.com',
        }),
      );
      await store.notifications.accept(sampleAcceptance(notification, ['bob']));
      await commitPage(store, notification, many);
      const query = { userId: 'bob', ...WHENEVER, filter: { ...ANY_DELIVERY, service: 'apple' } };
      const { items, pages } = await everyPage((cursor) => store.deliveries.listByUser({ ...query, limit: 2, cursor }));
      const expected = many.filter(({ origin }) => origin === 'https://a.push.apple.com').toSorted(NEWEST_FIRST);
      expect(items).toEqual(expected);
      expect(pages).toBe(2);
    });

    it('gives the notifications, each once, with the filters of all', async () => {
      const { store } = fresh;
      const { notifications } = await sent(store, 7);
      await sent(store, 0);
      for (const type of [null, 't1'])
        for (const status of [null, 'sending', 'completed'] as const)
          for (const { fromMs, untilMs } of [WHENEVER, { fromMs: NOW_MS + 1000, untilMs: NOW_MS + 6000 }]) {
            const query = { userId: 'bob', type, status, fromMs, untilMs };
            const { items } = await everyPage((cursor) => store.notifications.list({ ...query, limit: 2, cursor }));
            const expected = notifications.filter(
              (one) =>
                (type === null || one.content.type === type) &&
                (status === null || one.status === status) &&
                one.acceptedAtMs >= (fromMs ?? 0) &&
                one.acceptedAtMs < (untilMs ?? Infinity),
            );
            expect(items).toEqual(expected.toSorted(NEWEST_FIRST));
          }
      const nobody = await store.notifications.list({
        userId: 'b',
        type: null,
        status: null,
        ...WHENEVER,
        cursor: null,
        limit: 5,
      });
      expect(nobody).toEqual({ items: [], next: null });
    });

    it('is narrowed to one notification', async () => {
      const { notifications, deliveries } = await sent(fresh.store, 3);
      const { id: notificationId } = notifications[1]!;
      for (const attempted of [false, true])
        for (const change of FILTERS) {
          const filter = { ...ANY_DELIVERY, ...change };
          const query = { notificationId, userId: 'bob', attempted, filter, limit: 1 };
          const { items } = await everyPage((cursor) =>
            fresh.store.deliveries.listByNotification({ ...query, cursor }),
          );
          const expected = deliveries.filter(
            (one) =>
              one.notificationId === notificationId &&
              one.userId === 'bob' &&
              isAskedFor(filter, one) &&
              (!attempted || one.attempts.length > 0),
          );
          expect(items, JSON.stringify(query)).toEqual(expected.toSorted((one, other) => NEWEST_FIRST(other, one)));
        }
    });

    it.each(['no such place', 'WzFd'])('refuses %s as a cursor', async (cursor) => {
      const query = { userId: 'bob', ...WHENEVER, cursor, limit: 5 };
      const refused = { code: 'invalid_cursor' };
      await expect(fresh.store.deliveries.listByUser({ ...query, filter: ANY_DELIVERY })).rejects.toMatchObject(
        refused,
      );
      await expect(fresh.store.notifications.list({ ...query, type: null, status: null })).rejects.toMatchObject(
        refused,
      );
    });

    it('knows notifications by id, and leaves out what there is not', async () => {
      const { notifications } = await sent(fresh.store, 3);
      const ids = [notifications[2]!.id, notifications[0]!.id, sampleNotification().id];
      const found = await fresh.store.notifications.getMany(ids);
      expect(found.toSorted(NEWEST_FIRST)).toEqual([notifications[2], notifications[0]]);
    });
  });

  it('lists dead letters by user, service, reason and time, together or alone', async () => {
    const { deliveries } = await sent(fresh.store, 6);
    for (const change of FILTERS)
      for (const userId of [null, 'bob'])
        for (const { fromMs, untilMs } of [WHENEVER, { fromMs: NOW_MS + 1, untilMs: NOW_MS + 4 }]) {
          const filter = { ...ANY_DELIVERY, ...change };
          const asked = { ...ANY_DEAD_LETTER, userId, fromMs, untilMs, reason: filter.reason, service: filter.service };
          const query = { scope: asked, kinds: await kindsMeant(fresh.store.deliveries, asked), limit: 2 };
          const { items } = await everyPage((cursor) => fresh.store.deliveries.skimFailed({ ...query, cursor }));
          const expected = deliveries.filter(
            (one) =>
              one.state === 'failed' &&
              (userId === null || one.userId === userId) &&
              isAskedFor({ ...filter, state: null, attempt: null }, one) &&
              one.endedAtMs! >= (fromMs ?? 0) &&
              one.endedAtMs! < (untilMs ?? Infinity),
          );
          const byEnd = (one: Delivery, other: Delivery) =>
            other.endedAtMs! - one.endedAtMs! || NEWEST_FIRST(one, other);
          expect(items, JSON.stringify(query)).toEqual(
            expected.toSorted(byEnd).map(({ id, endedAtMs }) => ({ id, endedAtMs })),
          );
        }
  });
}
