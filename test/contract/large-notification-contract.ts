import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createNotifications, type NotificationsOptions } from '../../src/intake/notifications.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { until } from '../support/until.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

/** More than are counted as one asks. */
const DELIVERED = 10_010;

/** What is told of a notification that has very many deliveries. */
export function largeNotificationContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('has, once all have ended, no counts from before', async () => {
    const { store } = fresh;
    const notification = sampleNotification();
    await store.notifications.accept(sampleAcceptance(notification, ['a']));
    const subscription = sampleSubscription();
    const last = sampleDelivery(notification, subscription);
    const ended = { state: 'delivered', dueAtMs: null, endedAtMs: NOW_MS } as const;
    const others = Array.from({ length: DELIVERED }, (_, at) => ({
      ...sampleDelivery(notification, subscription, ended),
      id: `${last.id}-${at}`,
    }));
    await commitPage(store, notification, [last, ...others]);
    const shown = createNotifications({ store, clock: systemClock } as unknown as NotificationsOptions);
    const counted = async () => (await shown.get(notification.id)).counted;
    await until('all are counted', async () => !(await counted()).isAtLeast);
    expect((await counted()).deliveries).toMatchObject({ delivered: DELIVERED, pending: 1 });

    const claim = { deliveryId: last.id, attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 60_000 };
    const [claimed] = await store.deliveries.claimMany([claim]);
    if (!claimed || claimed === 'busy') throw new Error('not claimable');
    await store.deliveries.settleMany([endingAs('failed', claimed)]);
    const { notification: now, milestones, counted: at } = await shown.get(notification.id);
    expect(now.status).toBe('completed');
    expect(at.deliveries).toMatchObject({ pending: 0, sending: 0, failed: 1 });
    expect(at.countedAtMs).toBeGreaterThanOrEqual(milestones.completedAtMs ?? Number.NaN);
    await until('all are counted again', async () => !(await counted()).isAtLeast);
    expect((await counted()).deliveries).toMatchObject({ delivered: DELIVERED, pending: 0, sending: 0, failed: 1 });
  });
}
