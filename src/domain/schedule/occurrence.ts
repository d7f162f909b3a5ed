import { createHash } from 'node:crypto';
import { timedId } from '../ids.ts';
import type { Moment, Recurrence } from './recurrence.ts';

/** `sent`: its notification was accepted. `missed`: nobody was there to make it. `failed`: its notification could not be accepted. */
export const OCCURRENCE_STATUSES = ['sent', 'missed', 'failed'] as const;
type OccurrenceStatus = (typeof OCCURRENCE_STATUSES)[number];

export const TRIGGERS = ['time', 'hand'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What came of one moment of a schedule; of several in a row where they were missed. */
export type Occurrence = {
  readonly id: string;
  readonly scheduleId: string;
  /** When it was due. */
  readonly atMs: number;
  /** The local time that it was for, as epoch milliseconds of the wall clock; null: by hand. */
  readonly wallMs: number | null;
  readonly status: OccurrenceStatus;
  readonly trigger: Trigger;
  /** Null unless `sent`. */
  readonly notificationId: string | null;
  /** An error code where it failed. */
  readonly code: string | null;
  /** Why there is no notification, in words. */
  readonly detail: string | null;
  /** Null unless `missed`. */
  readonly missed: Missed | null;
  readonly recordedAtMs: number;
};

/** Moments in a row that were missed. */
export type Missed = {
  readonly count: number;
  /** There were more: so many are counted at most. */
  readonly isAtLeast: boolean;
  readonly lastAtMs: number;
  /** The first of them. */
  readonly instantsMs: readonly number[];
};

export const MOST_MISSED_COUNTED = 1000;
export const MOST_MISSED_LISTED = 20;

/**
 * The ids of what a moment becomes, the same whoever makes it and however often: a restart, a second process and a clock set back
 * make nothing twice. The zone is part of it, since nine o'clock in another zone is another moment.
 */
export function idsOfMoment(
  { id, timeZone }: Pick<Recurrence, 'timeZone'> & { readonly id: string },
  { wallMs, atMs }: Pick<Moment, 'wallMs' | 'atMs'>,
): { readonly occurrenceId: string; readonly notificationId: string } {
  const digest = createHash('sha256').update(`${id}\n${timeZone}\n${wallMs}`).digest();
  return {
    occurrenceId: timedId('occurrence', atMs, digest),
    notificationId: timedId('notification', atMs, digest),
  };
}
