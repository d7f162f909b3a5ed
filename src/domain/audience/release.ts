import type { Lot } from '../experiment/lot.ts';
import type { Turn } from '../notification/send-at.ts';
import { patternsOf } from '../notification-type/type-pattern.ts';
import type { CapOfPattern, TypePolicy } from '../notification-type/type-policy.ts';
import { quietAt } from '../user/quiet-hours.ts';
import type { User } from '../user/user.ts';

/** Why a user of an audience gets nothing: it was cancelled before; and then in the order in which the gates are asked. */
export const SUPPRESSION_REASONS = [
  'cancelled',
  'local_time_passed',
  'missed',
  'no_subscription',
  'opted_out',
  'paused',
  'quiet_hours',
  'quiet_hours_past_deadline',
  'capped',
  'holdout',
  'experiment_inconclusive',
  'render_failed',
] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** Those that are a person’s wish. */
type WishReason = 'opted_out' | 'paused' | 'quiet_hours' | 'quiet_hours_past_deadline';

/** What a gate says of one notification to one user. `hold`: not before `untilMs`, because of a pause or quiet hours. */
export type ReleaseAnswer<Reason = SuppressionReason> =
  | { readonly kind: 'go' }
  | { readonly kind: 'hold'; readonly untilMs: number; readonly because: 'paused' | 'quiet_hours' }
  | { readonly kind: 'stop'; readonly reason: Reason; readonly detail: SuppressionDetail };

/** What a person on call is told beside the reason. Only what a gate has to say is there. */
export type SuppressionDetail = {
  /** The pattern of types that decided. */
  readonly pattern?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit?: number;
  readonly perSeconds?: number;
  /** In which the text could not be made, and why. */
  readonly locale?: string;
  readonly problem?: string;
  /** The experiment that decided, and how many of a hundred users get nothing for its sake. */
  readonly experiment?: string;
  readonly percent?: number;
};

/** Why the text of a notification could not be made for a user. */
export type RenderFailure = { readonly locale: string; readonly problem: string };

/** What the gates know of a notification that is released to a user. */
export type ReleaseFacts = {
  readonly type: string;
  readonly policy: TypePolicy;
  readonly deadlineAtMs: number;
  /** Null: nothing was said of this user. */
  readonly user: User | null;
  /** The zone by which the user lives: their own, or else that of the newest device, or else the server's. */
  readonly zone: string;
  readonly deviceCount: number;
  /** Whether it is the user’s turn; null where it is sent at once. */
  readonly turn: Turn | null;
  /**
   * When the cap's notifications went to this user within its stretch, oldest first, but for this one. Null where the type has no cap, and
   * while the uses are not read yet: then the cap lets it go, and is asked where it is taken.
   */
  readonly capUses: readonly number[] | null;
  /** What an experiment has for the user; null and absent where there is none. */
  readonly lot?: Lot | null;
  /** Absent where the text was made, or is the same for all. */
  readonly renderFailure?: RenderFailure | null;
};

type WishFacts = Omit<ReleaseFacts, 'deviceCount' | 'capUses' | 'turn' | 'lot' | 'renderFailure'>;

const GO = { kind: 'go' } as const;

/** Asked in this order; the first that stops it decides. A delivery that is due is asked for the wishes again. */
const WISH_GATES = [wishGate, pauseAndQuietGate] as const;
const RELEASE_GATES = [turnGate, deviceGate, ...WISH_GATES, capGate, experimentGate, renderGate] as const;

/** What becomes of a notification for a user at this instant: fan-out does it, and `explain` tells it. */
export function release(facts: ReleaseFacts, nowMs: number): ReleaseAnswer {
  return ask<ReleaseFacts, SuppressionReason>(RELEASE_GATES, facts, nowMs);
}

/** What the person’s wishes say of a delivery that is made already: devices and cap were asked when it was made. */
export function releaseAgain(facts: WishFacts, nowMs: number): ReleaseAnswer<WishReason> {
  return ask<WishFacts, WishReason>(WISH_GATES, facts, nowMs);
}

/** A hold does not end the round: a cap that is used up stops what would only be held. */
function ask<Facts, Reason>(
  gates: readonly ((facts: Facts, nowMs: number) => ReleaseAnswer<Reason>)[],
  facts: Facts,
  nowMs: number,
): ReleaseAnswer<Reason> {
  let held: ReleaseAnswer<Reason> | null = null;
  for (const gate of gates) {
    const answer = gate(facts, nowMs);
    if (answer.kind === 'stop') return answer;
    if (answer.kind === 'hold') held = answer;
  }
  return held ?? GO;
}

/** What nobody could send within its time, since Bellhop was down or paused, is not sent late. */
function turnGate({ turn, deadlineAtMs }: ReleaseFacts, nowMs: number): ReleaseAnswer {
  if (turn === null) return GO;
  if (turn.kind === 'passed') return { kind: 'stop', reason: 'local_time_passed', detail: { sinceMs: turn.atMs } };
  if (nowMs < deadlineAtMs) return GO;
  const detail = { untilMs: deadlineAtMs, ...(turn.kind === 'due' && { sinceMs: turn.waveAtMs }) };
  return { kind: 'stop', reason: 'missed', detail };
}

