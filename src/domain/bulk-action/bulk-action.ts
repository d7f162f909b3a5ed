import type { DeadLetterFilter } from '../delivery/dead-letter-filter.ts';
import type { Idempotency } from '../notification/idempotency.ts';

/** `replay`: send dead letters again. `discard`: take them off the list, unsent. */
export const BULK_ACTIONS = ['replay', 'discard'] as const;
export type BulkActionKind = (typeof BULK_ACTIONS)[number];

/** `cancelling`: called off, and what was begun is being counted. */
export const BULK_ACTION_STATES = ['running', 'cancelling', 'completed', 'cancelled'] as const;
type BulkActionState = (typeof BULK_ACTION_STATES)[number];

/**
 * Why nothing was done to a dead letter. `not_failed`: it is one no more, or is gone. `contended`: others changed it again and again
 * at that moment.
 */
export const SKIP_REASONS = [
  'not_failed',
  'replayed_too_often',
  'subscription_inactive',
  'deadline_passed',
  'notification_cancelled',
  'contended',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export type BulkOutcome = 'replayed' | 'discarded' | SkipReason;
const BULK_OUTCOMES: readonly BulkOutcome[] = ['replayed', 'discarded', ...SKIP_REASONS];
export type BulkCounts = Readonly<Record<BulkOutcome, number>>;

/** How many there are, or as many as could be counted in time. */
type BulkTotal = { readonly count: number; readonly isAtLeast: boolean };

type BulkClaim = Pick<Idempotency, 'key' | 'bodyDigest'>;

/** One action on many dead letters, and how far it got. */
export type BulkAction = {
  readonly id: string;
  /** Grows by one with each write; a write that names another version loses. */
  readonly version: number;
  readonly action: BulkActionKind;
  readonly filter: DeadLetterFilter;
  /** A new deadline for what is replayed; null keeps the old one. */
  readonly ttlSeconds: number | null;
  readonly state: BulkActionState;
  /** As it was when the action was asked for. */
  readonly total: BulkTotal;
  readonly counts: BulkCounts;
  /** Where the next page begins; null at the newest, and once the last page was read. */
  readonly cursor: string | null;
  /** Ids written ahead, that are being worked on. After a crash they are looked at again, each on its own. */
  readonly page: readonly string[];
  /** Nothing comes after `page`. */
  readonly isLastPage: boolean;
  /** What a repeated call is known by; null where the caller gave no key. It is known as long as the action is kept. */
  readonly claim: BulkClaim | null;
  /** Only what failed before this instant is meant. */
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
};

const NONE_DONE = Object.fromEntries(BULK_OUTCOMES.map((outcome) => [outcome, 0])) as BulkCounts;

/** An action that was just asked for. */
export function newBulkAction(
  from: Pick<BulkAction, 'id' | 'action' | 'filter' | 'ttlSeconds' | 'total' | 'claim'>,
  nowMs: number,
): BulkAction {
  return {
    ...from,
    version: 1,
    state: 'running',
    counts: NONE_DONE,
    cursor: null,
    page: [],
    isLastPage: false,
    createdAtMs: nowMs,
    endedAtMs: null,
  };
}

/** Whether there is something left to do. */
export function isUnderWay({ state }: Pick<BulkAction, 'state'>): boolean {
  return state === 'running' || state === 'cancelling';
}

/** With the next page written ahead. */
export function pageTaken(action: BulkAction, page: readonly string[], next: string | null): BulkAction {
  return { ...action, page, cursor: next, isLastPage: next === null };
}

/** With the page done, and at its end where that was the last one, or somebody called it off. */
export function pageDone(action: BulkAction, outcomes: readonly BulkOutcome[], nowMs: number): BulkAction {
  const counts: Record<BulkOutcome, number> = { ...action.counts };
  for (const outcome of outcomes) counts[outcome] += 1;
  const done = { ...action, counts, page: [] };
  if (action.state === 'cancelling') return { ...done, state: 'cancelled', endedAtMs: nowMs };
  return action.isLastPage ? { ...done, state: 'completed', endedAtMs: nowMs } : done;
}

/** Called off: nothing more is begun. Null where it has ended. */
export function calledOff(action: BulkAction): BulkAction | null {
  return isUnderWay(action) ? { ...action, state: 'cancelling' } : null;
}

/** How many were looked at and left as they are. */
export function skippedIn(counts: BulkCounts): number {
  return SKIP_REASONS.reduce((sum, reason) => sum + counts[reason], 0);
}
