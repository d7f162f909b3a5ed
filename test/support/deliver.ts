import type { Delivery, FinalState } from '../../src/domain/delivery/delivery.ts';
import type { Store } from '../../src/store/store.ts';
import type { FakeClock } from './fake-clock.ts';
import { commitPage } from './fan-out-page.ts';
import { endingAs, sampleDelivery } from './samples.ts';

/** Fans out to this subscription and, if a state is named, ends the delivery in it. */
export async function deliver(
  store: Store,
  clock: FakeClock,
  notificationId: string,
  subscription: { id: string; user_id: string },
  state?: FinalState,
): Promise<Delivery> {
  const notification = await store.notifications.get(notificationId);
  if (notification === null) throw new Error('no such notification');
  const delivery = sampleDelivery(
    notification,
    { id: subscription.id, userId: subscription.user_id },
    { createdAtMs: clock.now(), dueAtMs: clock.now() },
  );
  const isDone = (await store.fanOuts.get(notificationId)) === null;
  if (!isDone) await commitPage(store, notification, [delivery], `after ${delivery.id}`);
  if (state !== undefined) await end(store, clock, delivery.id, state);
  return (await store.deliveries.get(delivery.id)) ?? delivery;
}

/** One more attempt on a waiting delivery, after which it is in this state. */
export async function end(store: Store, clock: FakeClock, id: string, state: FinalState): Promise<void> {
  const nowMs = clock.now();
  const before = await store.deliveries.get(id);
  const attempt = (before?.attemptCount ?? 0) + 1;
  const [claimed] = await store.deliveries.claimMany([
    { deliveryId: id, attempt, nowMs, leaseUntilMs: nowMs + 60_000 },
  ]);
  if (!claimed || claimed === 'busy') throw new Error('not claimable');
  await store.deliveries.settleMany([endingAs(state, claimed, { endedAtMs: nowMs + 40 })]);
}
