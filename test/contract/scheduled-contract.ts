import { describe, expect, it } from 'vitest';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { type SendAt, timingOf } from '../../src/domain/notification/send-at.ts';
import type { FanOutPage } from '../../src/store/fan-out-store.ts';
import { pageOf } from '../support/fan-out-page.ts';
import { deliveriesFor, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const MINUTE_MS = 60_000;
const USERS = ['one', 'two', 'three', 'nobody\0', 'opts out'];

/** Notifications that come later: what the store keeps of them. */
export function scheduledContract(open: OpenStore): void {
  const fresh = freshStore(open);

  describe('a notification that comes later', () => {
    const scheduled = (sendAt: SendAt, overrides: Partial<Notification> = {}) => {
      return sampleNotification({
        acceptedAtMs: NOW_MS,
        status: 'scheduled',
        ...timingOf(sendAt, NOW_MS),
        ...overrides,
      });
    };
    const accept = (notification: Notification, userIds: readonly string[] = ['one']) =>
      fresh.store.notifications.accept(sampleAcceptance(notification, userIds));

    it('is kept with its time, also over a start', async () => {
      const all = [
        scheduled({ kind: 'instant', atMs: NOW_MS + 5 }),
        scheduled({ kind: 'local', wallMs: NOW_MS + 15 * 60 * MINUTE_MS, ifPassed: 'next_day' }),
      ];
      for (const notification of all) await accept(notification);
      const reopened = await fresh.reopen();
      for (const notification of all) expect(await reopened.notifications.get(notification.id)).toEqual(notification);
    });

    it('is found when it is due, the most overdue first, and is no unfinished fan-out before', async () => {
      const { store } = fresh;
      const [late, early, middle] = [30, 10, 20].map((ms) => scheduled({ kind: 'instant', atMs: NOW_MS + ms }));
      for (const one of [late!, early!, middle!]) await accept(one);
      const dueAt = (one: Notification) => ({ id: one.id, priority: 'normal', dueAtMs: one.dueAtMs });
      expect(await store.fanOuts.due(NOW_MS + 9, 9)).toEqual([]);
      expect(await store.fanOuts.due(NOW_MS + 20, 9)).toEqual([dueAt(early!), dueAt(middle!)]);
      expect(await store.fanOuts.due(NOW_MS + 90, 1)).toEqual([dueAt(early!)]);
      expect(await store.fanOuts.unfinished(9e15, 9)).toEqual([]);
      const { items, pages } = await everyPage((cursor) => store.notifications.coming({ cursor, limit: 2 }));
      expect([items.map(({ id }) => id), pages]).toEqual([[early!.id, middle!.id, late!.id], 2]);
      await store.notifications.cancel(early!.id, NOW_MS);
      expect((await store.notifications.coming({ cursor: null, limit: 1 })).items).toEqual([middle]);
    });

    it('goes from wave to wave, and is completed after the last alone', async () => {
      const { store } = fresh;
      const notification = scheduled({ kind: 'local', wallMs: NOW_MS + 20 * 60 * MINUTE_MS, ifPassed: 'skip' });
      const { id, dueAtMs } = notification;
      await accept(notification, USERS);
      const { cursor: from } = (await store.fanOuts.get(id))!;
      const inWave = (
        places: Pick<FanOutPage, 'from' | 'to'>,
        atMs: number,
        followingAtMs: number | null,
      ): FanOutPage => {
        return { ...pageOf(notification, [], places), wave: { atMs, followingAtMs } };
      };
      const first = dueAtMs!;
      const second = first + MINUTE_MS;
      expect(await store.fanOuts.commitPage(inWave({ from, to: 'middle' }, second, null))).toBeNull();
      expect(await store.fanOuts.commitPage(inWave({ from, to: 'middle' }, first, second + 5))).not.toBeNull();
      expect(await store.fanOuts.get(id)).toMatchObject({ cursor: 'middle', followingAtMs: second + 5 });
      expect(await store.notifications.get(id)).toMatchObject({ status: 'sending', dueAtMs: first });
      expect(await store.fanOuts.commitPage(inWave({ from: 'middle', to: null }, first, second))).not.toBeNull();
      expect(await store.fanOuts.get(id)).toMatchObject({ cursor: from, followingAtMs: null });
      expect(await store.notifications.get(id)).toMatchObject({ status: 'sending', dueAtMs: second });
      // A page of the first wave that comes too late begins at the same place.
      expect(await store.fanOuts.commitPage(inWave({ from, to: 'middle' }, first, null))).toBeNull();
      expect(await store.fanOuts.commitPage(inWave({ from, to: null }, second, null))).not.toBeNull();
      expect(await store.fanOuts.get(id)).toBeNull();
      expect(await store.notifications.get(id)).toMatchObject({ status: 'completed', dueAtMs: null });
      expect(await store.fanOuts.due(9e15, 5)).toEqual([]);
    });

    it('tells of whom its earlier waves have decided', async () => {
      const { store } = fresh;
      const sendAt = { kind: 'local', wallMs: NOW_MS + 20 * 60 * MINUTE_MS, ifPassed: 'skip' } as const;
      const notification = scheduled(sendAt);
      const { id, dueAtMs } = notification;
      const device = sampleSubscription({ userId: 'one' });
      await store.subscriptions.register(device);
      await accept(notification, USERS);
      const { cursor: from } = (await store.fanOuts.get(id))!;
      const deliveries = deliveriesFor({ ...notification, sendAt: null }, [device], NOW_MS);
      const stop = {
        notificationId: id,
        userId: 'nobody\0',
        reason: 'no_subscription',
        detail: {},
        atMs: NOW_MS,
      } as const;
      const wave = { atMs: dueAtMs!, followingAtMs: dueAtMs! + 5 };
      const plan = () => ({ deliveries, suppressions: [stop], capUses: [] });
      await store.fanOuts.commitPage({ ...pageOf(notification, [], { from, to: null }), plan, wave });
      const asked = { notificationId: id, userIds: [...USERS, 'user\ud800'] };
      expect(await store.fanOuts.decided(asked)).toEqual(new Set(['one', 'nobody\0']));
      expect(await store.suppressions.countByReason(id)).toMatchObject({ no_subscription: 1 });
      expect(await store.suppressions.get(id, 'nobody\0')).toMatchObject({ reason: 'no_subscription' });
    });

    it('is kept from its last wave on, not from its acceptance', async () => {
      const { store } = fresh;
      const atMs = NOW_MS + 60 * MINUTE_MS;
      const notification = scheduled({ kind: 'instant', atMs });
      await accept(notification);
      const { cursor: from } = (await store.fanOuts.get(notification.id))!;
      await store.retention.forget(9e15, 10);
      const wave = { atMs, followingAtMs: null };
      await store.fanOuts.commitPage({ ...pageOf(notification, [], { from, to: null }), wave, nowMs: atMs });
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
      await store.retention.forget(atMs, 10);
      expect(await store.notifications.get(notification.id)).not.toBeNull();
      await store.retention.forget(atMs + 1, 10);
      expect(await store.notifications.get(notification.id)).toBeNull();
    });
  });
}
