import { z } from '@hono/zod-openapi';
import { mergePatch } from '../../domain/merge-patch.ts';
import type { IdempotencyClaim } from '../../intake/accepting.ts';
import type { Schedules } from '../../intake/schedules.ts';
import { answerBody, pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { invalidRequest, validate } from '../kit/validation.ts';
import { pageQuery, pageRequest } from '../kit/wire-fields.ts';
import { acceptedSchema, acceptedWire } from './notification-answer.ts';
import { claimOf, idempotencyHeaders, NOTIFICATION_PATH } from './notifications.ts';
import {
  bodyOf,
  documentedScheduleBody,
  draftOf,
  momentSchema,
  momentWire,
  occurrenceSchema,
  occurrenceWire,
  recurrenceBody,
  recurrenceOf,
  scheduleBody,
  scheduleExample,
  scheduleKey,
  schedulePatch,
  scheduleSchema,
  scheduleWire,
} from './schedule-schema.ts';

const SCHEDULES_PATH = '/v1/schedules';
const SCHEDULE_PATH = `${SCHEDULES_PATH}/{key}` as const;
const params = z.object({ key: scheduleKey });
const MOST_PREVIEWED = 200;

const listRoute = defineRoute({
  method: 'get',
  path: SCHEDULES_PATH,
  operationId: 'listSchedules',
  tag: 'Schedules',
  summary: 'List schedules, in order of key',
  access: 'key',
  scope: 'read',
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOf('SchedulePage', scheduleSchema) } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: SCHEDULE_PATH,
  operationId: 'getSchedule',
  tag: 'Schedules',
  summary: 'Read a schedule',
  access: 'key',
  scope: 'read',
  params,
  answers: { 200: { description: 'The schedule.', body: scheduleSchema } },
  errors: ['schedule_not_found'],
});

/** What the notification would be refused with, if it were sent now. */
const REFUSALS = [
  'invalid_schedule',
  'payload_too_large',
  'invalid_audience',
  'invalid_experiment',
  'experiment_key_used',
] as const;

const putRoute = defineRoute({
  method: 'put',
  path: SCHEDULE_PATH,
  operationId: 'putSchedule',
  tag: 'Schedules',
  summary: 'Have a notification sent again and again',
  description:
    'In place of the schedule that the key had. The notification is as in `POST /v1/notifications`, without `send_at`; it is ' +
    'checked as a call would be, now and at each time. Where its ' +
    'times stay as they are, a change skips and repeats none.',
  access: 'key',
  scope: 'send',
  params,
  body: { schema: scheduleBody, documented: documentedScheduleBody, example: scheduleExample, required: true },
  answers: { 200: { description: 'The schedule as it is now.', body: scheduleSchema } },
  errors: REFUSALS,
});

const patchRoute = defineRoute({
  method: 'patch',
  path: SCHEDULE_PATH,
  operationId: 'patchSchedule',
  tag: 'Schedules',
  summary: 'Change some fields of a schedule, or pause it',
  description:
    'A JSON merge patch (RFC 7396): null takes a field away. After a pause it goes on with the next time that comes; what came ' +
    'meanwhile is not made up for.',
  access: 'key',
  scope: 'send',
  params,
  body: { schema: schedulePatch, example: { is_paused: true }, required: true },
  answers: { 200: { description: 'The schedule as it is now.', body: scheduleSchema } },
  errors: ['schedule_not_found', ...REFUSALS],
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: SCHEDULE_PATH,
  operationId: 'deleteSchedule',
  tag: 'Schedules',
  summary: 'Delete a schedule',
  description: 'Notifications that it has made stay, and go where they go.',
  access: 'key',
  scope: 'send',
  params,
  answers: { 204: { description: 'It is gone.', body: null } },
  errors: ['schedule_not_found'],
});

const triggerRoute = defineRoute({
  method: 'post',
  path: `${SCHEDULE_PATH}/trigger`,
  operationId: 'triggerSchedule',
  tag: 'Schedules',
  summary: 'Send the notification of a schedule now',
  description: 'Its times stay as they are. One that is paused is sent, too.',
  access: 'key',
  scope: 'send',
  params,
  headers: idempotencyHeaders,
  answers: {
    202: {
      description: 'Accepted. Deliveries follow.',
      body: acceptedSchema,
      headers: {
        Location: 'The path of the notification.',
        'Idempotency-Replayed': '`true` when this answers a repeated call.',
      },
      leadsTo: ['getNotification', 'listDeliveries', 'listAttempts'],
    },
  },
  errors: [
    'schedule_not_found',
    'invalid_request',
    'payload_too_large',
    'idempotency_key_reused',
    'invalid_audience',
    'invalid_experiment',
    'experiment_key_used',
  ],
});

