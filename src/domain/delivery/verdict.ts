import { type Outcome, outcomeOf, type PushResult } from '../push-service/push-outcome.ts';
import type { PushService } from '../push-service/push-service.ts';
import { UNTIL_THE_DEADLINE } from '../push-service/way-out.ts';
import { hasLastedTooLong, type Quarantine, type QuarantinePolicy } from '../subscription/quarantine.ts';
import type { RetirementReason } from '../subscription/subscription.ts';
import type { EndReason } from './delivery.ts';
import {
  backoffMs,
  decideProbeAgain,
  decideRetry,
  parseRetryAfter,
  type RetryDecision,
  type RetryPolicy,
} from './retry-policy.ts';

export type DeliveryPolicy = RetryPolicy & {
  readonly quarantine: QuarantinePolicy;
  /** How long after its registration a subscription that is called gone is tried once more before that counts. */
  readonly goneGraceMs: number;
};

/** What a verdict depends on besides the answer itself. */
export type VerdictFacts = {
  readonly policy: DeliveryPolicy;
  readonly retryCount: number;
  readonly interruptionCount: number;
  /** Attempts before this one. */
  readonly attemptCount: number;
  readonly deadlineAtMs: number;
  readonly service: PushService;
  /** Since when the subscription is in quarantine; null where it is not. */
  readonly quarantinedSinceMs: number | null;
  /** Until then, that the subscription is called gone does not count yet; null where it does (`freshUntilMs`). */
  readonly freshUntilMs: number | null;
  /** Whether the subscription was called gone while pruning was on hold. */
  readonly isSuspected: boolean;
  /** Whether it is sent to learn if its lane may open. */
  readonly isProbe: boolean;
};

/** What one attempt met, and when; and the jitter, in [0, 1), for the wait where the delivery is to be tried again. */
export type Answer = { readonly result: PushResult; readonly endedAtMs: number; readonly jitter: number };

/** What an answer means for the subscription, beside its delivery. */
type SubscriptionEffect =
  | { readonly kind: 'retire'; readonly reason: RetirementReason }
  | { readonly kind: 'quarantine'; readonly quarantine: Quarantine }
  | { readonly kind: 'suspect'; readonly holdId: string }
  | { readonly kind: 'clear' };

/** What one attempt came to: where its delivery goes, and why. */
export type Verdict = {
  readonly state: 'delivered' | 'pruned' | 'retrying' | 'failed' | 'expired';
  readonly outcome: Outcome;
  readonly reason: EndReason | null;
  readonly retryAtMs: number | null;
  readonly retryCount: number;
  readonly interruptionCount: number;
  readonly effect: SubscriptionEffect | null;
};

/** What came of a send. The verdict was judged once, where the answer came in, and goes with the report from there. */
export type SendReport = {
  /** Null where the process ended before it heard anything. */
  readonly result: PushResult | null;
  readonly endedAtMs: number;
  readonly verdict: Verdict;
};

/** An attempt that our own process cuts short costs no retry; a delivery to which that happens more often has failed. */
export const MAX_INTERRUPTIONS = 10;

/**
 * Judges one attempt as though pruning were not on hold; see `underHold`. Total over every answer: `outcomeOf` has the
 * answers, `decideRetry` the waits.
 */
export function judge(facts: VerdictFacts, answer: Answer): Verdict {
  const outcome = outcomeOf(answer.result, facts.service);
  const { retryCount, interruptionCount } = facts;
  const base: Verdict = {
    state: 'delivered',
    outcome,
    reason: null,
    retryAtMs: null,
    retryCount,
    interruptionCount,
    effect: null,
  };
  switch (outcome.kind) {
    case 'delivered':
      return facts.quarantinedSinceMs === null && !facts.isSuspected ? base : { ...base, effect: { kind: 'clear' } };
    case 'gone':
      if (isFresh(facts, answer)) return withTrueRemedy({ ...base, ...whileFresh(facts, answer, outcome) });
      return { ...base, state: 'pruned', reason: 'subscription_gone', effect: { kind: 'retire', reason: 'gone' } };
    case 'quarantined':
      if (isRefusedForGood(facts, answer)) return refusedForGood(base);
      return withTrueRemedy({ ...base, ...afterRefusal(facts, answer) });
    case 'rejected':
    case 'misconfigured':
      return { ...base, state: 'failed', reason: outcome.kind };
    case 'interrupted':
      return withTrueRemedy({ ...base, ...afterInterruption(facts, answer) });
    case 'throttled':
    case 'retryable':
      return withTrueRemedy({ ...base, ...afterTrouble(facts, answer, outcome) });
  }
}

const REFUSED_FOR_GOOD =
  'It was refused for as long as QUARANTINE_RETIRE_DAYS says, so it is retired. The browser registers again on its next visit, or restore it: POST /v1/subscriptions/{id}/restore.';
const ON_HOLD =
  'Unusually many subscriptions were called gone at once, so none of these is retired until a person has looked: GET /v1/prune-holds, then confirm or dismiss it. Dismissed, replay the delivery.';

/**
 * The verdict while a hold keeps subscriptions from being retired: the delivery fails, and the subscription is suspected
 * under the hold. A verdict that retires nothing stays as it is.
 */
export function underHold(verdict: Verdict, holdId: string): Verdict {
  if (verdict.effect?.kind !== 'retire') return verdict;
  const outcome = { ...verdict.outcome, remedy: ON_HOLD };
  return { ...verdict, state: 'failed', reason: 'pruning_on_hold', effect: { kind: 'suspect', holdId }, outcome };
}

