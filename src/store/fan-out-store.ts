import type { Audience, Member } from '../domain/audience/audience.ts';
import type { PlanPage } from '../domain/audience/fan-out.ts';
import type { Suppression } from '../domain/audience/suppression.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import type { TypePolicy } from '../domain/notification-type/type-policy.ts';
import type { AudienceCursor } from './audience-store.ts';

/** A fan-out as far as it got. */
export type FanOut = {
  readonly notification: Notification;
  readonly audience: Audience;
  readonly cursor: AudienceCursor;
};

/** The users between two places in the audience, and what they come to. */
export type FanOutPage = {
  readonly notification: Notification;
  readonly from: AudienceCursor;
  /** Null: it was the last page. */
  readonly to: AudienceCursor | null;
  readonly members: readonly Member[];
  readonly policy: Pick<TypePolicy, 'cap' | 'overrides'>;
  /** Asked within the commit, with what the store knows of the cap by then. */
  readonly plan: PlanPage;
  /** Whether the users of the audience are found when it is sent: then the notification counts them as they come. */
  readonly isUserCountOpen: boolean;
  readonly nowMs: number;
};

/** What a page came to: each of its users is in one of the two. */
export type FannedOut = { readonly deliveries: readonly Delivery[]; readonly suppressions: readonly Suppression[] };

/** What turns accepted notifications into deliveries. */
export interface FanOutStore {
  /** Null when the notification does not exist or its fan-out is finished. */
  get(notificationId: string): Promise<FanOut | null>;
  /**
   * Keeps what `plan` makes of a page (deliveries, suppressions, uses of a cap) and moves the cursor from `from` to `to`, in one
   * commit; `to` null finishes the fan-out and gives the notification the status `sending`, or `completed` where every
   * delivery is final. Deliveries that exist already stay as they are. Null, and nothing written, when the cursor is no
   * longer at `from`.
   */
  commitPage(page: FanOutPage): Promise<FannedOut | null>;
  /** Notifications accepted before `acceptedBeforeMs` whose fan-out is not finished, oldest first. */
  unfinished(acceptedBeforeMs: number, limit: number): Promise<readonly { id: string; priority: Priority }[]>;
}
