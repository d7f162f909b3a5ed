import { describe, expect, it } from 'vitest';
import { endCancelledPage } from '../../src/delivery/cancelling.ts';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { FanOutPage } from '../../src/store/fan-out-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { pageOf } from '../support/fan-out-page.ts';
import {
  deliveriesFor,
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimOf, everyPage, freshStore, leaseIn, type OpenStore } from './fresh-store.ts';

const MINUTE_MS = 60_000;
/** When the last look of a store at what it cancelled is over. */
const ENDED_MS = NOW_MS + 2 * MINUTE_MS;
const USERS = ['one', 'two', 'three', 'nobody\0', 'opts out'];

/** Notifications that are called off: what the store keeps of them. */
export function cancelContract(open: OpenStore): void {
  const fresh = freshStore(open);

  /** To five users, three of them with a device, in two pages: the first three deliveries, then two suppressions. */
  const begun = async (overrides: Partial<Notification> = {}) => {
    const { store } = fresh;
    const devices = ['one', 'two', 'three'].map((userId) => sampleSubscription({ userId }));
    for (const device of devices) await store.subscriptions.register(device);
    const notification = sampleNotification({ userCount: USERS.length, acceptedAtMs: NOW_MS, ...overrides });
    await store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(USERS) }));
    const { cursor: start } = (await store.fanOuts.get(notification.id))!;
    const deliveries = deliveriesFor(notification, devices, NOW_MS);
    const first = pageOf(notification, deliveries, { from: start, to: 'middle' });
    const stops = [
      { userId: 'nobody\0', reason: 'no_subscription' },
      { userId: 'opts out', reason: 'opted_out' },
    ] as const;
    const suppressions = stops.map((one) => ({ notificationId: notification.id, detail: {}, atMs: NOW_MS, ...one }));
    const last: FanOutPage = {
      ...pageOf(notification, [], { from: 'middle', to: null }),
      plan: () => ({ deliveries: [], suppressions, capUses: [] }),
    };
    return { notification, id: notification.id, deliveries, pages: [first, last] as const };
  };

  const ended = async (id: string, atMs = ENDED_MS) => {
    const clock = createFakeClock(atMs);
    for (
      let page = 0;
      await endCancelledPage({ store: fresh.store, events: { publish: () => {} }, clock }, id);
      page += 1
    )
      if (page > 10) throw new Error('it does not end');
  };

  const claim = async ({ id }: Delivery, attempt = 1) =>
    leaseIn((await fresh.store.deliveries.claimMany([claimOf(id, attempt)]))[0] ?? null);

  /** Each user has deliveries or one suppression, and is listed once. */
  async function expectEverybodyOnce(store: Store, id: string): Promise<void> {
    const list = (cursor: string | null) =>
      store.suppressions.list({ notificationId: id, reason: null, cursor, limit: 2 });
    const suppressed = (await everyPage(list)).items.map(({ userId }) => userId);
    const query = { notificationId: id, userId: null, attempted: false, cursor: null, limit: 50 };
    const filter = { state: null, reason: null, service: null, attempt: null };
    const reached = (await store.deliveries.listByNotification({ ...query, filter })).items.map(({ userId }) => userId);
    expect([...suppressed, ...new Set(reached)].toSorted()).toEqual(USERS.toSorted());
    const counts = Object.values(await store.suppressions.countByReason(id));
    expect(counts.reduce((sum, count) => sum + count)).toBe(suppressed.length);
  }

  describe('cancel', () => {
    it('knows nothing of an unknown id, and takes nothing back of what is completed', async () => {
      const { store } = fresh;
      expect(await store.notifications.cancel('ntf_x', NOW_MS)).toBeNull();
      const { id, deliveries, pages } = await begun();
      for (const page of pages) await store.fanOuts.commitPage(page);
      for (const delivery of deliveries)
        await store.deliveries.settleMany([endingAs('delivered', (await claim(delivery))!)]);
      expect(await store.notifications.cancel(id, NOW_MS)).toMatchObject({ kind: 'completed' });
      expect(await store.notifications.get(id)).toMatchObject({ status: 'completed', cancelledAtMs: null });
      expect(await store.fanOuts.due(ENDED_MS, 5)).toEqual([]);
    });

    it('before anything came of it suppresses all of its users, and is found until that is done', async () => {
      const { store } = fresh;
      const { id, pages } = await begun();
      expect(await store.notifications.cancel(id, NOW_MS)).toMatchObject({ kind: 'cancelled' });
      const again = await store.notifications.cancel(id, NOW_MS + 5);
      expect(again).toMatchObject({ kind: 'repeated', notification: { status: 'cancelled', cancelledAtMs: NOW_MS } });
      expect(await store.fanOuts.get(id)).toBeNull();
      expect(await store.fanOuts.commitPage(pages[0])).toBeNull();
      expect(await store.fanOuts.due(NOW_MS, 5)).toMatchObject([{ id }]);
      await ended(id);
      expect(await store.fanOuts.due(9e15, 5)).toEqual([]);
      expect(await store.suppressions.countByReason(id)).toMatchObject({ cancelled: 5, no_subscription: 0 });
      expect(await store.suppressions.get(id, 'nobody\0')).toMatchObject({ reason: 'cancelled' });
      await expectEverybodyOnce(store, id);
      expect(await store.notifications.get(id)).toMatchObject({ status: 'cancelled', dueAtMs: null });
    });

    it('of an audience that was not looked up yet counts nobody', async () => {
      const { store } = fresh;
      const notification = sampleNotification({ userCount: 0 });
      const audience = { kind: 'everyone', excludedIds: [] } as const;
      await store.notifications.accept(sampleAcceptance(notification, [], { audience }));
      await store.notifications.cancel(notification.id, NOW_MS);
      await ended(notification.id);
      expect(await store.suppressions.countByReason(notification.id)).toMatchObject({ cancelled: 0 });
      expect(await store.fanOuts.due(9e15, 5)).toEqual([]);
    });

    /** What happens to it, one after another; it is called off before each of them, and after the last. */
    const STEPS = ['first page', 'claim', 'delivered', 'claim other', 'retry', 'hold', 'last page'] as const;

    it.each([...STEPS.keys(), STEPS.length])(
      'before step %d: nothing of it is sent any more, and nobody is lost',
      async (at) => {
        const { store } = fresh;
        const { id, deliveries, pages } = await begun();
        const [one, two, three] = deliveries as [Delivery, Delivery, Delivery];
        const leases = new Map<Delivery, NonNullable<Awaited<ReturnType<typeof claim>>>>();
        const sent: Delivery[] = [];
        const steps: Readonly<Record<(typeof STEPS)[number], () => Promise<unknown>>> = {
          'first page': () => store.fanOuts.commitPage(pages[0]),
          claim: () => take(one),
          delivered: () => settle(one, 'delivered'),
          'claim other': () => take(two),
          retry: () => settle(two, 'retrying'),
          hold: async () => {
            await take(three);
            await settle(three, 'held');
          },
          'last page': () => store.fanOuts.commitPage(pages[1]),
        };
        const take = async (delivery: Delivery): Promise<void> => {
          const lease = await claim(delivery);
          if (lease !== null) leases.set(delivery, lease);
        };
        const settle = async (delivery: Delivery, state: 'delivered' | 'retrying' | 'held'): Promise<void> => {
          const lease = leases.get(delivery);
          if (lease === undefined) return;
          if (lease.notification.cancelledAtMs !== null) {
            await store.deliveries.settleMany([endingAs('cancelled', lease)]);
            return;
          }
          sent.push(delivery);
          if (state === 'delivered') await store.deliveries.settleMany([endingAs('delivered', lease)]);
          else {
            const after = { ...lease.before, state, attemptCount: 1, dueAtMs: NOW_MS };
            await store.deliveries.settleMany([
              { version: lease.version, from: 'sending', after, attempt: null, change: null },
            ]);
          }
        };
        for (const step of STEPS.slice(0, at)) await steps[step]();
        expect(await store.notifications.cancel(id, NOW_MS)).toMatchObject({ kind: 'cancelled' });
        const then = await store.deliveries.countByState(id);
        const sentBefore = new Set(sent);
        const underWay = new Set([...leases.keys()].filter((delivery) => !sent.includes(delivery)));
        expect(then.sending).toBe(underWay.size);
        for (const step of STEPS.slice(at)) await steps[step]();
        // Whatever waits is claimed once more, as far as it is there, before it is ended: in vain.
        for (const delivery of deliveries)
          for (const attempt of [1, 2]) {
            const lease = await claim(delivery, attempt);
            expect(lease?.notification.cancelledAtMs ?? NOW_MS).toBe(NOW_MS);
            if (lease !== null) await store.deliveries.settleMany([endingAs('cancelled', lease)]);
          }
        await ended(id);
        const finally_ = await store.deliveries.countByState(id);
        const total = at === 0 ? 0 : 3;
        expect(sent.every((delivery) => sentBefore.has(delivery) || underWay.has(delivery))).toBe(true);
        expect(finally_.delivered + finally_.cancelled).toBe(total);
        expect(then.delivered + then.sending + then.cancelled + then.pending + then.held + then.retrying).toBe(total);
        expect(finally_.delivered).toBeLessThanOrEqual(then.delivered + then.sending);
        expect(await store.notifications.get(id)).toMatchObject({ status: 'cancelled', dueAtMs: null });
        await expectEverybodyOnce(store, id);
      },
    );

    it('ends tens of thousands of waiting deliveries in pages', async () => {
      const { store } = fresh;
      const count = 450;
      const userIds = Array.from({ length: count }, (_, index) => `user-${index}`);
      const devices = userIds.map((userId) => sampleSubscription({ userId }));
      await Promise.all(devices.map((device) => store.subscriptions.register(device)));
      const notification = sampleNotification({ userCount: count });
      await store.notifications.accept(sampleAcceptance(notification, userIds));
      const { cursor: from } = (await store.fanOuts.get(notification.id))!;
      const deliveries = deliveriesFor(notification, devices, NOW_MS);
      await store.fanOuts.commitPage(pageOf(notification, deliveries, { from, to: null }));
      await store.notifications.cancel(notification.id, NOW_MS);
      expect(await store.deliveries.waitingOf(notification.id, 200)).toHaveLength(200);
      await ended(notification.id);
      expect(await store.deliveries.countByState(notification.id)).toMatchObject({ pending: 0, cancelled: count });
      expect(await store.deliveries.get(deliveries[0]!.id)).toMatchObject({ reason: 'notification_cancelled' });
    });

    it('is kept as long as other notifications, from then on', async () => {
      const { store } = fresh;
      const { id } = await begun({ acceptedAtMs: NOW_MS - 90 * MINUTE_MS });
      await store.notifications.cancel(id, NOW_MS);
      await ended(id);
      await store.retention.forget(NOW_MS - 1, 10);
      expect(await store.notifications.get(id)).not.toBeNull();
      await store.retention.forget(NOW_MS + 1, 10);
      expect(await store.notifications.get(id)).toBeNull();
      expect(await store.suppressions.countByReason(id)).toMatchObject({ cancelled: 0 });
    });
  });
}
