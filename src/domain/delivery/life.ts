import type { Notification } from '../notification/notification.ts';
import { type LaneReport, laneReportOf } from '../push-service/lane.ts';
import { type OriginPause, pauseAskedBy } from '../push-service/origin-pause.ts';
import type { PushResult } from '../push-service/push-outcome.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import { freshUntilMs } from '../subscription/fresh.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { type Delivery, MAX_REPLAYS, wasGoneTooSoon } from './delivery.ts';
import {
  type DeliveryEvent,
  type DeliverySnapshot,
  type PushOrder,
  restoreDelivery,
  type SubscriptionStanding,
  stateAfter,
  UNTROUBLED,
} from './delivery-machine.ts';
import { planSettlement, type SettlementPlan } from './settlement.ts';
import { type Answer, type DeliveryPolicy, judge, type SendReport, type VerdictFacts } from './verdict.ts';

/*
 * The life of one delivery, in the turns that it can take. Each function takes what was read and gives what is to be
 * written; the machine in `delivery-machine.ts` says which states a turn leads to.
 *
 * | Turn        | Taken for                                    | From                | To                                  |
 * |-------------|----------------------------------------------|---------------------|-------------------------------------|
 * | attempted   | a worker that has the lease                  | waiting             | any but waiting and sending, or retrying |
 * | put back    | the same, where a gate has it wait           | waiting             | the same, due later                 |
 * | held        | the same, for the person’s sake              | waiting             | held, due when the quiet ends       |
 * | postponed   | a lane that has no place; there is no lease  | waiting             | the same, due later                 |
 * | interrupted | the rescuer: the lease ended, unsettled      | sending             | retrying, failed, expired           |
 * | superseded  | a newer notification with the same topic     | waiting             | cancelled                           |
 * | cancelled   | a person who calls the notification off      | waiting             | cancelled                           |
 * | replayed    | a person                                     | failed, expired     | pending                             |
 * | discarded   | a person who wants no more of a dead letter  | failed              | cancelled                           |
 *
 * Waiting are `pending`, `held` and `retrying`.
 */

/** What a claim found. `before` is the delivery as it was until then, `version` its row's since. */
export type LeasedDelivery = {
  readonly before: Delivery;
  readonly version: number;
  readonly subscription: Subscription | null;
  readonly isSuperseded: boolean;
  readonly notification: Pick<Notification, 'cancelledAtMs'>;
};

/** What to write and announce, the pause that the push service asked for, and what the push says about its lane. */
export type AttemptPlan = SettlementPlan & { readonly pause: OriginPause | null; readonly laneReport: LaneReport };

/** `order` is null where there is no subscription. `isProbe`: it is sent to learn if its lane may open. */
type AttemptFacts = { readonly policy: DeliveryPolicy; readonly order: PushOrder | null; readonly isProbe: boolean };

/** The machine as it was before the claim, ready to be told `ATTEMPT`. */
export function restoreForAttempt(
  { before, subscription, isSuperseded, notification }: LeasedDelivery,
  { policy, order, isProbe }: AttemptFacts,
): DeliverySnapshot {
  return restoreDelivery(before.state, {
    policy,
    retryCount: before.retryCount,
    interruptionCount: before.interruptionCount,
    attemptCount: before.attemptCount,
    deadlineAtMs: before.deadlineAtMs,
    service: subscription === null ? 'other' : pushTargetOf(subscription.endpoint).service,
    quarantinedSinceMs: subscription?.quarantine?.sinceMs ?? null,
    freshUntilMs: subscription && freshUntilMs(subscription, policy.goneGraceMs, wasGoneTooSoon(before)),
    isSuspected: subscription !== null && subscription.suspectedByHoldId !== null,
    isProbe,
    subscription: standingOf(subscription),
    isSuperseded,
    isCancelled: notification.cancelledAtMs !== null,
    order,
  });
}

/** The one place where an answer is judged: what comes of it later reads the report. */
export function reportOn(facts: VerdictFacts, answer: Answer): SendReport {
  return { result: answer.result, endedAtMs: answer.endedAtMs, verdict: judge(facts, answer) };
}

