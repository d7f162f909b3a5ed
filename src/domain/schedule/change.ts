import type { Cron } from './cron.ts';
import { madeAtMs, nextMoment, wallMsOf } from './recurrence.ts';
import { hasSameTimes, type Schedule, type ScheduleDraft } from './schedule.ts';

/** A schedule that a key is used for anew. Its first moment comes after now. */
export function newSchedule(draft: ScheduleDraft, cron: Cron, id: string, nowMs: number): Schedule {
  return {
    ...draft,
    id,
    nextAtMs: nextAtMs(draft, cron, nowMs),
    lastAtMs: null,
    latest: null,
    underWay: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 0,
  };
}

/**
 * What a schedule becomes. Where its times stay as they are, so does its next moment, also one that is due this very second. Else, and
 * after a pause, the next comes after now, and after all that it has had: nothing is made up for, and nothing comes twice. A minute that it
 * has had by one clock it does not have again by another: nine o'clock for each user, changed to nine in Berlin, is nine tomorrow.
 */
export function changedSchedule(before: Schedule, draft: ScheduleDraft, cron: Cron, nowMs: number): Schedule {
  const lastAtMs = hadUntilMs(before, draft);
  const isSame = hasSameTimes(before, draft) && before.isPaused === draft.isPaused;
  return {
    ...before,
    ...draft,
    nextAtMs: isSame ? before.nextAtMs : nextAtMs(draft, cron, Math.max(nowMs, lastAtMs ?? nowMs)),
    lastAtMs,
    underWay: null,
    updatedAtMs: nowMs,
  };
}

/** Up to when the schedule has had, by the clock that it goes by from now on, all that it had by the one before; null: nothing yet. */
function hadUntilMs({ lastAtMs, timeZone: earlier }: Schedule, { timeZone }: ScheduleDraft): number | null {
  if (lastAtMs === null || earlier === timeZone) return lastAtMs;
  return madeAtMs(timeZone, wallMsOf(earlier, lastAtMs));
}

function nextAtMs(draft: ScheduleDraft, cron: Cron, afterMs: number): number | null {
  return draft.isPaused ? null : (nextMoment(draft, cron, afterMs)?.atMs ?? null);
}
