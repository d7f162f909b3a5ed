import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Events } from '../domain/events.ts';
import { occurrenceIdOf, type Random, scheduleId } from '../domain/ids.ts';
import { changedSchedule, newSchedule } from '../domain/schedule/change.ts';
import { type Cron, readCron } from '../domain/schedule/cron.ts';
import type { Occurrence } from '../domain/schedule/occurrence.ts';
import { type Moment, nextMoment, type Recurrence } from '../domain/schedule/recurrence.ts';
import {
  draftIn,
  hasSameTimes,
  type Schedule,
  type ScheduleDraft,
  templateKeysIn,
} from '../domain/schedule/schedule.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import type { Accepted, Accepting, IdempotencyClaim } from './accepting.ts';
import { refuseTest } from './experiment-check.ts';
import type { NotifyRequest } from './notify-request.ts';
import type { Occurrences } from './occurrences.ts';
import { unknownTemplate } from './wording-request.ts';

/** What callers may do with schedules, and see of them. */
export type Schedules = {
  list(page: PageRequest): Promise<Page<Schedule>>;
  /** Throws `schedule_not_found`. */
  get(key: string): Promise<Schedule>;
  /** `draftOf` says what it is to be, from what it is; null: there is none. Throws `invalid_schedule`, and what a send would be refused with. */
  put(key: string, draftOf: (before: Schedule | null) => ScheduleDraft): Promise<Schedule>;
  /** As `put`, of one that there is. Throws `schedule_not_found`, too. */
  change(key: string, draftOf: (before: Schedule) => ScheduleDraft): Promise<Schedule>;
  /** Throws `schedule_not_found`. */
  delete(key: string): Promise<void>;
  /** The coming moments, those after now. Throws `invalid_schedule`. */
  preview(recurrence: Recurrence, count: number): Promise<readonly Moment[]>;
  /** Sends its notification now. Throws `schedule_not_found`, and what a send would be refused with. */
  trigger(key: string, claim: IdempotencyClaim | null): Promise<Accepted>;
  /** Throws `schedule_not_found`. */
  occurrences(key: string, page: PageRequest): Promise<Page<Occurrence>>;
};

export type SchedulesOptions = {
  readonly store: Pick<Store, 'schedules' | 'templates'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly accepting: Accepting;
  readonly occurrences: Occurrences;
  readonly readBody: (body: unknown) => NotifyRequest;
  /** The next moment of some schedule may be another now. */
  readonly onChange: () => void;
};

/** Each time another caller was first. */
const TRIES = 20;

export function createSchedules(options: SchedulesOptions): Schedules {
  const { clock } = options;
  const { schedules } = options.store;
  const existing = async (key: string): Promise<Schedule> => (await schedules.get(key)) ?? notFound();
  return {
    list: (page) => schedules.list(page),
    get: existing,
    put: (key, draftOf) => put(options, key, draftOf),
    change: (key, draftOf) => put(options, key, (before) => draftOf(before ?? notFound())),
    async delete(key) {
      if (!(await schedules.delete(key))) notFound();
    },
    async preview(recurrence, count) {
      const cron = await checkedCron(recurrence);
      const moments: Moment[] = [];
      let moment = nextMoment(recurrence, cron, clock.now());
      while (moment !== null && moments.length < count) {
        moments.push(moment);
        moment = nextMoment(recurrence, cron, moment.atMs);
      }
      return moments;
    },
    trigger: (key, claim) =>
      options.accepting.orRepeated({ claim, recipients: null }, async () =>
        trigger(options, await existing(key), claim),
      ),
    async occurrences(key, page) {
      const { id } = await existing(key);
      return schedules.occurrences({ ...page, scheduleId: id });
    },
  };
}