/** An attempt has ended, in `snapshot`: sent, or cancelled or expired before that, or put back by a gate. */
export function attempted(leased: LeasedDelivery, snapshot: DeliverySnapshot, startedAtMs: number): AttemptPlan {
  const { before, version, subscription } = leased;
  const { report, waitsUntilMs } = snapshot.context;
  if (waitsUntilMs !== null) return putBack(leased, waitsUntilMs, snapshot.value === 'held' ? startedAtMs : null);
  const endedAtMs = report?.endedAtMs ?? startedAtMs;
  const number = before.attemptCount + 1;
  const { settlement, events } = planSettlement(before, version, snapshot, {
    from: 'sending',
    dueAtMs: before.dueAtMs,
    number,
    startedAtMs,
    endedAtMs,
  });
  if (report?.result == null || subscription === null) return { settlement, events, ...SAYS_NOTHING };
  const { outcome } = report.verdict;
  const pause = pauseAskedBy(outcome, report.result, subscription.endpoint, endedAtMs);
  return { settlement, events, pause, laneReport: laneReportOf(outcome, report.result.kind === 'response') };
}

const SAYS_NOTHING = { pause: null, laneReport: 'nothing' } as const;

/**
 * Unsent, as it was, to be looked at again at `untilMs`, or at the deadline if that comes first, so that it ends then.
 * `heldAtMs`: it is put on hold; null where it only waits.
 */
function putBack(
  { before, version }: Pick<LeasedDelivery, 'before' | 'version'>,
  untilMs: number,
  heldAtMs: number | null,
): AttemptPlan {
  const held = heldAtMs === null ? {} : ({ state: 'held', heldAtMs } as const);
  const after = { ...before, ...held, dueAtMs: Math.min(untilMs, before.deadlineAtMs) };
  const settlement = { version, from: 'sending', after, change: null, attempt: null } as const;
  return { settlement, events: [], ...SAYS_NOTHING };
}

/** Not claimed, and to be looked at again at `untilMs`, or at the deadline if that comes first. */
export function postponed(
  { deliveryId, attempt, deadlineAtMs }: { deliveryId: string; attempt: number; deadlineAtMs: number | null },
  untilMs: number,
): { readonly deliveryId: string; readonly attempt: number; readonly untilMs: number } {
  return { deliveryId, attempt, untilMs: deadlineAtMs === null ? untilMs : Math.min(untilMs, deadlineAtMs) };
}

const CRASHED: PushResult = { kind: 'failure', failure: 'crashed' };

/** The lease has run out with nothing settled: the process died, and the push may or may not have gone out. */
export function interrupted(
  delivery: Delivery,
  policy: DeliveryPolicy,
  { nowMs, jitter }: { readonly nowMs: number; readonly jitter: number },
): SettlementPlan {
  const snapshot = restoreUnsent(delivery, policy);
  const { verdict } = reportOn(snapshot.context, { result: CRASHED, endedAtMs: nowMs, jitter });
  const next = stateAfter(snapshot, { type: 'INTERRUPTED', report: { result: null, endedAtMs: nowMs, verdict } });
  const { attemptCount: number, claimedAtMs, version, state: from } = delivery;
  const facts = { from, dueAtMs: null, number, startedAtMs: claimedAtMs ?? nowMs, endedAtMs: nowMs };
  return planSettlement(delivery, version, next, facts);
}

/** A newer notification with the same topic makes it pointless, and it is not sent yet. */
export function superseded(delivery: Delivery, nowMs: number): SettlementPlan {
  return endedUnsent(delivery, { type: 'SUPERSEDE' }, nowMs);
}

/** Its notification is called off, and it is not sent yet. */
export function cancelled(delivery: Delivery, nowMs: number): SettlementPlan {
  return endedUnsent(delivery, { type: 'CANCEL' }, nowMs);
}

/** Its user is erased, and it is not sent yet. */
export function erased(delivery: Delivery, nowMs: number): SettlementPlan {
  return endedUnsent(delivery, { type: 'ERASE' }, nowMs);
}

/** A person takes a dead letter off the list; null where it is none. */
export function discarded(delivery: Delivery, nowMs: number): SettlementPlan | null {
  return delivery.state === 'failed' ? endedUnsent(delivery, { type: 'DISCARD' }, nowMs) : null;
}

