import type { Audience, Member } from '../domain/audience/audience.ts';
import type { PlanPage } from '../domain/audience/fan-out.ts';
import type { Suppression } from '../domain/audience/suppression.ts';
import type { Values } from '../domain/content/wording.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import type { TypePolicy } from '../domain/notification-type/type-policy.ts';
import type { AudienceCursor } from './audience-store.ts';

/** Which users a page has and where it ends, said before anything of it is kept: whoever makes it again has the same. */
export type BegunPage = {
  readonly to: AudienceCursor | null;
  readonly userIds: readonly string[];
  /** As in `FanOut`, with those of the page who were passed over. */
  readonly followingAtMs: number | null;
};

/** A fan-out as far as it got. */
export type FanOut = {
  readonly notification: Notification;
  readonly audience: Audience;
  readonly cursor: AudienceCursor;
  /** Of a notification in waves: the earliest instant after this wave at which a user is due, of those passed over so far. */
  readonly followingAtMs: number | null;
  /** The page at the cursor, where somebody has begun it: its users are those and no others, whoever came and went since. */
  readonly begun: BegunPage | null;
};

/** The wave that a page belongs to, and the earliest instant after it that is known once the page is done. */
export type PageOfWave = { readonly atMs: number; readonly followingAtMs: number | null };

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
  /** Null where the notification is sent at once. */
  readonly wave: PageOfWave | null;
  readonly nowMs: number;
};

/** What a page came to: each of its users is in one of the two. */
export type FannedOut = { readonly deliveries: readonly Delivery[]; readonly suppressions: readonly Suppression[] };

export type DueFanOut = { readonly id: string; readonly priority: Priority; readonly dueAtMs: number };

/** What turns accepted notifications into deliveries. */
export interface FanOutStore {
  /** Null when the notification does not exist or its fan-out is finished. */
  get(notificationId: string): Promise<FanOut | null>;
  /**
   * Keeps what `plan` makes of a page (deliveries, suppressions, uses of a cap) and moves the cursor from `from` to `to`, in one
   * commit; `to` null finishes the fan-out and gives the notification the status `sending`, or `completed` where every
   * delivery is final. Deliveries that exist already stay as they are. Null, and nothing written, when the cursor is no
   * longer at `from`, the page was begun there with other users, or the notification is no longer in this wave, or cancelled. The
   * first page of its first wave gives a scheduled one the status `sending`. Where users are due at `followingAtMs`, `to` null only
   * ends the wave: the next one begins at the start of the audience, at that instant.
   */
  commitPage(page: FanOutPage): Promise<FannedOut | null>;
  /**
   * What these users have as values of their own, of all those whom the notification names. Of a fan-out that is finished nothing is
   * kept: its deliveries have them.
   */
  valuesOf(
    notificationId: string,
    named: readonly string[],
    userIds: readonly string[],
  ): Promise<ReadonlyMap<string, Values>>;
  /** Notifications to be sent at once, accepted before `acceptedBeforeMs`, whose fan-out is not finished, oldest first. */
  unfinished(acceptedBeforeMs: number, limit: number): Promise<readonly { id: string; priority: Priority }[]>;
  /** Those whose `dueAtMs` is at or before `untilMs`: waves, and what was cancelled and has not ended. Most overdue first. */
  due(untilMs: number, limit: number): Promise<readonly DueFanOut[]>;
  /**
   * Of a cancelled notification whose waiting deliveries have ended: those of its users whom nobody has decided about get a suppression,
   * if they were named; who would have been found later counts as no user. Its `dueAtMs` becomes null, unless another process may still be
   * at a page of it: then it is to be looked at once more. Once no push of it is under way either, it is announced that all has ended.
   */
  endCancelled(notificationId: string, nowMs: number): Promise<void>;
  /** Those of the users of whom a wave of the notification has decided: they have deliveries or a suppression. */
  decided(query: {
    readonly notificationId: string;
    readonly userIds: readonly string[];
  }): Promise<ReadonlySet<string>>;
}
