import type { FanOutCursor } from '../domain/audience/audience.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Idempotency } from '../domain/notification/idempotency.ts';
import type { Notification, NotificationStatus } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import type { Page, PageRequest } from './page.ts';

/** What is accepted in one commit. */
export type Acceptance = {
  readonly notification: Notification;
  readonly userIds: readonly string[];
  /** Null where the caller gave no key. */
  readonly idempotency: Idempotency | null;
  /** Whether the store may make the deliveries in the same commit. If not, they are left to the fan-out. */
  readonly mayFanOutNow: boolean;
};

/**
 * `accepted`: `deliveries` are those made in the same commit, and the fan-out is done. Null: it is yet to come. That is so
 * where it may not be done now, where the audience is more than one commit should bear, and in a store that has no commit
 * for several documents.
 * `repeated`: the same key and body came before; `notification` is the first call's.
 */
export type AcceptResult =
  | { readonly kind: 'accepted'; readonly deliveries: readonly Delivery[] | null }
  | { readonly kind: 'repeated'; readonly notification: Notification }
  | { readonly kind: 'key_reused' };

export type NotificationQuery = PageRequest & {
  readonly type: string | null;
  readonly status: NotificationStatus | null;
  /** Accepted at or after. */
  readonly fromMs: number | null;
  /** Accepted before. */
  readonly untilMs: number | null;
};

/** A fan-out as far as it got. */
export type FanOut = {
  readonly notification: Notification;
  readonly userIds: readonly string[];
  readonly cursor: FanOutCursor;
};

export interface NotificationStore {
  /**
   * Keeps notification, audience and idempotency key in one commit. Nothing is kept unless `accepted`.
   * A key that expired at or before `notification.acceptedAtMs` is free again, swept or not.
   */
  accept(acceptance: Acceptance): Promise<AcceptResult>;
  get(id: string): Promise<Notification | null>;
  /** Newest first. */
  list(query: NotificationQuery): Promise<Page<Notification>>;
  /** Null when the notification does not exist or its fan-out is finished. */
  fanOut(id: string): Promise<FanOut | null>;
  /**
   * Keeps one page of deliveries and moves the cursor from `from` to `to`, in one commit; `to` null finishes the
   * fan-out and gives the notification the status `sending`, or `completed` where every delivery is final.
   * Deliveries that exist already stay as they are. False, and nothing written, when the cursor is no longer at `from`.
   */
  commitFanOut(page: {
    readonly notificationId: string;
    readonly from: FanOutCursor;
    readonly to: FanOutCursor | null;
    readonly deliveries: readonly Delivery[];
  }): Promise<boolean>;
  /** Notifications accepted before `acceptedBeforeMs` whose fan-out is not finished, oldest first. */
  unfinishedFanOuts(acceptedBeforeMs: number, limit: number): Promise<readonly { id: string; priority: Priority }[]>;
}
