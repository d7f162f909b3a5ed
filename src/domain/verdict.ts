import type { EndReason } from './delivery.ts';
import { type Outcome, outcomeOf, type PushResult } from './push-outcome.ts';
import { backoffMs, decideRetry, parseRetryAfter, type RetryPolicy } from './retry-policy.ts';

/** What a verdict depends on besides the answer itself. */
export type VerdictFacts = {
  readonly policy: RetryPolicy;
  readonly retryCount: number;
  readonly interruptionCount: number;
  readonly deadlineAtMs: number;
};

/** What came of a send: the answer, when it was in, and the jitter to use if it is to be tried again, in [0, 1). */
export type SendReport = { readonly result: PushResult; readonly endedAtMs: number; readonly jitter: number };

/** Where a delivery goes after an attempt, and why. */
export type Verdict = {
  readonly state: 'delivered' | 'pruned' | 'retrying' | 'failed' | 'expired';
  readonly outcome: Outcome;
  readonly reason: EndReason | null;
  readonly retryAtMs: number | null;
  readonly retryCount: number;
  readonly interruptionCount: number;
};

/** An attempt cut short by our own process costs no retry, but a delivery that keeps meeting it is set aside. */
export const MAX_INTERRUPTIONS = 10;

/** Judges one attempt. Total over every answer; see `outcomeOf` for the answers and `decideRetry` for the waits. */
export function judge(facts: VerdictFacts, report: SendReport): Verdict {
  const outcome = outcomeOf(report.result);
  const { retryCount, interruptionCount } = facts;
  const delivered: Verdict = {
    state: 'delivered',
    outcome,
    reason: null,
    retryAtMs: null,
    retryCount,
    interruptionCount,
  };
  switch (outcome.kind) {
    case 'delivered':
      return delivered;
    case 'gone':
      return { ...delivered, state: 'pruned', reason: 'subscription_gone' };
    case 'rejected':
    case 'misconfigured':
      return { ...delivered, state: 'failed', reason: outcome.kind };
    case 'interrupted':
      return truthful({ ...delivered, ...afterInterruption(facts, report) });
    case 'throttled':
    case 'retryable':
      return truthful({ ...delivered, ...afterTrouble(facts, report) });
  }
}

const NO_MORE_TRIES = {
  failed: 'Bellhop has given up: replay the delivery once the trouble is over.',
  expired: 'No try was left before the deadline: replay the delivery with a new `ttl_seconds` if it is still wanted.',
} as const;

/** An outcome that may pass says that Bellhop tries again, which is untrue of the last attempt. */
function truthful(verdict: Verdict): Verdict {
  if (verdict.state !== 'failed' && verdict.state !== 'expired') return verdict;
  return { ...verdict, outcome: { ...verdict.outcome, remedy: NO_MORE_TRIES[verdict.state] } };
}

/** The first time it is sent again at once; after that it waits as if the push service had failed, lest it go round. */
function afterInterruption(facts: VerdictFacts, { endedAtMs: nowMs, jitter }: SendReport): Partial<Verdict> {
  const interruptionCount = facts.interruptionCount + 1;
  if (interruptionCount > MAX_INTERRUPTIONS) {
    return { state: 'failed', reason: 'interrupted_too_often', interruptionCount };
  }
  const atMs =
    facts.interruptionCount === 0 ? nowMs : nowMs + backoffMs(facts.policy, facts.interruptionCount - 1, jitter);
  if (atMs >= facts.deadlineAtMs) return { state: 'expired', reason: 'deadline_too_near', interruptionCount };
  return { state: 'retrying', retryAtMs: atMs, interruptionCount };
}

function afterTrouble(facts: VerdictFacts, { result, endedAtMs: nowMs, jitter }: SendReport): Partial<Verdict> {
  const { retryCount, deadlineAtMs } = facts;
  const retryAfterMs = result.kind === 'response' ? parseRetryAfter(result.retryAfter, nowMs) : null;
  const decision = decideRetry(facts.policy, { retryCount, nowMs, deadlineAtMs, retryAfterMs, jitter });
  switch (decision.kind) {
    case 'exhausted':
      return { state: 'failed', reason: 'retries_exhausted' };
    case 'past_deadline':
      return { state: 'expired', reason: 'deadline_too_near' };
    case 'retry':
      return { state: 'retrying', retryAtMs: decision.atMs, retryCount: retryCount + 1 };
  }
}
