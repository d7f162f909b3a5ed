import type { Audience } from '../domain/audience/audience.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import type { AudienceCursor } from './audience-store.ts';

/** A fan-out as far as it got. */
export type FanOut = {
  readonly notification: Notification;
  readonly audience: Audience;
  readonly cursor: AudienceCursor;
};

/** Deliveries to the recipients between two places in the audience. */
export type FanOutPage = {
  readonly notificationId: string;
  readonly from: AudienceCursor;
  /** Null: it was the last page. */
  readonly to: AudienceCursor | null;
  readonly deliveries: readonly Delivery[];
};

/** What turns accepted notifications into deliveries. */
export interface FanOutStore {
  /** Null when the notification does not exist or its fan-out is finished. */
  get(notificationId: string): Promise<FanOut | null>;
  /**
   * Keeps one page of deliveries and moves the cursor from `from` to `to`, in one commit; `to` null finishes the
   * fan-out and gives the notification the status `sending`, or `completed` where every delivery is final.
   * Deliveries that exist already stay as they are. False, and nothing written, when the cursor is no longer at `from`.
   */
  commitPage(page: FanOutPage): Promise<boolean>;
  /** Notifications accepted before `acceptedBeforeMs` whose fan-out is not finished, oldest first. */
  unfinished(acceptedBeforeMs: number, limit: number): Promise<readonly { id: string; priority: Priority }[]>;
}
