import type { Moment } from '../../../domain/schedule/recurrence.ts';
import type { WithOutbox } from './event-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** What a caller said, and what came of it last, are JSON: a notification’s `data` may have names that MongoDB does not take. */
export type ScheduleDocument = WithOutbox & {
  /** The key. */
  readonly _id: string;
  readonly id: string;
  readonly version: number;
  readonly nextAtMs: number | null;
  readonly lastAtMs: number | null;
  readonly underWay: Moment | null;
  readonly latest: string | null;
  readonly said: string;
};

export type OccurrenceDocument = {
  readonly _id: string;
  readonly scheduleId: string;
  /** From which retention counts. */
  readonly recordedAt: Date;
  readonly occurrence: string;
};

const NEXT: StoreIndex = { name: 'next', key: { nextAtMs: 1 } };
const SCHEDULE: StoreIndex = { name: 'schedule', key: { scheduleId: 1, _id: -1 } };
const RECORDED: StoreIndex = { name: 'recorded', key: { recordedAt: 1 }, expires: 'after_retention' };

export const SCHEDULE_INDEXES = [NEXT];
export const OCCURRENCE_INDEXES = [SCHEDULE, RECORDED];

export const SCHEDULE_BY_KEY: NamedQuery<string> = {
  name: 'schedule by key',
  collection: 'schedules',
  purpose: 'one schedule',
  index: BY_ID,
  filter: (key) => ({ _id: key }),
};

export const SCHEDULES_LISTED: NamedQuery<string> = {
  name: 'schedules listed',
  collection: 'schedules',
  purpose: 'a page of schedules',
  index: BY_ID,
  filter: (after) => ({ _id: { $gt: after } }),
  sort: { _id: 1 },
};

export const SCHEDULES_DUE: NamedQuery<number> = {
  name: 'schedules due',
  collection: 'schedules',
  purpose: 'schedules whose time has come, and the next that it comes for',
  index: NEXT,
  filter: (untilMs) => ({ nextAtMs: { $lte: untilMs } }),
  sort: { nextAtMs: 1 },
};

export const OCCURRENCES_LISTED: NamedQuery<{ readonly scheduleId: string; readonly before: string }> = {
  name: 'occurrences listed',
  collection: 'occurrences',
  purpose: 'what came of a schedule, newest first',
  index: SCHEDULE,
  filter: ({ scheduleId, before }) => ({ scheduleId, _id: { $lt: before } }),
  sort: { _id: -1 },
};

export const OCCURRENCES_BEFORE: NamedQuery<Date> = {
  name: 'occurrences recorded before',
  collection: 'occurrences',
  purpose: 'what was recorded longer ago than is kept',
  index: RECORDED,
  filter: (instant) => ({ recordedAt: { $lt: instant } }),
};

export const SCHEDULE_QUERIES = [
  SCHEDULE_BY_KEY,
  SCHEDULES_LISTED,
  SCHEDULES_DUE,
  OCCURRENCES_LISTED,
  OCCURRENCES_BEFORE,
] as const;
