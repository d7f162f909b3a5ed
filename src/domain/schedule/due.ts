import type { Cron } from './cron.ts';
import { type Missed, MOST_MISSED_COUNTED, MOST_MISSED_LISTED } from './occurrence.ts';
import { lastMoment, type Moment, momentsOfZones, nextMoment, RECIPIENT } from './recurrence.ts';
import { ON_TIME_MS, type Schedule } from './schedule.ts';

/** What is to become of the moments that have come: of all of them, or of the first where each is made. */
export type DueStep = {
  /** From the first of them on; null: none was missed. */
  readonly missed: { readonly first: Moment; readonly all: Missed } | null;
  readonly send: Moment | null;
  /** The moment after all that; null: the schedule is over. */
  readonly next: Moment | null;
};

/** What is known beside the schedule and the time. */
export type DueFacts = {
  /** What a person decided not to send any more: nothing of before. */
  readonly droppedBeforeMs: number | null;
  /** What is made already, though the schedule does not say so yet. */
  readonly made: Moment | null;
};

/** Null where nothing has come. */
export function dueStep(schedule: Schedule, cron: Cron, nowMs: number, facts: DueFacts): DueStep | null {
  const { nextAtMs, isPaused } = schedule;
  if (isPaused || nextAtMs === null || nextAtMs > nowMs) return null;
  const first = nextMoment(schedule, cron, nextAtMs - 1);
  if (first === null || first.atMs > nowMs) return { missed: null, send: null, next: first };
  const last = facts.made ?? momentToSend(schedule, cron, { first, nowMs }, facts);
  const untilMs = last === null ? nowMs : last.atMs - 1;
  const missed = first.atMs > untilMs ? null : missedFrom(schedule, cron, first, untilMs);
  return { missed, send: last, next: nextMoment(schedule, cron, last === null ? nowMs : last.atMs) };
}

/** In one zone the newest, unless it is too late for it; for recipients the first that somebody can still get. */
function momentToSend(
  schedule: Schedule,
  cron: Cron,
  { first, nowMs }: { readonly first: Moment; readonly nowMs: number },
  { droppedBeforeMs }: DueFacts,
): Moment | null {
  if (schedule.timeZone !== RECIPIENT) {
    const notBeforeMs = Math.max(nowMs - latenessMs(schedule), droppedBeforeMs ?? first.atMs);
    return lastMoment(schedule, cron, Math.max(first.atMs, notBeforeMs), nowMs);
  }
  const openForMs = momentsOfZones(first.wallMs).lastMs - first.atMs;
  const found = nextMoment(schedule, cron, Math.max(first.atMs, nowMs - openForMs) - 1);
  return found === null || found.atMs > nowMs ? null : found;
}

/** How late a moment may be made. */
export function latenessMs({ catchUpSeconds }: Pick<Schedule, 'catchUpSeconds'>): number {
  return Math.max(ON_TIME_MS, catchUpSeconds * 1000);
}

function missedFrom(schedule: Schedule, cron: Cron, first: Moment, untilMs: number): DueStep['missed'] {
  const instantsMs: number[] = [];
  let [count, lastAtMs] = [0, first.atMs];
  let moment: Moment | null = first;
  while (moment !== null && moment.atMs <= untilMs && count < MOST_MISSED_COUNTED) {
    if (count < MOST_MISSED_LISTED) instantsMs.push(moment.atMs);
    [count, lastAtMs] = [count + 1, moment.atMs];
    moment = nextMoment(schedule, cron, moment.atMs);
  }
  const isAtLeast = moment !== null && moment.atMs <= untilMs;
  if (isAtLeast) lastAtMs = lastMoment(schedule, cron, lastAtMs, untilMs)?.atMs ?? lastAtMs;
  return { first, all: { count, isAtLeast, lastAtMs, instantsMs } };
}
