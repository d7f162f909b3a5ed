import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { AudienceCursor } from '../../src/store/audience-store.ts';
import type { FanOutPage } from '../../src/store/fan-out-store.ts';
import type { Store } from '../../src/store/store.ts';

/** Commits a page of a fan-out that is under way, from where it stands; unless told otherwise, the last one. */
export async function commitPage(
  store: Pick<Store, 'fanOuts'>,
  notification: Notification,
  deliveries: readonly Delivery[],
  to: AudienceCursor | null = null,
): Promise<void> {
  const fanOut = await store.fanOuts.get(notification.id);
  if (fanOut === null) throw new Error(`the fan-out of ${notification.id} is done`);
  const kept = await store.fanOuts.commitPage(pageOf(notification, deliveries, { from: fanOut.cursor, to }));
  if (kept === null) throw new Error(`the fan-out of ${notification.id} has moved on`);
}

/** A page that comes to these deliveries, whoever is in it. */
export function pageOf(
  notification: Notification,
  deliveries: readonly Delivery[],
  places: Pick<FanOutPage, 'from' | 'to'>,
): FanOutPage {
  return {
    ...places,
    notification,
    members: [],
    policy: { cap: null, overrides: [] },
    plan: () => ({ deliveries, suppressions: [], capUses: [] }),
    isUserCountOpen: false,
    wave: null,
    nowMs: notification.acceptedAtMs,
  };
}
