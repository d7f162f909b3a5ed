import { instantOf } from '../time/zone.ts';

/** What becomes of a user whose local time had passed when the notification was accepted. */
export const IF_PASSED = ['skip', 'send_now', 'next_day'] as const;
type IfPassed = (typeof IF_PASSED)[number];

/**
 * When a notification is to be sent. `local`: to each user when clocks in their zone show `wallMs`, which is a time on the wall, as
 * though it were UTC.
 */
export type SendAt =
  | { readonly kind: 'instant'; readonly atMs: number }
  | { readonly kind: 'local'; readonly wallMs: number; readonly ifPassed: IfPassed };

/** What of a notification says when it is sent. All are null where it is sent at once. */
export type Timing = {
  readonly sendAt: SendAt | null;
  /**
   * When its fan-out next needs looking at: the instant of the wave that comes, or is under way. Once it is cancelled, until all that
   * was waiting has ended: the instant of that. Null where nothing of the kind is to be done.
   */
  readonly dueAtMs: number | null;
  /** The instant of its last wave, as far as is known: from there its deadline counts. */
  readonly lastWaveAtMs: number | null;
  /** How many users it was released to so far, wave by wave. */
  readonly releasedUsers: number | null;
  /** When somebody cancelled it. */
  readonly cancelledAtMs: number | null;
};

/** Of what is sent at once. */
export const AT_ONCE: Timing = {
  sendAt: null,
  dueAtMs: null,
  lastWaveAtMs: null,
  releasedUsers: null,
  cancelledAtMs: null,
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No zone is further ahead of UTC, and none further behind. */
const AHEAD_OF_UTC_MS = 14 * HOUR_MS;
const BEHIND_UTC_MS = 12 * HOUR_MS;

export const MAX_DAYS_AHEAD = 365;

/** What is so little past was meant as now: clocks differ. */
const PAST_TAKEN_FOR_NOW_MS = MINUTE_MS;

/** Why a notification cannot be sent then; null where it can. */
export function whyNotSentAt(sendAt: SendAt, nowMs: number): 'passed' | 'passed_everywhere' | 'too_far' | null {
  const isLocal = sendAt.kind === 'local';
  const [firstMs, lastMs] = isLocal ? boundsOf(sendAt.wallMs) : [sendAt.atMs, sendAt.atMs];
  if (firstMs > nowMs + MAX_DAYS_AHEAD * DAY_MS) return 'too_far';
  if (isLocal) return lastMs < nowMs ? 'passed_everywhere' : null;
  return lastMs < nowMs - PAST_TAKEN_FOR_NOW_MS ? 'passed' : null;
}

/** The first and the last instant at which clocks show a time somewhere. */
function boundsOf(wallMs: number): readonly [firstMs: number, lastMs: number] {
  return [wallMs - AHEAD_OF_UTC_MS, wallMs + BEHIND_UTC_MS];
}

/** The timing of a notification that is accepted now. */
export function timingOf(sendAt: SendAt | null, acceptedAtMs: number): Timing {
  if (sendAt === null) return AT_ONCE;
  const [firstMs, lastMs] = sendAt.kind === 'local' ? boundsOf(sendAt.wallMs) : [sendAt.atMs, sendAt.atMs];
  const isPassedSomewhere = firstMs < acceptedAtMs;
  // A day has 25 hours where a clock is set back.
  const isMoved = isPassedSomewhere && sendAt.kind === 'local' && sendAt.ifPassed === 'next_day';
  const lastWaveAtMs = Math.max(lastMs, isMoved ? acceptedAtMs + DAY_MS + HOUR_MS : acceptedAtMs);
  return { ...AT_ONCE, sendAt, dueAtMs: Math.max(firstMs, acceptedAtMs), lastWaveAtMs, releasedUsers: 0 };
}

/**
 * Whose turn it is. `due`: theirs, in the wave of this instant. `later`: not before `atMs`. `passed`: their time had passed when the
 * notification was accepted, and they are to be left out.
 */
export type Turn =
  | { readonly kind: 'due'; readonly waveAtMs: number }
  | { readonly kind: 'later' | 'passed'; readonly atMs: number };

/**
 * Whether it is the turn of a user who lives by this zone, at this instant. A user who moves is asked for again in each wave until it is
 * their turn, by the zone that they live by then. So whoever moves past their time gets it in the next wave.
 */
export function turnOf(
  { sendAt, dueAtMs, acceptedAtMs }: Pick<Timing, 'sendAt' | 'dueAtMs'> & { readonly acceptedAtMs: number },
  zone: string,
  nowMs: number,
): Turn {
  const waveAtMs = dueAtMs ?? nowMs;
  if (sendAt === null) return { kind: 'due', waveAtMs };
  // Who waits for a test to be decided has the deadline of those in it.
  if (sendAt.kind === 'instant') return { kind: 'due', waveAtMs: Math.max(sendAt.atMs, acceptedAtMs) };
  const { wallMs, ifPassed } = sendAt;
  const atMs = localInstant(zone, wallMs, ifPassed === 'next_day' ? acceptedAtMs : null);
  const isFirstLook = waveAtMs <= acceptedAtMs;
  if (atMs < acceptedAtMs && ifPassed === 'skip' && isFirstLook) return { kind: 'passed', atMs };
  return atMs > nowMs ? { kind: 'later', atMs } : { kind: 'due', waveAtMs: Math.max(atMs, waveAtMs) };
}

/** When it comes, or came, to a user who lives by this zone, as far as that is known now. */
export function comesAtMs(timing: Parameters<typeof turnOf>[0], zone: string, nowMs: number): number {
  const turn = turnOf(timing, zone, nowMs);
  return turn.kind === 'later' ? turn.atMs : Math.max(nowMs, turn.kind === 'due' ? turn.waveAtMs : nowMs);
}

/** The instant at which clocks in the zone show the time; of the first day on which that is not before `fromMs`, if given. */
function localInstant(zone: string, wallMs: number, fromMs: number | null): number {
  let atMs = instantOf(zone, wallMs);
  if (fromMs === null) return atMs;
  for (let day = 1; atMs < fromMs; day += 1) atMs = instantOf(zone, wallMs + day * DAY_MS);
  return atMs;
}
