import type { SuppressionReason } from '../audience/release.ts';
import type { EndReason } from '../delivery/delivery.ts';
import type { PruneHoldScope } from '../pruning/prune-hold.ts';
import type { OutcomeKind } from '../push-service/push-outcome.ts';
import type { RetirementReason } from '../subscription/subscription.ts';

/** All types there are. `docs/events.md` shows each. */
export const EVENT_TYPES = [
  'notification.completed',
  'notification.suppressed',
  'delivery.failed',
  'subscription.created',
  'subscription.retired',
  'prune_hold.opened',
  'prune_hold.decided',
  'experiment.decided',
  'schedule.missed',
  'receipt.recorded',
  'webhook.disabled',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** One for each time that a device told something: as many as there are deliveries, so somebody has to ask for them. */
const ONLY_WHEN_ASKED: readonly EventType[] = ['receipt.recorded'];

/** What is written unless the settings say otherwise. */
export const USUAL_EVENT_TYPES: readonly EventType[] = EVENT_TYPES.filter((type) => !ONLY_WHEN_ASKED.includes(type));

/** How a subscription came to be active. */
export type CreationCause = 'registered' | 'imported' | 'restored';

/**
 * What each type tells: ids, words of closed sets, counts and instants (`…AtMs`). Never who a user is, an endpoint or a text that
 * a caller wrote, but for keys of schedules and experiments: whoever needs more asks for it by id.
 */
export type EventData = {
  /** `cancelled`: somebody called it off, and what of it was under way has ended, too. */
  'notification.completed': { readonly notificationId: string; readonly status: 'completed' | 'cancelled' };
  'notification.suppressed': {
    readonly notificationId: string;
    readonly users: number;
    readonly byReason: Partial<Record<SuppressionReason, number>>;
  };
  'delivery.failed': {
    readonly deliveryId: string;
    readonly notificationId: string;
    readonly subscriptionId: string;
    readonly reason: EndReason | null;
    readonly outcome: OutcomeKind | null;
    readonly attempts: number;
  };
  'subscription.created': { readonly subscriptionId: string; readonly cause: CreationCause };
  'subscription.retired': { readonly subscriptionId: string; readonly reason: RetirementReason };
  'prune_hold.opened': {
    readonly pruneHoldId: string;
    readonly scope: PruneHoldScope;
    readonly subject: string;
    readonly goneCount: number;
    readonly answerCount: number;
  };
  'prune_hold.decided': { readonly pruneHoldId: string; readonly state: 'confirmed' | 'dismissed' };
  'experiment.decided': {
    readonly experimentKey: string;
    readonly notificationId: string;
    readonly winner: string | null;
    /** Which variant the others get; null: none. */
    readonly sends: string | null;
  };
  'schedule.missed': {
    readonly scheduleKey: string;
    readonly firstAtMs: number;
    readonly lastAtMs: number;
    readonly count: number;
    readonly isAtLeast: boolean;
  };
  'receipt.recorded': {
    readonly deliveryId: string;
    readonly event: string;
    readonly action: string | null;
  };
  'webhook.disabled': { readonly webhookEndpointId: string; readonly reason: 'gone' | 'failing' };
};

/** An event of one type as it is written. Its id follows from what happened, so that whoever writes it again writes the same. */
export type DraftOf<Type extends EventType> = {
  readonly id: string;
  readonly type: Type;
  readonly atMs: number;
  readonly data: EventData[Type];
};

export type EventDraft = { readonly [Type in EventType]: DraftOf<Type> }[EventType];

/** As it is kept: `sequence` is its place among all. Each is one more than the one before, and none appears below another that was read. */
export type OutboxEvent = EventDraft & { readonly sequence: number };
