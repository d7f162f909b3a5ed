import { type Attempt, appendAttempt, type Delivery, isFinal } from '../domain/delivery.ts';
import type { DeliverySnapshot } from '../domain/delivery-machine.ts';
import type { PushResult } from '../domain/push-outcome.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Settlement } from '../store/delivery-store.ts';
import type { BellhopEvent } from '../telemetry/events.ts';

/** The attempt being settled: its number, when it began and ended, what it met. `result` null: nothing was heard. */
export type AttemptFacts = {
  readonly number: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: PushResult | null;
};

/** What to write once the machine has taken a delivery to `snapshot`, and what to announce after the commit. */
export type SettlementPlan = { readonly settlement: Settlement; readonly events: readonly BellhopEvent[] };

/** `version` is the row's, as the claim or the rescuer's read left it. */
export function planSettlement(
  before: Delivery,
  version: number,
  snapshot: DeliverySnapshot,
  facts: AttemptFacts,
): SettlementPlan {
  const { verdict, reason } = snapshot.context;
  const state = snapshot.value;
  // Without a verdict nothing was sent (expired or cancelled on the way), so no attempt counts.
  const attempt = verdict === null ? null : attemptOf(before, verdict, facts);
  const after: Delivery = {
    ...before,
    state,
    dueAtMs: isFinal(state) ? null : (verdict?.retryAtMs ?? facts.endedAtMs),
    retryCount: verdict?.retryCount ?? before.retryCount,
    interruptionCount: verdict?.interruptionCount ?? before.interruptionCount,
    attemptCount: attempt === null ? facts.number - 1 : facts.number,
    claimedAtMs: null,
    reason,
    attempts: attempt === null ? before.attempts : appendAttempt(before.attempts, attempt),
    endedAtMs: isFinal(state) ? facts.endedAtMs : null,
  };
  const retire = state === 'pruned' ? retirementOf(before.subscriptionId, facts) : null;
  return { settlement: { version, after, retire }, events: eventsOf(after, attempt) };
}

function attemptOf(before: Delivery, { outcome, retryAtMs }: Verdict, facts: AttemptFacts): Attempt {
  const { number, startedAtMs, endedAtMs, result } = facts;
  return {
    number,
    status: outcome.kind === 'delivered' ? 'delivered' : 'failed',
    outcome: outcome.kind,
    httpStatus: result?.kind === 'response' ? result.status : null,
    latencyMs: result === null ? null : endedAtMs - startedAtMs,
    error: outcome.error,
    remedy: outcome.remedy,
    retryCount: before.retryCount,
    retryAtMs,
    startedAtMs,
    endedAtMs,
  };
}

/** A subscription registered again while its push was under way has been reborn: the store keeps it. */
function retirementOf(subscriptionId: string, { startedAtMs, endedAtMs }: AttemptFacts) {
  return { subscriptionId, reason: 'gone', atMs: endedAtMs, notUpdatedSinceMs: startedAtMs } as const;
}

function eventsOf(after: Delivery, attempt: Attempt | null): BellhopEvent[] {
  const { id: deliveryId, notificationId, subscriptionId, userId, state, reason } = after;
  const settled: BellhopEvent = {
    type: 'delivery.settled',
    deliveryId,
    notificationId,
    subscriptionId,
    userId,
    state,
    reason,
    attempt,
  };
  if (state !== 'pruned') return [settled];
  return [settled, { type: 'subscription.retired', subscriptionId, userId, reason: 'gone' }];
}
