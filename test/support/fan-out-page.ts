import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { AudienceCursor } from '../../src/store/audience-store.ts';
import type { Store } from '../../src/store/store.ts';

/** Commits a page of a fan-out that is under way, from where it stands; unless told otherwise, the last one. */
export async function commitPage(
  store: Pick<Store, 'fanOuts'>,
  { id: notificationId }: Pick<Notification, 'id'>,
  deliveries: readonly Delivery[],
  to: AudienceCursor | null = null,
): Promise<void> {
  const fanOut = await store.fanOuts.get(notificationId);
  if (fanOut === null) throw new Error(`the fan-out of ${notificationId} is done`);
  const isKept = await store.fanOuts.commitPage({ notificationId, from: fanOut.cursor, to, deliveries });
  if (!isKept) throw new Error(`the fan-out of ${notificationId} has moved on`);
}
