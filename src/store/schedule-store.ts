import type { Occurrence } from '../domain/schedule/occurrence.ts';
import type { Moment } from '../domain/schedule/recurrence.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';
import type { Acceptance, AcceptResult } from './notification-store.ts';
import type { Page, PageRequest } from './page.ts';

/** What came of the moments of a schedule that were due. */
export type OccurrenceCommit = {
  /** As it was read: nothing is kept where it has changed since. */
  readonly schedule: Schedule;
  /** The moment that is made, if one is. Its notification is `acceptance`, unless that is made already. */
  readonly made: Moment | null;
  readonly acceptance: Acceptance | null;
  /** The latest last. */
  readonly occurrences: readonly Occurrence[];
  readonly nextAtMs: number | null;
  readonly lastAtMs: number | null;
};

/** `lost`: another was first, or the schedule is not what it was. `accepted` is null where the notification was there already. */
export type OccurrenceResult =
  | { readonly kind: 'lost' }
  | { readonly kind: 'kept'; readonly accepted: Extract<AcceptResult, { kind: 'accepted' }> | null };

export type OccurrenceQuery = PageRequest & { readonly scheduleId: string };

/** Notifications that are sent again and again, and what came of each time. */
export interface ScheduleStore {
  get(key: string): Promise<Schedule | null>;
  /** In order of key. */
  list(page: PageRequest): Promise<Page<Schedule>>;
  /**
   * Keeps a schedule in place of the version that it names; of version 0: where there is none of its key. False where another was
   * first. `underWay` is not kept.
   */
  put(schedule: Schedule): Promise<boolean>;
  /** False where there was none, or not `only` this version. What came of it stays until retention is over. */
  delete(key: string, only?: Pick<Schedule, 'id' | 'version'>): Promise<boolean>;
  /** Those whose time has come, the longest due first. */
  due(untilMs: number, limit: number): Promise<readonly Schedule[]>;
  /** When the first of all is due; null where none ever is. */
  nextDueMs(): Promise<number | null>;
  /**
   * Keeps what came of a schedule’s moments together with the notification. A store without a commit for all of it keeps first that
   * the moment is under way, then the notification, whose id follows from the moment, and last the schedule: whoever finds it
   * in between finishes it.
   */
  commit(commit: OccurrenceCommit): Promise<OccurrenceResult>;
  /** Keeps a notification that is sent by hand, and that it was. */
  trigger(acceptance: Acceptance, occurrence: Occurrence, key: string): Promise<AcceptResult>;
  /** Newest first. */
  occurrences(query: OccurrenceQuery): Promise<Page<Occurrence>>;
}
