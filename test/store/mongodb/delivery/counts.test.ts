import { expect, it } from 'vitest';
import type { Delivery } from '../../../../src/domain/delivery/delivery.ts';
import { deliveryIdPrefix } from '../../../../src/domain/ids.ts';
import type { SuppressionDocument } from '../../../../src/store/mongodb/collections/suppression-queries.ts';
import { everyPage } from '../../../contract/fresh-store.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { NOW_MS, sampleNotification } from '../../../support/samples.ts';

describeWithMongod('a large notification', () => {
  const suite = mongoForSuite();

  it('has some of its deliveries counted, state by state, and all of them', async () => {
    const { store, collections } = suite;
    const { id } = sampleNotification();
    const inState = (state: Delivery['state'], count: number) =>
      Array.from({ length: count }, (_, at) => ({ _id: `${deliveryIdPrefix(id)}${state}-${at}`, state }));
    const documents = [...inState('delivered', 10_050), ...inState('pending', 10_020), ...inState('failed', 3)];
    await collections.deliveries.insertMany(documents as never[], { ordered: false });
    expect(await store.deliveries.countSome(id)).toMatchObject({
      counts: { delivered: 10_000, pending: 10_000, failed: 3, held: 0 },
      isAtLeast: true,
    });
    expect(await store.deliveries.countByState(id)).toMatchObject({ delivered: 10_050, pending: 10_020, failed: 3 });
  });

  it('has the first of its suppressions counted, and a rare one found', async () => {
    const { store, collections } = suite;
    const { id: notificationId } = sampleNotification();
    const pages = Array.from({ length: 45 }, (_, page): SuppressionDocument => {
      const entries = Array.from({ length: 20 }, (__, at) => {
        const reason = page === 44 && at === 7 ? ('paused' as const) : ('opted_out' as const);
        return { userId: `user-${page}-${at}`, reason, detail: {} };
      });
      const _id = `${notificationId} ${String(page).padStart(3, '0')}`;
      const of = { notificationId, unreached: [`none-${page}`], atMs: NOW_MS, retainedFrom: new Date(NOW_MS) };
      return { _id, entries, ...of };
    });
    await collections.suppressions.insertMany(pages);
    expect(await store.suppressions.countSome(notificationId)).toMatchObject({
      counts: { opted_out: 400, no_subscription: 20, paused: 0 },
      isAtLeast: true,
    });
    expect(await store.suppressions.countByReason(notificationId)).toMatchObject({ opted_out: 899, paused: 1 });
    const paused = (cursor: string | null) =>
      store.suppressions.list({ notificationId, reason: 'paused', cursor, limit: 10 });
    expect(await paused(null)).toMatchObject({ items: [], next: expect.any(String) });
    expect((await everyPage(paused)).items.map(({ userId }) => userId)).toEqual(['user-44-7']);
    const all = await everyPage((cursor) =>
      store.suppressions.list({ notificationId, reason: null, cursor, limit: 100 }),
    );
    expect(new Set(all.items.map(({ userId }) => userId)).size).toBe(45 * 21);
    expect(all.items).toHaveLength(45 * 21);
    expect(await store.suppressions.get(notificationId, 'none-44')).toMatchObject({ reason: 'no_subscription' });
    expect(await store.suppressions.get(notificationId, 'user-44-7')).toMatchObject({ reason: 'paused' });
    expect(await store.suppressions.get(notificationId, 'none-45')).toBeNull();
  });
});
