import { deliveryIdPrefix, deliveryIdsBetween, notificationOf } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { decodePlace, encodePlace } from './cursor.ts';
import { filteredPage, READ_AT_ONCE } from './filtered-page.ts';
import type { NotificationQuery } from './notification-store.ts';
import type { Page } from './page.ts';

/** The ids of a user's deliveries between two, the greatest first. */
export type UserDeliveryIds = {
  readonly userId: string;
  readonly atLeast: string;
  readonly below: string;
  readonly limit: number;
};

/**
 * The notifications with a delivery to one user, newest first. They are found by the ids of the deliveries, which begin with
 * the notification's, and so with its time.
 */
export function notificationsOfUser(
  query: NotificationQuery & { readonly userId: string },
  store: {
    readonly deliveryIds: (of: UserDeliveryIds) => Promise<readonly string[]>;
    readonly getMany: (ids: readonly string[]) => Promise<readonly Notification[]>;
  },
): Promise<Page<Notification>> {
  const { userId, fromMs, untilMs, cursor, limit } = query;
  const [atLeast, end] = deliveryIdsBetween(fromMs, untilMs);
  return filteredPage({
    limit,
    from: cursor === null ? end : earlier(end, deliveryIdPrefix(decodePlace(cursor).id)),
    async read(below) {
      const deliveryIds = await store.deliveryIds({ userId, atLeast, below, limit: READ_AT_ONCE });
      const ids = [...new Set(deliveryIds.map(notificationOf))];
      const last = deliveryIds.length < READ_AT_ONCE ? undefined : ids.at(-1);
      const found = ids.length === 0 ? [] : await store.getMany(ids);
      const items = found.filter((one) => isAskedFor(query, one)).sort((one, other) => (one.id > other.id ? -1 : 1));
      // What is left of the last notification's deliveries is passed over.
      return { items, next: last === undefined ? null : deliveryIdPrefix(last) };
    },
    toCursor: ({ acceptedAtMs, id }) => encodePlace({ atMs: acceptedAtMs, id }),
    // The time is in the id, and read from there alone.
    cursorAt: (below) => encodePlace({ atMs: 0, id: notificationOf(below) }),
  });
}

function isAskedFor({ type, status }: NotificationQuery, notification: Notification): boolean {
  return (type === null || notification.content.type === type) && (status === null || notification.status === status);
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}
