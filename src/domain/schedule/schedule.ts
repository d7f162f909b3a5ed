import type { Occurrence } from './occurrence.ts';
import type { Moment, Recurrence } from './recurrence.ts';

/** As segments: a key stands in a path. */
export const SCHEDULE_KEY = /^[A-Za-z0-9_.-]{1,64}$/;

/** However short `catch_up_seconds` is, a moment within a minute is on time: a restart takes seconds. */
export const ON_TIME_MS = 60_000;
export const DEFAULT_CATCH_UP_SECONDS = 3600;
export const MAX_CATCH_UP_SECONDS = 604_800;

/** A notification that is sent again and again, as `POST /v1/notifications` would take it. */
export type Schedule = Recurrence & {
  readonly key: string;
  /** Another one each time a key is used anew: what was made under an earlier one says nothing about this one. */
  readonly id: string;
  /** The body as the caller wrote it. It is read again at each occurrence, since types, segments and templates change. */
  readonly notification: Readonly<Record<string, unknown>>;
  /** A moment that was missed is made up for when it is not older. */
  readonly catchUpSeconds: number;
  readonly isPaused: boolean;
  /** When it is to be looked at next; null: paused, or over. */
  readonly nextAtMs: number | null;
  /**
   * The last moment that was dealt with, whatever came of it; by the clock of today, where it was by another. Nothing at it or before
   * comes again.
   */
  readonly lastAtMs: number | null;
  readonly latest: Occurrence | null;
  /** What a process set out to make, in a store that has no commit for all of it: perhaps it is made already. */
  readonly underWay: Moment | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Grows with each write. A write that has seen another version loses. */
  readonly version: number;
};

/** What a caller says of a schedule. */
export type ScheduleDraft = Recurrence &
  Pick<Schedule, 'notification' | 'catchUpSeconds' | 'isPaused'> & { readonly key: string };

/** What was said of a schedule. */
export function draftIn(schedule: Schedule): ScheduleDraft {
  const { key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds, isPaused } = schedule;
  return { key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds, isPaused };
}

type NamingTemplate = { readonly template?: { readonly key?: unknown } };

/** The templates that its notification names, in any of its variants. */
export function templateKeysIn({ notification }: Pick<Schedule, 'notification'>): readonly string[] {
  const { variants = [], ...whole } = notification as NamingTemplate & {
    readonly variants?: readonly NamingTemplate[];
  };
  const keys = [whole, ...variants].map(({ template }) => template?.key);
  return keys.filter((key): key is string => typeof key === 'string');
}

/** Whether what is said now means the same times as before. */
export function hasSameTimes(one: Recurrence, other: Recurrence): boolean {
  return (
    one.cron === other.cron &&
    one.timeZone === other.timeZone &&
    one.startsAtMs === other.startsAtMs &&
    one.endsAtMs === other.endsAtMs
  );
}
