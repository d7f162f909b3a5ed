import { instantsOf, wallClockMs } from '../time/zone.ts';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
type Weekday = (typeof WEEKDAYS)[number];

/**
 * When a person wants to see nothing, by the clock on the wall. Minutes of the day; where `untilMinute` is the smaller one, the quiet
 * ends on the day after. The two differ.
 */
export type QuietHours = {
  readonly fromMinute: number;
  readonly untilMinute: number;
  /** The days on which it begins; null: every day. */
  readonly days: readonly Weekday[] | null;
};

/** A stretch of quiet: from the first instant to that at which it is over, in epoch milliseconds. */
export type Quiet = { readonly fromMs: number; readonly untilMs: number };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Quiet hours leave a minute of every day, but a shift of the clock may swallow that: then one quiet follows another. */
const MOST_IN_A_ROW = 4;

/**
 * The quiet that an instant is in, as far as it goes on without a break; null where it is in none. A clock that is set back shows some
 * minutes twice: the quiet then begins with the first and ends after the second, so that nothing is shown at a minute that
 * a person wants quiet.
 */
export function quietAt(hours: QuietHours, zone: string, atMs: number): Quiet | null {
  let quiet = beginningBefore(hours, zone, atMs);
  for (let joined = 1; quiet !== null && joined < MOST_IN_A_ROW; joined += 1) {
    const next = beginningBefore(hours, zone, quiet.untilMs);
    if (next === null) return quiet;
    quiet = { fromMs: quiet.fromMs, untilMs: next.untilMs };
  }
  return quiet;
}

/** The quiet of yesterday, today or tomorrow that has the instant in it: a shift may move any of them there. */
function beginningBefore(hours: QuietHours, zone: string, atMs: number): Quiet | null {
  const today = Math.floor(wallClockMs(zone, atMs) / DAY_MS);
  let found: Quiet | null = null;
  for (const day of [today - 1, today, today + 1]) {
    if (!beginsOn(hours, day)) continue;
    const quiet = quietOf(hours, zone, day);
    if (quiet.fromMs > atMs || atMs >= quiet.untilMs) continue;
    if (found === null || quiet.untilMs > found.untilMs) found = quiet;
  }
  return found;
}

/** The epoch began on a Thursday. */
function beginsOn({ days }: QuietHours, day: number): boolean {
  const weekday = WEEKDAYS[(((day + 4) % 7) + 7) % 7];
  return days === null || (weekday !== undefined && days.includes(weekday));
}

function quietOf({ fromMinute, untilMinute }: QuietHours, zone: string, day: number): Quiet {
  const lastDay = untilMinute > fromMinute ? day : day + 1;
  return {
    fromMs: instantsOf(zone, day * DAY_MS + fromMinute * MINUTE_MS).firstMs,
    untilMs: instantsOf(zone, lastDay * DAY_MS + untilMinute * MINUTE_MS).lastMs,
  };
}

/** A minute of the day as a clock shows it: `07:30`. */
export function timeOfMinute(minute: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
