import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { OfUserQuery } from '../store/delivery-store.ts';
import type { Page } from '../store/page.ts';
import type { Store } from '../store/store.ts';

/** A delivery beside its notification; null where that is forgotten already. */
export type DeliveryOfNotification = { readonly delivery: Delivery; readonly notification: Notification | null };

/** Newest notification first. */
export type UserDeliveries = { list(query: OfUserQuery): Promise<Page<DeliveryOfNotification>> };

/** What became of all that was sent to one user. */
export function createUserDeliveries(options: {
  readonly store: Pick<Store, 'notifications' | 'deliveries'>;
}): UserDeliveries {
  const { notifications, deliveries } = options.store;
  return {
    async list(query) {
      const { items, next } = await deliveries.listByUser(query);
      const ids = [...new Set(items.map(({ notificationId }) => notificationId))];
      const found = ids.length === 0 ? [] : await notifications.getMany(ids);
      const byId = new Map(found.map((one) => [one.id, one]));
      const besides = (delivery: Delivery) => ({ delivery, notification: byId.get(delivery.notificationId) ?? null });
      return { items: items.map(besides), next };
    },
  };
}