function endedUnsent(delivery: Delivery, event: DeliveryEvent, nowMs: number): SettlementPlan {
  const next = stateAfter(restoreUnsent(delivery, NO_POLICY), event);
  const facts = {
    from: delivery.state,
    dueAtMs: null,
    number: delivery.attemptCount + 1,
    startedAtMs: nowMs,
    endedAtMs: nowMs,
  };
  return planSettlement(delivery, delivery.version, next, facts);
}

/** `notification`: somebody called it off. `state`: not one to send again. `too_often`: `MAX_REPLAYS`. `subscription`: it is deleted or retired. */
export type ReplayRefusal = 'notification' | 'state' | 'too_often' | 'subscription' | 'deadline';

/** What a delivery is of, and where it goes; null for what is there no more. */
export type ReplayFacts = {
  readonly subscription: Subscription | null;
  readonly notification: Pick<Notification, 'cancelledAtMs'> | null;
};

type ReplayRequest = { readonly nowMs: number; readonly ttlSeconds: number | null; readonly byAction?: string };

export type Replayed =
  | { readonly kind: 'replayed'; readonly plan: SettlementPlan }
  | { readonly kind: 'refused'; readonly why: ReplayRefusal };

/** A person sends it again, with both budgets anew. `ttlSeconds` gives a new deadline; null keeps the old one. `byAction`: see `Replay`. */
export function replayed(
  delivery: Delivery,
  { subscription, notification }: ReplayFacts,
  { nowMs, ttlSeconds, byAction }: ReplayRequest,
): Replayed {
  const { id, notificationId, state, version, replays, attemptCount: afterAttempt } = delivery;
  if (notification !== null && notification.cancelledAtMs !== null) return { kind: 'refused', why: 'notification' };
  if (state !== 'failed' && state !== 'expired') return { kind: 'refused', why: 'state' };
  if (replays.length >= MAX_REPLAYS) return { kind: 'refused', why: 'too_often' };
  if (standingOf(subscription) !== 'active') return { kind: 'refused', why: 'subscription' };
  const deadlineAtMs = ttlSeconds === null ? delivery.deadlineAtMs : nowMs + ttlSeconds * 1000;
  const next = stateAfter(restoreUnsent(delivery, NO_POLICY), { type: 'REPLAY', nowMs, deadlineAtMs });
  if (next.value !== 'pending') return { kind: 'refused', why: 'deadline' };
  const { retryCount, interruptionCount, reason } = next.context;
  const replay = { from: state, afterAttempt, endedAtMs: delivery.endedAtMs ?? nowMs, atMs: nowMs } as const;
  const after: Delivery = {
    ...delivery,
    state: next.value,
    deadlineAtMs,
    retryCount,
    interruptionCount,
    reason,
    dueAtMs: nowMs,
    claimedAtMs: null,
    endedAtMs: null,
    replays: [...replays, byAction === undefined ? replay : { ...replay, byAction }],
  };
  const events = [{ type: 'delivery.replayed', deliveryId: id, notificationId }] as const;
  const settlement = { version, from: state, after, change: null, attempt: null } as const;
  return { kind: 'replayed', plan: { settlement, events } };
}

function standingOf(subscription: Subscription | null): SubscriptionStanding {
  if (subscription === null) return 'missing';
  return subscription.retired === null ? 'active' : 'retired';
}

/** `SUPERSEDE`, `CANCEL`, `ERASE`, `DISCARD` and `REPLAY` ask for no policy, but the machine's context has one. */
const NO_POLICY: DeliveryPolicy = {
  maxRetries: 0,
  baseMs: 0,
  maxMs: 0,
  quarantine: { retryMs: 0, retireAfterMs: 0 },
  goneGraceMs: 0,
};

/** The machine for an event that sends nothing, whatever the subscription is like. */
function restoreUnsent(delivery: Delivery, policy: DeliveryPolicy): DeliverySnapshot {
  const { state, retryCount, interruptionCount, attemptCount, deadlineAtMs } = delivery;
  return restoreDelivery(state, {
    policy,
    retryCount,
    interruptionCount,
    attemptCount,
    deadlineAtMs,
    ...UNTROUBLED,
  });
}
