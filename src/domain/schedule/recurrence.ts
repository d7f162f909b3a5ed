import { gapBeforeMs, instantOf, shiftOver, wallClockMs } from '../time/zone.ts';
import type { Cron } from './cron.ts';

/** In place of a zone: at the local time of each user. */
export const RECIPIENT = 'recipient';

/** When a schedule's notification is sent: the minutes that a cron expression names, in one zone or in that of each user. */
export type Recurrence = {
  readonly cron: string;
  /** IANA name, or `recipient`. */
  readonly timeZone: string;
  /** Nothing before it. For `recipient`, both are read as local times: what clocks show in UTC then. */
  readonly startsAtMs: number | null;
  /** Nothing at it or later. */
  readonly endsAtMs: number | null;
};

/** One time at which a schedule is to send. */
export type Moment = {
  /** The minute that the expression names, as epoch milliseconds of the wall clock. */
  readonly wallMs: number;
  /** When the notification is made: at that minute; for `recipient` before the first zone gets there. */
  readonly atMs: number;
  /** `gap`: clocks leave the minute out, so it is moved on. `overlap`: they show it twice, and this is the first. */
  readonly shift: 'gap' | 'overlap' | null;
};

const HOUR_MS = 3_600_000;
/** Kiribati's Line Islands are the first to get to a local time, and ships south of them (UTC-12) the last. */
const FIRST_ZONE_MS = 14 * HOUR_MS;
const LAST_ZONE_MS = 12 * HOUR_MS;
/** So long before the first zone gets there it is made: a restart in between costs nobody the notification. */
const MADE_BEFORE_MS = HOUR_MS;

/** For `recipient`: the first and the last instant at which some zone shows this local time. */
export function momentsOfZones(wallMs: number): { readonly firstMs: number; readonly lastMs: number } {
  return { firstMs: wallMs - FIRST_ZONE_MS, lastMs: wallMs + LAST_ZONE_MS };
}

/** The first moment after an instant; null where there is none left. */
export function nextMoment(recurrence: Recurrence, cron: Cron, afterMs: number): Moment | null {
  return recurrence.timeZone === RECIPIENT
    ? nextForRecipients(recurrence, cron, afterMs)
    : nextInZone(recurrence, cron, afterMs);
}

/** When the notification of a local time is made. */
export function madeAtMs(timeZone: string, wallMs: number): number {
  return timeZone === RECIPIENT ? wallMs - FIRST_ZONE_MS - MADE_BEFORE_MS : instantOf(timeZone, wallMs);
}

/** The local time whose notification was made at an instant. */
export function wallMsOf(timeZone: string, atMs: number): number {
  return timeZone === RECIPIENT ? atMs + FIRST_ZONE_MS + MADE_BEFORE_MS : wallClockMs(timeZone, atMs);
}

function nextForRecipients({ startsAtMs, endsAtMs }: Recurrence, cron: Cron, afterMs: number): Moment | null {
  const aheadMs = FIRST_ZONE_MS + MADE_BEFORE_MS;
  const wallMs = cron.next(Math.max(afterMs + aheadMs, (startsAtMs ?? Number.NEGATIVE_INFINITY) - 1));
  if (wallMs === null || (endsAtMs !== null && wallMs >= endsAtMs)) return null;
  return { wallMs, atMs: wallMs - aheadMs, shift: null };
}

/**
 * The minutes of the wall clock one after another, each with its instant: what an expression names is independent of any shift.
 * One instant is one moment, also where a minute that is moved on meets one that is not.
 */
function nextInZone({ timeZone, startsAtMs, endsAtMs }: Recurrence, cron: Cron, given: number): Moment | null {
  const afterMs = Math.max(given, (startsAtMs ?? Number.NEGATIVE_INFINITY) - 1);
  let best: Moment | null = null;
  // Minutes within a gap that has just been are behind what clocks show, and come yet.
  let wallMs = cron.next(wallClockMs(timeZone, afterMs) - gapBeforeMs(timeZone, afterMs));
  while (wallMs !== null) {
    const moment: Moment = { wallMs, atMs: instantOf(timeZone, wallMs), shift: shiftOver(timeZone, wallMs) };
    if (moment.atMs > afterMs && (best === null || moment.atMs <= best.atMs)) best = moment;
    // A minute that was moved on may be overtaken by those up to where it was moved to.
    if (best !== null && wallMs >= wallClockMs(timeZone, best.atMs)) break;
    wallMs = cron.next(wallMs);
  }
  return best === null || (endsAtMs !== null && best.atMs >= endsAtMs) ? null : best;
}

/** Looked at so far back first, then twice as far, and so on. */
const FIRST_LOOK_MS = 60_000;

/** The last moment up to an instant, itself included; null where there is none from `fromMs` on. */
export function lastMoment(recurrence: Recurrence, cron: Cron, fromMs: number, untilMs: number): Moment | null {
  for (let backMs = FIRST_LOOK_MS; ; backMs *= 2) {
    const sinceMs = Math.max(fromMs, untilMs - backMs);
    let last: Moment | null = null;
    let next = nextMoment(recurrence, cron, sinceMs - 1);
    while (next !== null && next.atMs <= untilMs) {
      last = next;
      next = nextMoment(recurrence, cron, next.atMs);
    }
    if (last !== null || sinceMs <= fromMs) return last;
  }
}
