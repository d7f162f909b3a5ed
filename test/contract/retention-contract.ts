import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

/** What is deleted, and what stays. */
export function retentionContract(open: OpenStore): void {
  const fresh = freshStore(open);

  const completed = async (store: Store, acceptedAtMs: number, count = 1) => {
    const made = await fannedOut(store, count, { notification: { acceptedAtMs } });
    const leases = await Promise.all(made.deliveries.map(({ id }) => claimed(store, id)));
    await store.deliveries.settleMany(leases.map((lease) => endingAs('delivered', lease)));
    return made;
  };

  it('deletes completed notifications accepted before the instant, with all their deliveries', async () => {
    const { store } = fresh;
    const old = await completed(store, NOW_MS - 2, 300);
    const kept = await completed(store, NOW_MS);
    expect(await store.retention.forget(NOW_MS, 100)).toBe(1);
    expect(await store.notifications.get(old.notification.id)).toBeNull();
    for (const { id } of [old.deliveries[0]!, old.deliveries[299]!]) expect(await store.deliveries.get(id)).toBeNull();
    expect(await store.deliveries.countByState(old.notification.id)).toMatchObject({ delivered: 0 });
    expect((await store.notifications.get(kept.notification.id))?.status).toBe('completed');
    expect(await store.deliveries.get(kept.deliveries[0]!.id)).not.toBeNull();
    expect(await store.retention.forget(NOW_MS, 100)).toBe(0);
  });

  it('keeps what is not completed, however old', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 1, { notification: { acceptedAtMs: 1 } });
    expect(await store.retention.forget(NOW_MS, 100)).toBe(0);
    expect((await store.notifications.get(notification.id))?.status).toBe('sending');
    expect(await store.deliveries.get(deliveries[0]!.id)).not.toBeNull();
  });

  it('takes no more than it was told, the oldest first', async () => {
    const { store } = fresh;
    const made = [];
    for (const acceptedAtMs of [3, 1, 2]) made.push(await fannedOut(store, 0, { notification: { acceptedAtMs } }));
    expect(await store.retention.forget(NOW_MS, 2)).toBe(2);
    const [third, first, second] = await Promise.all(
      made.map(({ notification: { id } }) => store.notifications.get(id)),
    );
    expect([first, second]).toEqual([null, null]);
    expect(third).not.toBeNull();
    expect(await store.retention.forget(NOW_MS, 2)).toBe(1);
  });

  it('deletes subscriptions retired before the instant, and no active one', async () => {
    const { store } = fresh;
    const active = sampleSubscription({ createdAtMs: 1 });
    const moved = sampleSubscription({ createdAtMs: 2 });
    await store.subscriptions.register(active);
    await store.subscriptions.register(moved);
    const taker = { ...moved, id: sampleSubscription().id, userId: 'someone else', createdAtMs: 3, updatedAtMs: 3 };
    expect((await store.subscriptions.register(taker)).kind).toBe('moved');
    const { retired } = (await store.subscriptions.get(moved.id))!;
    await store.retention.forget(retired!.atMs, 100);
    expect(await store.subscriptions.get(moved.id)).not.toBeNull();
    await store.retention.forget(retired!.atMs + 1, 100);
    expect(await store.subscriptions.get(moved.id)).toBeNull();
    expect(await store.subscriptions.get(active.id)).not.toBeNull();
    expect(await store.subscriptions.get(taker.id)).not.toBeNull();
  });

  it('sweeps keys and nonces that expired before the instant, and counts them', async () => {
    const { store } = fresh;
    const idempotency = { bodyDigest: 'd', expiresAtMs: NOW_MS + 10 };
    await store.nonces.use('old', NOW_MS + 10);
    await store.nonces.use('new', NOW_MS + 20);
    await store.notifications.accept(
      sampleAcceptance(sampleNotification({ acceptedAtMs: NOW_MS }), [], { idempotency: { key: 'k', ...idempotency } }),
    );
    expect(await store.retention.sweep(NOW_MS + 10)).toBe(0);
    expect(await store.retention.sweep(NOW_MS + 11)).toBe(2);
    expect(await store.retention.sweep(NOW_MS + 11)).toBe(0);
    expect(await store.nonces.use('new', NOW_MS + 20)).toBe(false);
  });

  it('sweeps more rows than one batch holds', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, index) => fresh.store.nonces.use(`n${index}`, NOW_MS)));
    expect(await fresh.store.retention.sweep(NOW_MS + 1)).toBe(2500);
  });
}
