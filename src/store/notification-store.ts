import type { Audience } from '../domain/audience/audience.ts';
import type { ReleaseTerms } from '../domain/audience/fan-out.ts';
import type { Values } from '../domain/content/wording.ts';
import type { Idempotency } from '../domain/notification/idempotency.ts';
import type { Milestones } from '../domain/notification/milestones.ts';
import type { Notification, NotificationStatus } from '../domain/notification/notification.ts';
import type { FannedOut } from './fan-out-store.ts';
import type { Page, PageRequest } from './page.ts';

/** What is accepted in one commit. */
export type Acceptance = {
  readonly notification: Notification;
  readonly audience: Audience;
  /** What each of the users named has as values of its own, in their order; absent where they have none. */
  readonly values?: readonly Values[] | null;
  /** Null where the caller gave no key. */
  readonly idempotency: Idempotency | null;
  /** What the caller calls the request; absent where it gave no such name. */
  readonly requestId?: string | null;
  /** Whether the store may make the deliveries in the same commit. If not, they are left to the fan-out. */
  readonly mayFanOutNow: boolean;
  /** By which it is fanned out, if so. */
  readonly terms: ReleaseTerms;
};

/**
 * `accepted`: `fannedOut` is what was made in the same commit, and the fan-out is done. Null: it is yet to come. That is so
 * where it may not be done now, where the audience is more than one commit should bear, and in a store that has no commit
 * for several documents.
 * `repeated`: the same key and body came before; `notification` is the first call's, `reachedUsers` those that its commit made
 * deliveries for, null where it made none.
 * `experiment_used`: the key of its experiment is another’s.
 */
export type AcceptResult =
  | { readonly kind: 'accepted'; readonly fannedOut: FannedOut | null }
  | RepeatedAcceptance
  | { readonly kind: 'key_reused' }
  | { readonly kind: 'experiment_used' };

export type RepeatedAcceptance = {
  readonly kind: 'repeated';
  readonly notification: Notification;
  readonly reachedUsers: number | null;
};

export type NotificationQuery = PageRequest & {
  /** Those with a delivery to this user. */
  readonly userId: string | null;
  readonly type: string | null;
  readonly status: NotificationStatus | null;
  /** Accepted at or after. */
  readonly fromMs: number | null;
  /** Accepted before. */
  readonly untilMs: number | null;
};

/** How a caller may have called the request that a notification came with. */
export type CallQuery = { readonly keys: readonly string[]; readonly requestId: string; readonly limit: number };

/** Ids of notifications, by what of their call was asked for. */
export type OfCall = { readonly byKey: readonly string[]; readonly byRequest: readonly string[] };

/** `cancelled`: by this call. `repeated`: by an earlier one. `completed`: there is nothing left to cancel. */
export type Cancelling = { readonly kind: 'cancelled' | 'repeated' | 'completed'; readonly notification: Notification };

export interface NotificationStore {
  /**
   * Keeps notification, audience and idempotency key in one commit, and its experiment where that is new. Nothing is kept unless `accepted`.
   * A key that expired at or before `notification.acceptedAtMs` is free again, swept or not.
   */
  accept(acceptance: Acceptance): Promise<AcceptResult>;
  /** The answer to a call that came before with this key and this body; null where none did, or its notification is gone. */
  repeated(idempotency: Idempotency, nowMs: number): Promise<RepeatedAcceptance | null>;
  /**
   * Calls a notification off by one conditional write, which every page of a fan-out and every claim heeds: from then on no delivery of it
   * is made, and none is attempted. What waits is left to `FanOutStore.endCancelled` and to claims. Null where there is none.
   */
  cancel(id: string, nowMs: number): Promise<Cancelling | null>;
  get(id: string): Promise<Notification | null>;
  /** Null where there is none. */
  milestones(id: string): Promise<Milestones | null>;
  /** Those of these ids that there are, in no order. */
  getMany(ids: readonly string[]): Promise<readonly Notification[]>;
  /** What came with one of these idempotency keys, as long as they are kept, or with this request id, the newest `limit`. */
  ofCall(query: CallQuery): Promise<OfCall>;
  /** Newest first. */
  list(query: NotificationQuery): Promise<Page<Notification>>;
  /** Those that are scheduled, the next one first. */
  coming(query: PageRequest): Promise<Page<Notification>>;
}
