import type { Reached } from './audience/fan-out.ts';
import type { BulkActionKind } from './bulk-action/bulk-action.ts';
import type { Attempt, DeliveryState, EndReason } from './delivery/delivery.ts';
import type { Priority } from './notification/priority.ts';
import type { PruneHoldScope } from './pruning/prune-hold.ts';
import type { Hidden } from './redaction.ts';
import type { Trigger } from './schedule/occurrence.ts';
import type { PauseCause } from './sending/sending.ts';
import type { RetirementReason } from './subscription/subscription.ts';
import type { Miscount } from './tally/tally.ts';
import type { WebhookResult } from './webhook/webhook-delivery.ts';
import type { DisabledReason } from './webhook/webhook-endpoint.ts';

/**
 * Everything Bellhop announces of its work, after the commit that made it true. Ids only: no endpoint, secret or payload.
 * The one exception is what `part.failed` carries: `error` may hold anything, and neither it nor `hidden` is shown to
 * anybody as it is.
 */
export type BellhopEvent =
  | {
      readonly type: 'subscription.registered';
      readonly subscriptionId: string;
      readonly userId: string;
      readonly result: 'created' | 'updated' | 'moved';
    }
  | { readonly type: 'subscription.deleted'; readonly subscriptionId: string }
  /** All of an endpoint, or of a user, by one call. `userId` null: of whatever users they were. */
  | { readonly type: 'subscriptions.deleted'; readonly count: number; readonly userId: string | null }
  | {
      readonly type: 'subscription.retired';
      readonly subscriptionId: string;
      readonly userId: string;
      readonly reason: RetirementReason;
    }
  /** Its push service refused it in a way that may heal: nothing goes to it before `untilMs`. */
  | {
      readonly type: 'subscription.quarantined';
      readonly subscriptionId: string;
      readonly userId: string;
      readonly sinceMs: number;
      readonly untilMs: number;
    }
  | { readonly type: 'subscription.restored'; readonly subscriptionId: string; readonly userId: string }
  | {
      readonly type: 'notification.accepted';
      readonly notificationId: string;
      readonly users: number;
      /** The `traceparent` of the call, where it has one. */
      readonly trace?: string;
    }
  /** Told only where there is a trace, and not in the log: a fan-out has many. */
  | {
      readonly type: 'fan_out.page';
      readonly notificationId: string;
      readonly users: number;
      readonly deliveries: number;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
      readonly trace: string;
    }
  /** Somebody called it off: what waited is not sent. */
  | { readonly type: 'notification.cancelled'; readonly notificationId: string }
  | {
      readonly type: 'notification.fanned_out';
      readonly notificationId: string;
      /** Null where an earlier version began with it. */
      readonly reached: Reached | null;
    }
  | {
      /** A delivery moved on: after an attempt, or without one (expired or cancelled unsent). */
      readonly type: 'delivery.settled';
      readonly deliveryId: string;
      readonly notificationId: string;
      readonly subscriptionId: string;
      readonly userId: string;
      readonly origin: string;
      readonly state: DeliveryState;
      readonly reason: EndReason | null;
      readonly attempt: Attempt | null;
      readonly priority: Priority;
      /** How long it waited from when it was due to the begin of this attempt; null where nothing was sent. */
      readonly waitedMs: number | null;
      /** The `traceparent` of the notification's call, where it has one. */
      readonly trace?: string;
    }
  /** A push service asked its senders to wait: nothing goes to this origin before then. */
  | { readonly type: 'origin.paused'; readonly origin: string; readonly untilMs: number }
  /** A push service failed so often in a row that it is taken to be down: nothing goes there before a probe. */
  | {
      readonly type: 'lane.closed';
      readonly origin: string;
      readonly untilMs: number;
      readonly failures: number;
    }
  | { readonly type: 'lane.opened'; readonly origin: string }
  /** Unusually many subscriptions were called gone: none of this origin or key is retired until a person decides. */
  | {
      readonly type: 'prune_hold.opened';
      readonly holdId: string;
      readonly scope: PruneHoldScope;
      readonly subject: string;
      readonly goneCount: number;
      readonly answerCount: number;
    }
  | {
      readonly type: 'prune_hold.decided';
      readonly holdId: string;
      readonly scope: PruneHoldScope;
      readonly subject: string;
      readonly state: 'confirmed' | 'dismissed';
      /** Retired by the confirmation, or restored by the dismissal. */
      readonly subscriptions: number;
    }
  /** Nothing is sent from now on, or since the start, before a person decides. */
  | { readonly type: 'sending.paused'; readonly cause: PauseCause; readonly sinceMs: number }
  | { readonly type: 'sending.resumed' }
  /** A backup was made, in the backup folder or as the answer to a call. */
  | {
      readonly type: 'backup.made';
      readonly destination: 'folder' | 'answer';
      readonly octets: number;
      readonly madeAtMs: number;
      readonly tookMs: number;
    }
  /** The newest backup that an earlier process left in the backup folder. */
  | { readonly type: 'backup.found'; readonly name: string; readonly octets: number; readonly madeAtMs: number }
  /** Counts that were wrong, for example after a process was killed, are set right. */
  | { readonly type: 'tallies.corrected'; readonly miscounts: readonly Miscount[] }
  /** The notification of a schedule was accepted, at its time or by hand. */
  | {
      readonly type: 'schedule.sent';
      readonly scheduleKey: string;
      readonly atMs: number;
      readonly notificationId: string;
      readonly trigger: Trigger;
    }
  /** Nobody was there to send it, from `atMs` to `lastAtMs`. */
  | {
      readonly type: 'schedule.missed';
      readonly scheduleKey: string;
      readonly atMs: number;
      readonly lastAtMs: number;
      readonly count: number;
      readonly isAtLeast: boolean;
    }
  /** Its notification could not be accepted: with this error a call would be refused. */
  | {
      readonly type: 'schedule.failed';
      readonly scheduleKey: string;
      readonly atMs: number;
      readonly code: string;
      readonly detail: string;
    }
  /** The test of a notification was decided: the others get a variant, or nothing. */
  | {
      readonly type: 'experiment.decided';
      readonly experimentKey: string;
      readonly notificationId: string;
      readonly winner: string | null;
      readonly sends: string | null;
    }
  | { readonly type: 'delivery.replayed'; readonly deliveryId: string; readonly notificationId: string }
  /** All that somebody asked to have done to dead letters is done, or was called off. */
  | {
      readonly type: 'bulk_action.ended';
      readonly actionId: string;
      readonly action: BulkActionKind;
      readonly state: 'completed' | 'cancelled';
      readonly replayed: number;
      readonly discarded: number;
      readonly skipped: number;
    }
  /** All that there was of a person is erased. */
  | {
      readonly type: 'erasure.completed';
      readonly erasureId: string;
      readonly counts: Readonly<Record<string, number>>;
    }
  /** Bellhop stopped sending events to an endpoint: it answered 410, or failed for days. */
  /** Not in the log: each attempt is on record with its delivery. */
  | { readonly type: 'webhook.attempted'; readonly webhookEndpointId: string; readonly result: WebhookResult }
  /** After failures: spans are taken again. */
  | { readonly type: 'tracing.resumed'; readonly lostSpans: number }
  | { readonly type: 'webhook.disabled'; readonly webhookEndpointId: string; readonly reason: DisabledReason }
  /** A part failed while no caller waited for its answer. */
  | {
      readonly type: 'part.failed';
      readonly part: PartName;
      readonly error: unknown;
      /** Where a part knows all that its error must not tell, the rest of the error is told whole. */
      readonly hidden?: Hidden;
    };

/**
 * The parts that work while no caller waits, as `part.failed`, the log and the metrics name them: the three backends, what
 * queues for a caller that was answered, the worker, and the loops.
 */
export const PART_NAMES = [
  'store',
  'queue',
  'coordination',
  'notifications',
  'dead_letters',
  'worker',
  'push',
  'sender_thread',
  'prune_guard',
  'rescuer',
  'sweeper',
  'backup_keeper',
  'sending_watch',
  'tally_keeper',
  'ager',
  'scheduler',
  'bulk_actions',
  'erasures',
  'presence',
  'event_relay',
  'webhooks',
  'tracing',
] as const;
export type PartName = (typeof PART_NAMES)[number];

export type EventListener = (event: BellhopEvent) => void;

/** In-process announcements. A listener that throws harms neither the publisher nor other listeners. */
export interface Events {
  publish(event: BellhopEvent): void;
  /** Returns the unsubscriber. */
  subscribe(listener: EventListener): () => void;
}