function deviceGate({ deviceCount }: ReleaseFacts): ReleaseAnswer {
  return deviceCount > 0 ? GO : { kind: 'stop', reason: 'no_subscription', detail: {} };
}

function wishGate({ type, policy, user }: WishFacts): ReleaseAnswer<WishReason> {
  if (policy.preference === 'required') return GO;
  const said = user === null ? null : wishOf(user, type);
  if (said === null) {
    return policy.preference === 'opted_in' ? GO : { kind: 'stop', reason: 'opted_out', detail: {} };
  }
  if (said.isWanted) return GO;
  return { kind: 'stop', reason: 'opted_out', detail: { pattern: said.pattern, sinceMs: said.sinceMs } };
}

/** What a person says of a type, by the longest pattern that matches; null where they say nothing. */
function wishOf({ preferences }: User, type: string) {
  for (const pattern of patternsOf(type)) {
    const wish = Object.hasOwn(preferences, pattern) ? preferences[pattern] : undefined;
    if (wish !== undefined) return { pattern, ...wish };
  }
  return null;
}

function pauseAndQuietGate(facts: WishFacts, nowMs: number): ReleaseAnswer<WishReason> {
  const { user, policy, zone, deadlineAtMs } = facts;
  if (user === null || policy.overrides.includes('quiet_hours')) return GO;
  const silence = silenceAt(user, zone, nowMs);
  if (silence === null) return GO;
  const { because, sinceMs, untilMs } = silence;
  const detail = { sinceMs, untilMs };
  if (policy.onQuiet === 'drop') return { kind: 'stop', reason: because, detail };
  if (untilMs < deadlineAtMs) return { kind: 'hold', untilMs, because };
  return { kind: 'stop', reason: because === 'paused' ? 'paused' : 'quiet_hours_past_deadline', detail };
}

type Silence = { readonly because: 'paused' | 'quiet_hours'; readonly sinceMs: number; readonly untilMs: number };

/** Until when nothing may be shown to a user: a pause may end within quiet hours, which then go on. Null: it may. */
function silenceAt(user: User, zone: string, atMs: number): Silence | null {
  const { pausedUntilMs, pausedSinceMs, quietHours } = user;
  const pause =
    pausedUntilMs !== null && pausedUntilMs > atMs
      ? { because: 'paused' as const, sinceMs: pausedSinceMs ?? user.updatedAtMs, untilMs: pausedUntilMs }
      : null;
  const quiet = quietHours === null ? null : quietAt(quietHours, zone, pause?.untilMs ?? atMs);
  if (pause !== null) return { ...pause, untilMs: quiet?.untilMs ?? pause.untilMs };
  return quiet === null ? null : { because: 'quiet_hours', sinceMs: quiet.fromMs, untilMs: quiet.untilMs };
}

/** A type that overrides caps counts, but is never stopped. */
function capGate({ policy, capUses }: Pick<ReleaseFacts, 'policy' | 'capUses'>, nowMs: number): ReleaseAnswer {
  const { cap, overrides } = policy;
  if (cap === null || capUses === null || overrides.includes('cap')) return GO;
  const counting = usesWithin(cap, capUses, nowMs);
  if (counting.length < cap.limit) return GO;
  const { pattern, limit, perSeconds } = cap;
  // The one that has to be over before another may go.
  const leaving = counting[counting.length - limit] ?? nowMs;
  const detail = { pattern, limit, perSeconds, sinceMs: counting[0] ?? nowMs, untilMs: leaving + perSeconds * 1000 };
  return { kind: 'stop', reason: 'capped', detail };
}

/**
 * Asked after all that is about the user: a holdout is made of those who would have got it, so that they can be compared with those who
 * did. It takes no use of a cap.
 */
function experimentGate({ lot = null }: Pick<ReleaseFacts, 'lot'>): ReleaseAnswer {
  if (lot?.kind === 'holdout') {
    return { kind: 'stop', reason: 'holdout', detail: { experiment: lot.experimentKey, percent: lot.percent } };
  }
  if (lot?.kind !== 'stopped') return GO;
  const detail = { experiment: lot.experimentKey, sinceMs: lot.sinceMs };
  return { kind: 'stop', reason: 'experiment_inconclusive', detail };
}

/** Wording and values were accepted, and yet this runtime cannot write them: it knows no such zone, for example. */
function renderGate({ renderFailure = null }: Pick<ReleaseFacts, 'renderFailure'>): ReleaseAnswer {
  return renderFailure === null ? GO : { kind: 'stop', reason: 'render_failed', detail: renderFailure };
}

/** The uses that still count: within the stretch that ends now. */
function usesWithin({ perSeconds }: Pick<CapOfPattern, 'perSeconds'>, uses: readonly number[], nowMs: number) {
  return uses.filter((atMs) => atMs > nowMs - perSeconds * 1000);
}

const RELEASES_SPREAD_MS = 5 * 60 * 1000;

/**
 * When what was held is looked at again: at the end of the silence, and up to five minutes later by `share` in [0, 1), which is the
 * user's own, so that a whole zone does not get up in the same second. Always before the deadline.
 */
export function releasedAtMs(untilMs: number, deadlineAtMs: number, share: number): number {
  return untilMs + Math.floor(Math.min(RELEASES_SPREAD_MS, deadlineAtMs - untilMs) * share);
}
