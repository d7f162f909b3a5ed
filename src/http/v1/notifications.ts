import { z } from '@hono/zod-openapi';
import { NOTIFICATION_STATUSES } from '../../domain/notification/notification.ts';
import type { IdempotencyClaim } from '../../intake/accepting.ts';
import type { Cancelled } from '../../intake/cancelling.ts';
import type { DryRun } from '../../intake/dry-run.ts';
import type { Notifications } from '../../intake/notifications.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { answerBody, pageOf } from '../kit/answer-schema.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { givenRequestId } from '../kit/request-id.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { invalidRequest } from '../kit/validation.ts';
import { idParams, instant, isoOrNull, moment, pageQuery, pageRequest, userId } from '../kit/wire-fields.ts';
import { dryRunSchema, dryRunWire } from './dry-run-schema.ts';
import {
  acceptedSchema,
  acceptedWire,
  milestoneFields,
  milestonesWire,
  notificationFields,
  notificationSchema,
  notificationStatus,
  notificationWire,
} from './notification-answer.ts';
import { countFields, countsWire } from './notification-counts.ts';
import {
  documentedNotificationBody,
  idempotencyKey,
  MOST_VALUES,
  notificationBody,
  notificationExample,
  notificationType,
  notifyRequestOf,
} from './notification-schema.ts';
import { receiptCountsSchema, receiptCountsWire } from './receipt-schema.ts';

// Not by `extend`: OpenAPI would get an `allOf`, of which some clients make two classes.
const count = z.int();

const withCounts = answerBody('NotificationWithCounts', {
  ...notificationFields,
  ...countFields,
  receipts: receiptCountsSchema,
  ...milestoneFields,
  released_user_count: z.int().nullable().openapi({
    description: 'To how many users it came so far, with deliveries or without, where it goes out later. Else null.',
  }),
});

const NOTIFICATIONS_PATH = '/v1/notifications';
export const NOTIFICATION_PATH = `${NOTIFICATIONS_PATH}/{id}` as const;

export const idempotencyHeaders = z.object({
  'idempotency-key': idempotencyKey
    .optional()
    .openapi({ description: 'The same key with the same body gives the first answer again. Kept 24 hours.' }),
});

/** What is refused in whatever is to be sent. */
const CONTENT_ERRORS = [
  'payload_too_large',
  'invalid_audience',
  'invalid_send_at',
  'unknown_template',
  'invalid_template',
  'invalid_variables',
  'invalid_experiment',
  'experiment_key_used',
] as const;