async function put(
  options: SchedulesOptions,
  key: string,
  draftOf: (before: Schedule | null) => ScheduleDraft,
): Promise<Schedule> {
  const { clock, random, accepting, onChange } = options;
  const { schedules } = options.store;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await settled(options, key);
    const draft = draftOf(before);
    const cron = await checkedCron(draft);
    const nowMs = clock.now();
    if (before === null || !hasSameTimes(before, draft)) refuseOver(draft, cron, nowMs);
    const body = options.readBody(draft.notification);
    const { acceptance } = await accepting.prepare(body, { nowMs, id: null, claim: null });
    refuseTest(acceptance.notification);
    const after =
      before === null
        ? newSchedule(draft, cron, scheduleId(nowMs, random), nowMs)
        : changedSchedule(before, draft, cron, nowMs);
    if (!(await schedules.put(after))) continue;
    await keepNaming(options, after, before);
    onChange();
    return after;
  }
  throw new AppError('overloaded', 'Others change this schedule all the time. Try again shortly.');
}

/** Where a template that it names was deleted meanwhile, the schedule is taken back, and refused as it would be now. */
async function keepNaming({ store }: SchedulesOptions, kept: Schedule, before: Schedule | null): Promise<void> {
  const gone = await store.templates.noteNaming(templateKeysIn(kept));
  if (gone === null) return;
  for (let isDone = false; !isDone; ) {
    const now = await store.schedules.get(kept.key);
    // What others made of it stays: they note their own naming.
    if (now?.id !== kept.id || !isDeepStrictEqual(now.notification, kept.notification)) break;
    isDone =
      before === null
        ? await store.schedules.delete(kept.key, now)
        : await store.schedules.put(changedSchedule(now, draftIn(before), await checkedCron(before), kept.updatedAtMs));
  }
  throw unknownTemplate(gone, null, null);
}

/** The schedule once what is due of it is dealt with, as it was said before: a change is about what comes after it. */
async function settled({ store, clock, occurrences }: SchedulesOptions, key: string): Promise<Schedule | null> {
  const found = await store.schedules.get(key);
  if (found === null || found.nextAtMs === null || found.nextAtMs > clock.now()) return found;
  await occurrences.settle(found);
  return store.schedules.get(key);
}

async function checkedCron(recurrence: Recurrence): Promise<Cron> {
  const reading = await readCron(recurrence.cron);
  if (reading.kind === 'error') {
    throw new AppError('invalid_schedule', `“cron” ${reading.message}.`, {
      path: 'cron',
      ...(reading.field !== null && { field: reading.field }),
    });
  }
  const { startsAtMs, endsAtMs } = recurrence;
  const isEmpty = endsAtMs !== null && nextMoment(recurrence, reading.cron, (startsAtMs ?? 0) - 1) === null;
  if (!isEmpty) return reading.cron;
  throw new AppError('invalid_schedule', '“cron” names no time between `starts_at` and `ends_at`.', {
    path: 'ends_at',
  });
}

/** Refuses times that are over before they begin. */
function refuseOver(draft: ScheduleDraft, cron: Cron, nowMs: number): void {
  if (draft.endsAtMs === null || nextMoment(draft, cron, nowMs) !== null) return;
  throw new AppError('invalid_schedule', '“cron” names no time between now and `ends_at`.', { path: 'ends_at' });
}

async function trigger(
  { store, events, clock, accepting, readBody }: SchedulesOptions,
  { key, id: ofSchedule, notification: body }: Schedule,
  claim: IdempotencyClaim | null,
): Promise<Accepted> {
  const nowMs = clock.now();
  const prepared = await accepting.prepare(readBody(body), { nowMs, id: null, claim });
  const { acceptance } = prepared;
  const { id: notificationId } = acceptance.notification;
  const occurrence: Occurrence = {
    id: occurrenceIdOf(notificationId),
    scheduleId: ofSchedule,
    atMs: nowMs,
    wallMs: null,
    status: 'sent',
    trigger: 'hand',
    notificationId,
    code: null,
    detail: null,
    missed: null,
    recordedAtMs: nowMs,
  };
  const accepted = accepting.conclude(prepared, await store.schedules.trigger(acceptance, occurrence, key));
  if (!accepted.isRepeated) {
    events.publish({ type: 'schedule.sent', scheduleKey: key, atMs: nowMs, notificationId, trigger: 'hand' });
  }
  return accepted;
}

function notFound(): never {
  throw new AppError(
    'schedule_not_found',
    'There is no schedule with this key. GET /v1/schedules lists those there are.',
  );
}
