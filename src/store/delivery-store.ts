import type { Claim } from '../domain/delivery/claim.ts';
import type { DeadKind } from '../domain/delivery/dead-kind.ts';
import type { DeadLetterScope } from '../domain/delivery/dead-letter-filter.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { DeliveryCounts } from '../domain/delivery/delivery-counts.ts';
import type { DeliveryFilter } from '../domain/delivery/delivery-filter.ts';
import type { PageShare } from '../domain/delivery/due-page.ts';
import type { Settlement } from '../domain/delivery/settlement.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import type { Person } from '../domain/user/person.ts';
import type { Page, PageRequest } from './page.ts';
import type { SomeCounted } from './some-counted.ts';

/** `before` is the delivery as it was while it waited; its row now has the state `sending` and `version`. */
export type Claimed = {
  readonly before: Delivery;
  readonly version: number;
  readonly notification: Notification;
  readonly subscription: Subscription | null;
  /** A delivery with the same topic to the same subscription exists that stands after it in the order of sending. */
  readonly isSuperseded: boolean;
  readonly person: Person;
};

/** A waiting delivery is to be looked at later, without an attempt: not before `untilMs`. */
export type Postponement = { readonly deliveryId: string; readonly attempt: number; readonly untilMs: number };

export type DueDelivery = {
  readonly id: string;
  readonly userId: string;
  readonly origin: string;
  readonly priority: Priority;
  readonly state: 'pending' | 'held' | 'retrying' | 'sending';
  readonly attemptCount: number;
  readonly deadlineAtMs: number;
  readonly dueAtMs: number;
};

export type DueQuery = PageShare & { readonly priority: Priority; readonly untilMs: number };

/**
 * Where few of many are asked for, a page may have fewer than its limit, or none, and go on: so much is looked through at once, and no more.
 */
export type OfNotificationQuery = PageRequest & {
  readonly notificationId: string;
  readonly userId: string | null;
  /** Only those with an attempt on record. */
  readonly attempted: boolean;
  readonly filter: DeliveryFilter;
};

export type OfUserQuery = PageRequest & {
  readonly userId: string;
  /** Notification accepted at or after. */
  readonly fromMs: number | null;
  /** Notification accepted before. */
  readonly untilMs: number | null;
  readonly filter: DeliveryFilter;
};

/** Dead letters of these kinds; null: of all. */
export type DeadLetterQuery = PageRequest & {
  readonly scope: DeadLetterScope;
  readonly kinds: readonly DeadKind[] | null;
};

/** `most`: counting ends there. */
export type DeadLetterCountQuery = {
  readonly scope: DeadLetterScope;
  readonly kinds: readonly DeadKind[];
  readonly most: number;
};

/** As much of a dead letter as tells which it is, and where it stands. */
export type SkimmedDeadLetter = Pick<Delivery, 'id' | 'endedAtMs'>;

/** Of each kind that was found, how many. `isAtLeast`: there may be more. */
export type DeadLetterCounts = { readonly counts: ReadonlyMap<DeadKind, number>; readonly isAtLeast: boolean };

export interface DeliveryStore {
  /**
   * Takes leases: waiting deliveries become `sending`, `attemptCount` grows by one, `claimedAtMs` is set, `dueAtMs`
   * is the lease's end. In the claim's place null for one that is not waiting for that attempt, and `busy` for one that goes on
   * waiting as it did, because another delivery to the same subscription has a lease that lasts.
   */
  claimMany(claims: readonly Claim[]): Promise<readonly (Claimed | 'busy' | null)[]>;
  /**
   * Conditional writes, each on its own. False, in the settlement's place, where the version had moved on: a late
   * writer loses. A notification whose last delivery becomes final becomes `completed`; one reopened, `sending`.
   */
  settleMany(settlements: readonly Settlement[]): Promise<readonly boolean[]>;
  /** Moves the time of those that wait for the attempt named; others stay as they are. */
  postponeMany(postponements: readonly Postponement[]): Promise<void>;
  /**
   * Waiting deliveries with this topic to these subscriptions that stand before this place in the order of sending (`orderOf`): what a
   * newer one supersedes.
   */
  outdated(query: {
    readonly order: string;
    readonly topic: string;
    readonly subscriptionIds: readonly string[];
  }): Promise<readonly Delivery[]>;
  /** Up to `limit` deliveries of a notification that wait: for a first or a further attempt, or on hold. */
  waitingOf(notificationId: string, limit: number): Promise<readonly Delivery[]>;
  get(id: string): Promise<Delivery | null>;
  /** Those of these ids that there are, in no order. */
  getMany(ids: readonly string[]): Promise<readonly Delivery[]>;
  /** The deliveries of one notification, in order of id. */
  listByNotification(query: OfNotificationQuery): Promise<Page<Delivery>>;
  /** The deliveries to one user, newest notification first. */
  listByUser(query: OfUserQuery): Promise<Page<Delivery>>;
  /** Of which kinds there are dead letters, of all or of one notification. Cheap, however many there are of each. */
  deadKinds(notificationId: string | null): Promise<readonly DeadKind[]>;
  /**
   * Dead letters, which are `failed` deliveries: newest first, those of one notification in order of id; `placeOfDeadLetter` gives the cursor
   * after one. It reads what it gives, however many others there are, but for those of the same user.
   */
  skimFailed(query: DeadLetterQuery): Promise<Page<SkimmedDeadLetter>>;
  countFailed(query: DeadLetterCountQuery): Promise<DeadLetterCounts>;
  /** All of a notification, each once, in pieces: however many there are, nothing else waits for long. */
  countByState(notificationId: string): Promise<DeliveryCounts>;
  /** The same, but counting ends at 10 000 in one state. Cheap, however many there are. */
  countSome(notificationId: string): Promise<SomeCounted<DeliveryCounts>>;
  /**
   * Deliveries of one priority whose `dueAtMs` is at or before `untilMs`, most overdue first; but first a few of each user, if
   * so asked, and then more of those who have more.
   */
  due(query: DueQuery): Promise<readonly DueDelivery[]>;
}
