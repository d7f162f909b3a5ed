import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Store } from '../../src/store/store.ts';
import { sendAt } from '../support/fan-out-at.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const DAY_SECONDS = 86_400;

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

  it('deletes who got nothing of them and why, and nothing of others', async () => {
    const { store } = fresh;
    const userIds = Array.from({ length: 1300 }, (_, index) => `user-${index}`);
    for (const userId of userIds.slice(0, 3)) await store.subscriptions.register(sampleSubscription({ userId }));
    await store.typeRules.put('*', { preference: 'opted_out' });
    const old = await sendAt(store, usersNamed(userIds), { nowMs: NOW_MS - 2 });
    const kept = await sendAt(store, usersNamed(userIds.slice(0, 5)), { nowMs: NOW_MS });
    const [had] = [await store.suppressions.countByReason(old.id)];
    expect(had).toMatchObject({ opted_out: 3, no_subscription: 1297 });
    expect(await store.retention.forget(NOW_MS, 100)).toBe(1);
    const counts = async (id: string) => Object.values(await store.suppressions.countByReason(id));
    expect(new Set(await counts(old.id))).toEqual(new Set([0]));
    for (const userId of ['user-0', 'user-1299']) expect(await store.suppressions.get(old.id, userId)).toBeNull();
    expect((await counts(kept.id)).reduce((sum, count) => sum + count)).toBe(5);
    const ofUser = await store.suppressions.listOfUser({ userId: 'user-0', cursor: null, limit: 5 });
    expect(ofUser.items.map(({ notificationId }) => notificationId)).toEqual([kept.id]);
  });

  it('sweeps uses of caps that no cap can count any more, and no other', async () => {
    const { store } = fresh;
    const cap = { limit: 9, perSeconds: 30 * DAY_SECONDS };
    await store.typeRules.put('*', { cap });
    await store.subscriptions.register(sampleSubscription({ userId: 'ada' }));
    await sendAt(store, usersNamed(['ada']), { nowMs: NOW_MS });
    const uses = () => store.users.capUses('ada', { ...cap, pattern: '*' }, { atMs: NOW_MS, exceptId: null });
    await store.retention.sweep(NOW_MS + 30 * DAY_SECONDS * 1000 - 1);
    expect(await uses()).toEqual([NOW_MS]);
    await store.retention.sweep(NOW_MS + 31 * DAY_SECONDS * 1000 + 1);
    expect(await uses()).toEqual([]);
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
