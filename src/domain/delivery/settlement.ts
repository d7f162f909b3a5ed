import type { BellhopEvent } from '../events.ts';
import type { SubscriptionChange } from '../subscription/subscription-change.ts';
import { type Attempt, appendAttempt, type Delivery, type DeliveryState, isFinal } from './delivery.ts';
import type { DeliverySnapshot } from './delivery-machine.ts';
import type { SendReport, Verdict } from './verdict.ts';

/** The delivery as it shall be, and what changes in its subscription with it. Lost unless the row still has `version`. */
export type Settlement = {
  readonly version: number;
  /** The state that the row has at this version. */
  readonly from: DeliveryState;
  /** The `version` in here is ignored; the row's grows by one. */
  readonly after: Delivery;
  readonly change: SubscriptionChange | null;
  /** What `after` has on record more than before. */
  readonly attempt: Attempt | null;
};

/** The turn being settled: from which state, the number of its attempt, or of the one that would have been next, and its time. */
export type TurnFacts = {
  readonly from: DeliveryState;
  /** Since when it waited for this turn; null where nobody waited for it. */
  readonly dueAtMs: number | null;
  readonly number: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

/** What to write once the machine has taken a delivery to `snapshot`, and what to announce after the commit. */
export type SettlementPlan = { readonly settlement: Settlement; readonly events: readonly BellhopEvent[] };

/** `version` is the row's, as the claim or the rescuer's read left it. */
export function planSettlement(
  before: Delivery,
  version: number,
  snapshot: DeliverySnapshot,
  facts: TurnFacts,
): SettlementPlan {
  const { report, reason } = snapshot.context;
  const verdict = report?.verdict ?? null;
  const state = snapshot.value;
  // Without a report nothing was sent (expired or cancelled on the way), so no attempt counts.
  const attempt = report === null ? null : attemptOf(before, report, facts);
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
  const change = changeOf(before, verdict, facts);
  return {
    settlement: { version, from: facts.from, after, change, attempt },
    events: eventsOf(after, attempt, change, facts),
  };
}

function attemptOf(before: Delivery, { result, verdict }: SendReport, facts: TurnFacts): Attempt {
  const { outcome, retryAtMs } = verdict;
  const { number, startedAtMs, endedAtMs } = facts;
  const answer = result?.kind === 'response' ? result : null;
  return {
    number,
    status: outcome.kind === 'delivered' ? 'delivered' : 'failed',
    outcome: outcome.kind,
    httpStatus: answer?.status ?? null,
    latencyMs: result === null ? null : endedAtMs - startedAtMs,
    error: outcome.error,
    remedy: outcome.remedy,
    ...(answer?.ttlSeconds === undefined ? {} : { grantedTtlSeconds: answer.ttlSeconds }),
    retryCount: before.retryCount,
    retryAtMs,
    startedAtMs,
    endedAtMs,
  };
}

/** The store leaves a subscription as it is that was registered again while its push was under way. */
function changeOf(before: Delivery, verdict: Verdict | null, facts: TurnFacts): SubscriptionChange | null {
  const effect = verdict?.effect ?? null;
  if (effect === null) return null;
  const of = { subscriptionId: before.subscriptionId, notUpdatedSinceMs: facts.startedAtMs };
  if (effect.kind !== 'retire') return { ...of, ...effect };
  return { ...of, ...effect, atMs: facts.endedAtMs, deliveryId: before.id };
}

function eventsOf(
  after: Delivery,
  attempt: Attempt | null,
  change: SubscriptionChange | null,
  { dueAtMs, startedAtMs }: TurnFacts,
): BellhopEvent[] {
  const { id: deliveryId, notificationId, subscriptionId, userId, origin, state, reason } = after;
  const settled: BellhopEvent = {
    type: 'delivery.settled',
    deliveryId,
    notificationId,
    subscriptionId,
    userId,
    origin,
    state,
    reason,
    attempt,
    priority: after.priority,
    waitedMs: attempt === null || dueAtMs === null ? null : Math.max(0, startedAtMs - dueAtMs),
  };
  switch (change?.kind) {
    case 'retire':
      return [settled, { type: 'subscription.retired', subscriptionId, userId, reason: change.reason }];
    case 'quarantine': {
      const { sinceMs, untilMs } = change.quarantine;
      return [settled, { type: 'subscription.quarantined', subscriptionId, userId, sinceMs, untilMs }];
    }
    default:
      return [settled];
  }
}
