import { createHash } from 'node:crypto';
import type { SuppressionCounts } from '../audience/suppression.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { ExperimentOutcome } from '../experiment/experiment.ts';
import { timedId } from '../ids.ts';
import type { PruneHold } from '../pruning/prune-hold.ts';
import { type ReceiptMark, receiptsOf } from '../receipt/receipt.ts';
import type { Occurrence } from '../schedule/occurrence.ts';
import type { RegistrationPlan } from '../subscription/registration.ts';
import type { RetirementReason } from '../subscription/subscription.ts';
import type { SubscriptionChange } from '../subscription/subscription-change.ts';
import type { WebhookEndpoint } from '../webhook/webhook-endpoint.ts';
import type { CreationCause, DraftOf, EventData, EventType } from './outbox-event.ts';

/** `subject`: what tells this event from others of its type and instant. */
function eventDraft<Type extends EventType>(
  type: Type,
  subject: string,
  atMs: number,
  data: EventData[Type],
): DraftOf<Type> {
  const digest = createHash('sha256').update(`${type}\n${subject}\n${atMs}`).digest();
  return { id: timedId('event', atMs, digest), type, atMs, data };
}

/** All deliveries are final, and none is to come. Again after a replay. */
export function notificationCompleted(
  notificationId: string,
  atMs: number,
  status: 'completed' | 'cancelled' = 'completed',
): DraftOf<'notification.completed'> {
  return eventDraft('notification.completed', notificationId, atMs, { notificationId, status });
}

/** Null where nobody was suppressed. */
export function notificationSuppressed(
  notificationId: string,
  counts: SuppressionCounts,
  atMs: number,
): DraftOf<'notification.suppressed'> | null {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  if (found.length === 0) return null;
  const users = found.reduce((sum, [, count]) => sum + count, 0);
  return eventDraft('notification.suppressed', notificationId, atMs, {
    notificationId,
    users,
    byReason: Object.fromEntries(found),
  });
}

/** Null unless it ended as a dead letter. */
export function deliveryFailed(after: Delivery): DraftOf<'delivery.failed'> | null {
  const { id: deliveryId, notificationId, subscriptionId, state, reason, attemptCount, endedAtMs } = after;
  if (state !== 'failed' || endedAtMs === null) return null;
  const outcome = after.attempts.at(-1)?.outcome ?? null;
  // A replay counts its attempts on, so the same delivery fails under another number.
  return eventDraft('delivery.failed', `${deliveryId} ${attemptCount}`, endedAtMs, {
    deliveryId,
    notificationId,
    subscriptionId,
    reason,
    outcome,
    attempts: attemptCount,
  });
}

export function subscriptionCreated(
  subscriptionId: string,
  cause: CreationCause,
  atMs: number,
): DraftOf<'subscription.created'> {
  return eventDraft('subscription.created', subscriptionId, atMs, { subscriptionId, cause });
}

/** Null where the row was active already. */
export function createdBy(
  { over, result: { subscription } }: RegistrationPlan,
  cause: CreationCause,
): DraftOf<'subscription.created'> | null {
  if (over !== null && over.retired === null) return null;
  return subscriptionCreated(subscription.id, cause, subscription.updatedAtMs);
}

/** Null where the change retires nothing. */
export function retiredBy(change: SubscriptionChange): DraftOf<'subscription.retired'> | null {
  return change.kind === 'retire' ? subscriptionRetired(change.subscriptionId, change.reason, change.atMs) : null;
}

/** A call deleted it, or its user was erased. */
export function subscriptionDeleted(subscriptionId: string, atMs: number): DraftOf<'subscription.retired'> {
  return subscriptionRetired(subscriptionId, 'deleted', atMs);
}

function subscriptionRetired(
  subscriptionId: string,
  reason: RetirementReason,
  atMs: number,
): DraftOf<'subscription.retired'> {
  return eventDraft('subscription.retired', subscriptionId, atMs, { subscriptionId, reason });
}

export function pruneHoldOpened(hold: PruneHold): DraftOf<'prune_hold.opened'> {
  const { id: pruneHoldId, scope, subject, goneCount, answerCount, openedAtMs } = hold;
  const data = { pruneHoldId, scope, subject, goneCount, answerCount };
  return eventDraft('prune_hold.opened', pruneHoldId, openedAtMs, data);
}

export function pruneHoldDecided(
  pruneHoldId: string,
  state: 'confirmed' | 'dismissed',
  atMs: number,
): DraftOf<'prune_hold.decided'> {
  return eventDraft('prune_hold.decided', pruneHoldId, atMs, { pruneHoldId, state });
}

export function experimentDecided(
  experimentKey: string,
  notificationId: string,
  { winner, sends, atMs }: ExperimentOutcome,
): DraftOf<'experiment.decided'> {
  return eventDraft('experiment.decided', experimentKey, atMs, { experimentKey, notificationId, winner, sends });
}

/** Null unless it was missed. */
export function scheduleMissed(scheduleKey: string, occurrence: Occurrence): DraftOf<'schedule.missed'> | null {
  const { id, missed, atMs: firstAtMs, recordedAtMs } = occurrence;
  if (missed === null) return null;
  const { count, isAtLeast, lastAtMs } = missed;
  const data = { scheduleKey, firstAtMs, lastAtMs, count, isAtLeast };
  return eventDraft('schedule.missed', `${id} ${count}`, recordedAtMs, data);
}

/** Null unless Bellhop itself disabled it. */
export function webhookDisabledBy({ id, disabled }: WebhookEndpoint): DraftOf<'webhook.disabled'> | null {
  if (disabled === null || disabled.reason === 'by_hand') return null;
  const { reason, atMs } = disabled;
  return eventDraft('webhook.disabled', id, atMs, { webhookEndpointId: id, reason });
}

/** Null for a mark that says nothing of its own: that a delivery was clicked at all. */
export function receiptRecorded(mark: ReceiptMark): DraftOf<'receipt.recorded'> | null {
  const [receipt] = receiptsOf([mark]);
  if (receipt === undefined) return null;
  const { deliveryId, event, action, atMs } = receipt;
  return eventDraft('receipt.recorded', `${deliveryId} ${mark.name}`, atMs, {
    deliveryId,
    event,
    action: action === '' ? null : action,
  });
}
