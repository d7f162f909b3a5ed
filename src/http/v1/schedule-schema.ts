import { z } from '@hono/zod-openapi';
import { MAX_CRON_LENGTH } from '../../domain/schedule/cron.ts';
import { OCCURRENCE_STATUSES, type Occurrence, TRIGGERS } from '../../domain/schedule/occurrence.ts';
import { type Moment, momentsOfZones, RECIPIENT, type Recurrence } from '../../domain/schedule/recurrence.ts';
import {
  DEFAULT_CATCH_UP_SECONDS,
  MAX_CATCH_UP_SECONDS,
  SCHEDULE_KEY,
  type Schedule,
  type ScheduleDraft,
} from '../../domain/schedule/schedule.ts';
import { wallClockMs } from '../../domain/time/zone.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import { validate } from '../kit/validation.ts';
import { instant, instantText, isoOf, isoOrNull, timeZone } from '../kit/wire-fields.ts';
import { documentedNotificationBody, notificationBody } from './notification-schema.ts';

export const scheduleKey = z
  .string()
  .regex(SCHEDULE_KEY, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . -')
  .openapi({
    pattern: '^[A-Za-z0-9_.-]{0,31}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}$',
    description: 'The name of the schedule.',
    example: 'weekday-morning',
  });

const moment = instantText.nullable().optional();

const recurrenceFields = {
  cron: z.string().min(1).max(MAX_CRON_LENGTH).openapi({
    description: 'Minute, hour, day of the month, month, day of the week.',
    example: '0 9 * * 1-5',
  }),
  time_zone: z
    .union([z.literal(RECIPIENT), timeZone], {
      error: ({ input }) =>
        input === undefined
          ? 'is required: a time zone of the IANA database, or `recipient`'
          : 'must be a time zone of the IANA database, such as Europe/Berlin, or `recipient`',
    })
    .openapi({
      type: 'string',
      description: 'Where the clock hangs that it goes by; `recipient`: with each user.',
      example: 'Europe/Berlin',
    }),
  starts_at: moment.openapi({ description: 'Nothing before it.' }),
  ends_at: moment.openapi({ description: 'Nothing at it or after it.' }),
};

/** Where a schedule says when, its notification may not. */
const SAID_BY_SCHEDULE = ['send_at', 'send_at_local', 'dry_run'];

const notification = z.record(z.string(), z.unknown()).superRefine((body, context) => {
  const said = SAID_BY_SCHEDULE.filter((name) => name in body);
  for (const name of said) context.addIssue({ code: 'custom', path: [name], message: 'cannot stand in a schedule' });
  if (said.length > 0) return;
  for (const { path, message } of validate(notificationBody, body).issues) {
    context.addIssue({ code: 'custom', path: path === '' ? [] : [path], message });
  }
});

const otherFields = {
  catch_up_seconds: z
    .int()
    .min(0)
    .max(MAX_CATCH_UP_SECONDS)
    .optional()
    .openapi({
      description: `Where it was missed, the newest is sent if it is not older. Left out, it is ${DEFAULT_CATCH_UP_SECONDS}.`,
    }),
  is_paused: z.boolean().optional().openapi({ description: 'Left out, it stays as it is; at first, false.' }),
};

type Span = { readonly starts_at?: string | null | undefined; readonly ends_at?: string | null | undefined };
const isSpan = ({ starts_at: starts, ends_at: ends }: Span) =>
  typeof starts !== 'string' || typeof ends !== 'string' || Date.parse(starts) < Date.parse(ends);
const spanIssue = { path: ['ends_at'], error: 'must be after `starts_at`' };

export const scheduleBody = z
  .strictObject({ ...recurrenceFields, notification, ...otherFields })
  .refine(isSpan, spanIssue);

/** What is documented: all that a notification may say but when. */
export const documentedScheduleBody = z
  .strictObject({
    ...recurrenceFields,
    // Without words of its own: OpenAPI would get an `allOf`, of which some clients make two classes.
    notification: documentedNotificationBody
      .omit({ send_at: true, send_at_local: true })
      .openapi('ScheduledNotificationInput'),
    ...otherFields,
  })
  .openapi('ScheduleInput');

export const schedulePatch = z
  .strictObject({
    cron: recurrenceFields.cron.optional(),
    time_zone: recurrenceFields.time_zone.optional(),
    starts_at: recurrenceFields.starts_at,
    ends_at: recurrenceFields.ends_at,
    notification: z.record(z.string(), z.unknown()).optional().openapi({ description: 'Merged, field by field.' }),
    catch_up_seconds: otherFields.catch_up_seconds.nullable(),
    is_paused: z.boolean().optional(),
  })
  .openapi('SchedulePatch');

export const recurrenceBody = z.strictObject(recurrenceFields).refine(isSpan, spanIssue).openapi('RecurrenceInput');

export const scheduleExample: z.input<typeof scheduleBody> = {
  cron: '0 9 * * 1-5',
  time_zone: 'Europe/Berlin',
  notification: { type: 'digest.daily', audience: { tags: 'staff' }, title: 'Good morning' },
  catch_up_seconds: 1800,
};

const localTime = z.string().openapi({ example: '2026-03-30T09:00:00' });

export const occurrenceSchema = answerBody('Occurrence', {
  id: z.string(),
  at: instant.openapi({ description: 'When it was due.' }),
  local_time: localTime.nullable().openapi({ description: 'The minute that `cron` names; null: sent by hand.' }),
  status: answerWord('OccurrenceStatus', OCCURRENCE_STATUSES, 'What came of it.'),
  trigger: answerWord('OccurrenceTrigger', TRIGGERS, 'Its time had come, or somebody asked for it.'),
  notification_id: z.string().nullable(),
  code: z.string().nullable().openapi({ description: 'Of the error, where it failed.' }),
  detail: z.string().nullable().openapi({ description: 'Why there is no notification.' }),
  missed_count: z.int().openapi({ description: 'How many in a row were missed, from `at` on; 0: none.' }),
  missed_is_at_least: z.boolean().openapi({ description: 'There were more than could be counted.' }),
  missed_until: instant.nullable().openapi({ description: 'The last of them.' }),
  missed_at: z.array(instant).openapi({ description: 'The first 20 of them.' }),
  recorded_at: instant,
});

export const scheduleSchema = answerBody('Schedule', {
  key: z.string(),
  cron: z.string(),
  time_zone: z.string(),
  notification: z.record(z.string(), z.unknown()),
  starts_at: instant.nullable(),
  ends_at: instant.nullable(),
  catch_up_seconds: z.int(),
  is_paused: z.boolean(),
  next_at: instant
    .nullable()
    .openapi({ description: 'When the next notification is made. Null: paused, or there is none left.' }),
  latest: z.array(occurrenceSchema).openapi({ description: 'What came of it last: one, or none yet.' }),
  created_at: instant,
  updated_at: instant,
});

const SHIFTS = ['moved_by_gap', 'first_of_overlap'] as const;

export const momentSchema = answerBody('ScheduleMoment', {
  at: instant.openapi({ description: 'For `recipient`: when the first zone gets there.' }),
  until: instant.nullable().openapi({ description: 'For `recipient`: when the last zone gets there.' }),
  local_time: z.string().openapi({ description: 'What clocks show then, with their offset.' }),
  cron_time: localTime.openapi({ description: 'The minute that `cron` names.' }),
  shift: answerWordOrNull(SHIFTS, 'Clocks leave that minute out, or show it twice.'),
});

type Body = z.output<typeof scheduleBody>;

export function recurrenceOf({
  cron,
  time_zone: zone,
  starts_at: starts,
  ends_at: ends,
}: z.output<typeof recurrenceBody>): Recurrence {
  return {
    cron: cron.trim().split(/\s+/).join(' '),
    timeZone: zone,
    startsAtMs: typeof starts === 'string' ? Date.parse(starts) : null,
    endsAtMs: typeof ends === 'string' ? Date.parse(ends) : null,
  };
}

export function draftOf(key: string, body: Body, before: Schedule | null): ScheduleDraft {
  return {
    key,
    ...recurrenceOf(body),
    notification: body.notification,
    catchUpSeconds: body.catch_up_seconds ?? DEFAULT_CATCH_UP_SECONDS,
    isPaused: body.is_paused ?? before?.isPaused ?? false,
  };
}

/** The body that would make a schedule what it is. */
export function bodyOf(schedule: Schedule) {
  return {
    cron: schedule.cron,
    time_zone: schedule.timeZone,
    notification: schedule.notification,
    starts_at: isoOrNull(schedule.startsAtMs),
    ends_at: isoOrNull(schedule.endsAtMs),
    catch_up_seconds: schedule.catchUpSeconds,
    is_paused: schedule.isPaused,
  } satisfies z.input<typeof scheduleBody>;
}

export function scheduleWire(schedule: Schedule): z.output<typeof scheduleSchema> {
  const { key, latest, nextAtMs, createdAtMs, updatedAtMs } = schedule;
  return {
    key,
    ...bodyOf(schedule),
    next_at: isoOrNull(nextAtMs),
    latest: latest === null ? [] : [occurrenceWire(latest)],
    created_at: isoOf(createdAtMs),
    updated_at: isoOf(updatedAtMs),
  };
}

export function occurrenceWire(occurrence: Occurrence): z.output<typeof occurrenceSchema> {
  const { id, atMs, wallMs, status, trigger, notificationId, code, detail, missed, recordedAtMs } = occurrence;
  return {
    id,
    at: isoOf(atMs),
    local_time: wallMs === null ? null : localOf(wallMs),
    status,
    trigger,
    notification_id: notificationId,
    code,
    detail,
    missed_count: missed?.count ?? 0,
    missed_is_at_least: missed?.isAtLeast ?? false,
    missed_until: isoOrNull(missed?.lastAtMs ?? null),
    missed_at: (missed?.instantsMs ?? []).map(isoOf),
    recorded_at: isoOf(recordedAtMs),
  };
}

export function momentWire(zone: string, { wallMs, atMs, shift }: Moment): z.output<typeof momentSchema> {
  const cron_time = localOf(wallMs);
  if (zone === RECIPIENT) {
    const { firstMs, lastMs } = momentsOfZones(wallMs);
    return { at: isoOf(firstMs), until: isoOf(lastMs), local_time: cron_time, cron_time, shift: null };
  }
  const shownMs = wallClockMs(zone, atMs);
  return {
    at: isoOf(atMs),
    until: null,
    local_time: `${localOf(shownMs)}${offsetOf(shownMs - atMs)}`,
    cron_time,
    shift: shift === null ? null : shift === 'gap' ? 'moved_by_gap' : 'first_of_overlap',
  };
}

function localOf(wallMs: number): string {
  return isoOf(wallMs).slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
}

/** For example `+02:00`. */
function offsetOf(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