const previewAnswer = answerBody('SchedulePreview', { items: z.array(momentSchema) });
const previewQuery = z.object({
  count: z
    .string()
    .regex(/^\d{1,3}$/, `must be a whole number from 1 to ${MOST_PREVIEWED}`)
    .transform(Number)
    .refine((count) => count >= 1 && count <= MOST_PREVIEWED, `must be a whole number from 1 to ${MOST_PREVIEWED}`)
    .default(10)
    .openapi({ type: 'integer', minimum: 1, maximum: MOST_PREVIEWED, default: 10, description: 'How many.' }),
});

const previewRoute = defineRoute({
  method: 'get',
  path: `${SCHEDULE_PATH}/preview`,
  operationId: 'previewSchedule',
  tag: 'Schedules',
  summary: 'List the coming times of a schedule',
  description: 'As though it were not paused. A time that a change of daylight saving moves or doubles is marked.',
  access: 'key',
  scope: 'read',
  params,
  query: previewQuery,
  answers: { 200: { description: 'From now on.', body: previewAnswer } },
  errors: ['schedule_not_found'],
});

const previewUnkeptRoute = defineRoute({
  method: 'post',
  path: `${SCHEDULES_PATH}/preview`,
  operationId: 'previewTimes',
  isUnaudited: 'reads',
  tag: 'Schedules',
  summary: 'List the times that a schedule would have, and keep nothing',
  access: 'key',
  scope: 'read',
  query: previewQuery,
  body: { schema: recurrenceBody, example: { cron: '30 2 * * *', time_zone: 'Europe/Berlin' }, required: true },
  answers: { 200: { description: 'From now on.', body: previewAnswer } },
  errors: ['invalid_schedule'],
});

const occurrencesRoute = defineRoute({
  method: 'get',
  path: `${SCHEDULE_PATH}/occurrences`,
  operationId: 'listOccurrences',
  tag: 'Schedules',
  summary: 'List what came of the times of a schedule, newest first',
  description: 'Several in a row that were missed are one item.',
  access: 'key',
  scope: 'read',
  params,
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOf('OccurrencePage', occurrenceSchema) } },
  errors: ['schedule_not_found', 'invalid_cursor'],
});

/** Notifications that are sent again and again. */
export function addScheduleRoutes(router: Router, schedules: Schedules): void {
  router.add(listRoute, async ({ query }) => {
    const page = await schedules.list(pageRequest(query));
    return answer(200, { items: page.items.map(scheduleWire), next_cursor: page.next });
  });
  router.add(getRoute, async ({ params: { key } }) => answer(200, scheduleWire(await schedules.get(key))));
  router.add(putRoute, async ({ params: { key }, body }) =>
    answer(200, scheduleWire(await schedules.put(key, (before) => draftOf(key, body, before)))),
  );
  router.add(patchRoute, async ({ params: { key }, body }) => {
    return answer(200, scheduleWire(await schedules.change(key, (before) => patchedDraft(key, before, body))));
  });
  router.add(deleteRoute, async ({ params: { key } }) => {
    await schedules.delete(key);
    return answer(204, null);
  });
  addTimeRoutes(router, schedules);
}

type Patch = z.output<typeof schedulePatch>;
type Kept = Awaited<ReturnType<Schedules['get']>>;

/** The body that the patch makes of the one that was kept, checked as though it were put. */
function patchedDraft(key: string, before: Kept, patch: Patch) {
  const { value, issues } = validate(scheduleBody, mergePatch(bodyOf(before), patch));
  if (value === null) throw invalidRequest(issues);
  return draftOf(key, value, before);
}

/** When it is sent, and what came of it. */
function addTimeRoutes(router: Router, schedules: Schedules): void {
  router.add(previewUnkeptRoute, async ({ query, body }) => {
    const recurrence = recurrenceOf(body);
    const moments = await schedules.preview(recurrence, query.count);
    return answer(200, { items: moments.map((moment) => momentWire(recurrence.timeZone, moment)) });
  });
  router.add(previewRoute, async ({ params: { key }, query }) => {
    const schedule = await schedules.get(key);
    const moments = await schedules.preview(schedule, query.count);
    return answer(200, { items: moments.map((moment) => momentWire(schedule.timeZone, moment)) });
  });
  router.add(occurrencesRoute, async ({ params: { key }, query }) => {
    const page = await schedules.occurrences(key, pageRequest(query));
    return answer(200, { items: page.items.map(occurrenceWire), next_cursor: page.next });
  });
  router.add(triggerRoute, async ({ params: { key }, headers }, c) => {
    const claim: IdempotencyClaim | null = claimOf(headers['idempotency-key'], c);
    const accepted = await schedules.trigger(key, claim);
    if (accepted.isRepeated) c.set('isReplay', true);
    return answer(202, acceptedWire(accepted), {
      Location: resourcePath(NOTIFICATION_PATH, accepted.notification.id),
      ...(accepted.isRepeated ? { 'Idempotency-Replayed': 'true' } : {}),
    });
  });
}