const acceptRoute = defineRoute({
  method: 'post',
  path: NOTIFICATIONS_PATH,
  operationId: 'sendNotification',
  isUnaudited: 'on_record',
  tag: 'Notifications',
  summary: 'Send a notification to users',
  description:
    'Accepted means durable: it will reach a final state for every active subscription of every user named. ' +
    'The payload to a device may have 3993 octets.',
  access: 'key',
  scope: 'send',
  headers: idempotencyHeaders,
  body: {
    schema: notificationBody,
    documented: documentedNotificationBody,
    example: notificationExample,
    required: true,
    mostValues: MOST_VALUES,
  },
  answers: {
    200: {
      description: 'With `dry_run`: what would come of it.',
      body: dryRunSchema,
      isUndocumented: true,
    },
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
  errors: ['idempotency_key_reused', ...CONTENT_ERRORS],
});

const dryRunRoute = defineRoute({
  method: 'post',
  path: `${NOTIFICATIONS_PATH}/dry-run`,
  operationId: 'dryRunNotification',
  isUnaudited: 'reads',
  tag: 'Notifications',
  summary: 'Tell what would come of a notification, and send nothing',
  description: 'Nothing is kept. `dry_run: true` in the body of `POST /v1/notifications` does the same.',
  access: 'key',
  scope: 'send',
  body: {
    schema: notificationBody,
    documented: documentedNotificationBody,
    example: notificationExample,
    required: true,
    mostValues: MOST_VALUES,
  },
  answers: { 200: { description: 'What would come of it.', body: dryRunSchema } },
  errors: CONTENT_ERRORS,
});

const listRoute = defineRoute({
  method: 'get',
  path: NOTIFICATIONS_PATH,
  operationId: 'listNotifications',
  tag: 'Notifications',
  summary: 'List notifications, newest first',
  access: 'key',
  scope: 'read',
  query: pageQuery.extend({
    user_id: userId.optional().openapi({ description: 'Only those with a delivery to this user.' }),
    type: notificationType.optional().openapi({ description: 'Only those of this type.' }),
    status: z.enum(NOTIFICATION_STATUSES).optional().openapi({ description: 'Only those that have come so far.' }),
    from: moment.optional().openapi({ description: 'Accepted at or after this instant.' }),
    until: moment.optional().openapi({ description: 'Accepted before this instant.' }),
    sort: z.enum(['accepted_at', 'send_at']).optional().openapi({
      description:
        'Left out, the newest first. `send_at`: those that are scheduled, the next one first; no other filter goes with it.',
    }),
  }),
  answers: { 200: { description: 'One page.', body: pageOf('NotificationPage', notificationSchema) } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: NOTIFICATION_PATH,
  operationId: 'getNotification',
  tag: 'Notifications',
  summary: 'Read one notification, with its deliveries counted by state',
  access: 'key',
  scope: 'read',
  params: idParams('notification'),
  answers: { 200: { description: 'The notification.', body: withCounts } },
  errors: ['notification_not_found'],
});

const cancelledSchema = answerBody('CancelledNotification', {
  id: z.string(),
  status: notificationStatus,
  cancelled_at: instant.nullable(),
  delivered: count.openapi({ description: 'Deliveries that the push services had taken.' }),
  in_flight: count.openapi({ description: 'Deliveries under way: each ends by itself, and is not tried again.' }),
  cancelled: count.openapi({ description: 'Deliveries that are not sent.' }),
  ended_otherwise: count.openapi({ description: 'Deliveries that had failed, expired or been pruned.' }),
});

const cancelRoute = defineRoute({
  method: 'post',
  path: `${NOTIFICATION_PATH}/cancel`,
  operationId: 'cancelNotification',
  tag: 'Notifications',
  summary: 'Call a notification off',
  description:
    'Nothing of it is sent any more, but for pushes under way. Users whom it had not come to get nothing of it, for the reason ' +
    '`cancelled`. Repeating the call gives the numbers as they are then.',
  access: 'key',
  scope: 'send',
  params: idParams('notification'),
  answers: { 200: { description: 'What had become of its deliveries by then.', body: cancelledSchema } },
  errors: ['notification_not_found', 'notification_completed'],
});

export type NotificationParts = {
  readonly notifications: Notifications;
  readonly dryRun: (request: NotifyRequest) => Promise<DryRun>;
};

/** The notifications that callers send, and how far each has come. */
export function addNotificationRoutes(router: Router, { notifications, dryRun }: NotificationParts): void {
  router.add(acceptRoute, async ({ body, headers }, c) => {
    if (body.dry_run === true) return answer(200, dryRunWire(await dryRun(notifyRequestOf(body))));
    const claim = claimOf(headers['idempotency-key'], c);
    const accepted = await notifications.accept(
      { ...notifyRequestOf(body), trace: c.get('trace') },
      claim,
      givenRequestId(c),
    );
    if (accepted.isRepeated) c.set('isReplay', true);
    return answer(202, acceptedWire(accepted), {
      Location: resourcePath(NOTIFICATION_PATH, accepted.notification.id),
      ...(accepted.isRepeated ? { 'Idempotency-Replayed': 'true' } : {}),
    });
  });
  router.add(dryRunRoute, async ({ body }) => answer(200, dryRunWire(await dryRun(notifyRequestOf(body)))));
  router.add(listRoute, async ({ query }) => {
    const page =
      query.sort === 'send_at'
        ? await comingPage(notifications, query)
        : await notifications.list({
            ...pageRequest(query),
            userId: query.user_id ?? null,
            type: query.type ?? null,
            status: query.status ?? null,
            fromMs: query.from ?? null,
            untilMs: query.until ?? null,
          });
    return answer(200, { items: page.items.map(notificationWire), next_cursor: page.next });
  });
  router.add(getRoute, async ({ params }) => {
    const { notification, counted, receipts, isCountingReceipts, milestones } = await notifications.get(params.id);
    return answer(200, {
      ...notificationWire(notification),
      ...countsWire(counted),
      receipts: receiptCountsWire(receipts, isCountingReceipts),
      ...milestonesWire(milestones),
      released_user_count: notification.releasedUsers,
    });
  });
  router.add(cancelRoute, async ({ params }) => answer(200, cancelledWire(await notifications.cancel(params.id))));
}

function cancelledWire(from: Cancelled): z.output<typeof cancelledSchema> {
  const { notification, delivered, inFlight, cancelled, endedOtherwise } = from;
  return {
    id: notification.id,
    status: notification.status,
    cancelled_at: isoOrNull(notification.cancelledAtMs),
    delivered,
    in_flight: inFlight,
    cancelled,
    ended_otherwise: endedOtherwise,
  };
}

/** What waits for its time, in the order in which it comes. */
function comingPage(notifications: Notifications, query: z.output<typeof listRoute.query>) {
  const { user_id: userId, type, status, from, until } = query;
  const isFiltered = [userId, type, from, until].some((value) => value !== undefined);
  if (isFiltered || (status !== undefined && status !== 'scheduled'))
    throw invalidRequest([
      { path: 'sort', message: '`send_at` goes with `status=scheduled` and with no other filter' },
    ]);
  return notifications.coming(pageRequest(query));
}

/** What a caller promises with an idempotency key; null without one. */
export function claimOf(key: string | undefined, c: ApiContext): IdempotencyClaim | null {
  if (key === undefined) return null;
  const { method, path } = c.req;
  return { keyId: c.get('caller')?.keyId ?? '', key, method, path, rawBody: c.get('rawBody') };
}