const FRESH =
  'Some push services say so of a subscription that was only just registered: nothing is retired yet, and Bellhop tries again once, after GONE_GRACE_SECONDS.';

function isFresh({ freshUntilMs }: VerdictFacts, { endedAtMs }: Answer): boolean {
  return freshUntilMs !== null && endedAtMs < freshUntilMs;
}

/** Costs no retry. A registration that a clock ahead of this one put into the future does not prolong the wait. */
function whileFresh({ policy, freshUntilMs, deadlineAtMs }: VerdictFacts, { endedAtMs }: Answer, outcome: Outcome) {
  const retryAtMs = Math.min(freshUntilMs ?? endedAtMs, endedAtMs + policy.goneGraceMs);
  if (retryAtMs >= deadlineAtMs) return { state: 'expired', reason: 'deadline_too_near' } as const;
  return { state: 'retrying', retryAtMs, outcome: { ...outcome, remedy: FRESH } } as const;
}

function refusedForGood(base: Verdict): Verdict {
  const outcome = { ...base.outcome, remedy: REFUSED_FOR_GOOD };
  const effect = { kind: 'retire', reason: 'refused' } as const;
  return { ...base, state: 'pruned', reason: 'subscription_refused', effect, outcome };
}

function isRefusedForGood(facts: VerdictFacts, { endedAtMs }: Answer): boolean {
  return hasLastedTooLong(facts.policy.quarantine, facts.quarantinedSinceMs, endedAtMs);
}

/** The tries are hours apart, so the deadline bounds them, and no count does. */
function afterRefusal(facts: VerdictFacts, { endedAtMs }: Answer): Partial<Verdict> {
  const untilMs = endedAtMs + facts.policy.quarantine.retryMs;
  const quarantine = { sinceMs: facts.quarantinedSinceMs ?? endedAtMs, untilMs };
  const effect = { kind: 'quarantine', quarantine } as const;
  if (untilMs >= facts.deadlineAtMs) return { state: 'expired', reason: 'deadline_too_near', effect };
  return { state: 'retrying', retryAtMs: untilMs, effect };
}

const NO_MORE_TRIES = {
  failed: 'Bellhop has given up: replay the delivery once the trouble is over.',
  expired: 'No try was left before the deadline: replay the delivery with a new `ttl_seconds` if it is still wanted.',
} as const;

/** The remedy of an outcome that may pass says that Bellhop tries again, which is untrue of the last attempt. */
function withTrueRemedy(verdict: Verdict): Verdict {
  if (verdict.state !== 'failed' && verdict.state !== 'expired') return verdict;
  const ending = NO_MORE_TRIES[verdict.state];
  const { remedy } = verdict.outcome;
  // What has to be mended here is to be mended still.
  const isToMend = remedy?.endsWith(UNTIL_THE_DEADLINE) === true;
  return {
    ...verdict,
    outcome: { ...verdict.outcome, remedy: isToMend ? remedy.replace(UNTIL_THE_DEADLINE, ending) : ending },
  };
}

/** Sent again at once the first time; after that, the delivery waits as though the push service had failed. */
function afterInterruption(facts: VerdictFacts, { endedAtMs: nowMs, jitter }: Answer): Partial<Verdict> {
  const interruptionCount = facts.interruptionCount + 1;
  if (interruptionCount > MAX_INTERRUPTIONS) {
    return { state: 'failed', reason: 'interrupted_too_often', interruptionCount };
  }
  const atMs =
    facts.interruptionCount === 0 ? nowMs : nowMs + backoffMs(facts.policy, facts.interruptionCount - 1, jitter);
  if (atMs >= facts.deadlineAtMs) return { state: 'expired', reason: 'deadline_too_near', interruptionCount };
  return { state: 'retrying', retryAtMs: atMs, interruptionCount };
}

function afterTrouble(facts: VerdictFacts, answer: Answer, { fault }: Outcome): Partial<Verdict> {
  const costsRetry = !facts.isProbe && fault !== 'network';
  const decision = decideAfterTrouble(facts, answer, fault);
  switch (decision.kind) {
    case 'exhausted':
      return { state: 'failed', reason: 'retries_exhausted' };
    case 'past_deadline':
      return { state: 'expired', reason: 'deadline_too_near' };
    case 'retry':
      return {
        state: 'retrying',
        retryAtMs: decision.atMs,
        retryCount: costsRetry ? facts.retryCount + 1 : facts.retryCount,
      };
  }
}

/**
 * A probe was sent although trouble was known, for the good of all who wait: where it meets that, it costs no retry. Trouble
 * of our own network lasts until a person has mended it: the tries come further and further apart, and the deadline alone
 * bounds them.
 */
function decideAfterTrouble(
  { policy, retryCount, attemptCount, deadlineAtMs, isProbe }: VerdictFacts,
  { result, endedAtMs: nowMs, jitter }: Answer,
  fault: Outcome['fault'],
): RetryDecision {
  const retryAfterMs = result.kind === 'response' ? parseRetryAfter(result.retryAfter, nowMs) : null;
  if (isProbe) return decideProbeAgain({ nowMs, deadlineAtMs, retryAfterMs });
  const known = { nowMs, deadlineAtMs, retryAfterMs, jitter };
  if (fault !== 'network') return decideRetry(policy, { ...known, retryCount });
  return decideRetry({ ...policy, maxRetries: Number.POSITIVE_INFINITY }, { ...known, retryCount: attemptCount });
}
