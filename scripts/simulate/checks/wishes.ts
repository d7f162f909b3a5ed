import type { Database } from '../../../src/store/sqlite/file/driver.ts';

/** What was said of a user, and where their newest device is, as a check sees it: by the rows, and by nothing that the engine computes. */
export type SaidOf = {
  readonly time_zone: string | null;
  readonly preferences: string;
  readonly quiet_hours: string | null;
  readonly paused_until: number | null;
  readonly deviceZone: string | null;
};

export function saidOf(database: Database, userId: string): SaidOf | null {
  const row = database.first<Omit<SaidOf, 'deviceZone'>>(
    'SELECT time_zone, preferences, quiet_hours, paused_until FROM users WHERE id = ?',
    [userId],
  );
  if (row === undefined) return null;
  const newest = database.first<{ time_zone: string }>(
    `SELECT time_zone FROM subscriptions WHERE user_id = ? AND retired_at IS NULL AND time_zone IS NOT NULL
     ORDER BY updated_at DESC, id DESC LIMIT 1`,
    [userId],
  );
  return { ...row, deviceZone: newest?.time_zone ?? null };
}

type QuietHours = {
  readonly fromMinute: number;
  readonly untilMinute: number;
  readonly days: readonly string[] | null;
};

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Whether a clock on the user's wall shows a minute that they want quiet; or they have paused. */
export function wantsSilence(said: SaidOf, serverZone: string, atMs: number): boolean {
  if (said.paused_until !== null && said.paused_until > atMs) return true;
  if (said.quiet_hours === null) return false;
  const { fromMinute, untilMinute, days } = JSON.parse(said.quiet_hours) as QuietHours;
  const { minute, day } = clockOnWall(said.time_zone ?? said.deviceZone ?? serverZone, atMs);
  const beginsOn = (weekday: number): boolean => days === null || days.includes(DAYS[(weekday + 7) % 7] ?? '');
  if (fromMinute < untilMinute) return minute >= fromMinute && minute < untilMinute && beginsOn(day);
  return (minute >= fromMinute && beginsOn(day)) || (minute < untilMinute && beginsOn(day - 1));
}

function clockOnWall(zone: string, atMs: number): { readonly minute: number; readonly day: number } {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const shown = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone } as const;
    clock = new Intl.DateTimeFormat('en-US', shown);
    clocks.set(zone, clock);
  }
  const parts = Object.fromEntries(clock.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf((parts.weekday ?? '').toLowerCase());
  return { minute: Number(parts.hour) * 60 + Number(parts.minute), day };
}

/** Whether a person has said of this very type, or of a pattern that matches it, that they do not want it. */
export function isRefused(said: SaidOf | null, type: string, isOptIn: boolean): boolean {
  const wishes = said === null ? {} : (JSON.parse(said.preferences) as Record<string, { readonly isWanted: boolean }>);
  const matching = Object.keys(wishes)
    .filter((pattern) => pattern === type || (pattern.endsWith('*') && type.startsWith(pattern.slice(0, -1))))
    .sort((one, other) => other.length - one.length);
  const [longest] = matching;
  if (longest === undefined) return isOptIn;
  return wishes[longest]?.isWanted === false;
}
