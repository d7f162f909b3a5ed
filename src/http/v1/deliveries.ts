import { z } from '@hono/zod-openapi';
import type { DeliveryFilter } from '../../domain/delivery/delivery-filter.ts';
import { MAX_TTL_SECONDS } from '../../domain/notification/notification.ts';
import type { DeadLetters } from '../../intake/dead-letters.ts';
import type { Notifications } from '../../intake/notifications.ts';
import { pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { idParams, pageQuery, pageRequest } from '../kit/wire-fields.ts';
import { attemptFilterOf, deadLetterFilterOf, filterOf, narrowedBy } from './delivery-query.ts';
import { attemptSchema, attemptWire, deliverySchema, deliveryWire, toldDeliverySchema } from './delivery-schema.ts';
import { TTL_RANGE } from './notification-schema.ts';
import { NOTIFICATION_PATH } from './notifications.ts';
import { receiptWire } from './receipt-schema.ts';

const DELIVERY_PATH = '/v1/deliveries/{id}';
const { user_id, notification_id, push_service, state, reason, type, remedy, outcome, from, until } = narrowedBy;
const notificationParams = idParams('notification');
const deliveryParams = idParams('delivery');

const listRoute = defineRoute({
  method: 'get',
  path: `${NOTIFICATION_PATH}/deliveries`,
  operationId: 'listDeliveries',
  tag: 'Deliveries',
  summary: 'List the deliveries of a notification',
  access: 'key',
  scope: 'read',
  params: notificationParams,
  query: pageQuery.extend({ state, reason, user_id, push_service }),
  answers: { 200: { description: 'One page.', body: pageOf('DeliveryPage', deliverySchema) } },
  errors: ['notification_not_found', 'invalid_cursor'],
});

const attemptsRoute = defineRoute({
  method: 'get',
  path: `${NOTIFICATION_PATH}/attempts`,
  operationId: 'listAttempts',
  tag: 'Deliveries',
  summary: 'List every attempt for a notification, delivery by delivery',
  access: 'key',
  scope: 'read',
  params: notificationParams,
  query: pageQuery.extend({
    user_id,
    push_service,
    outcome,
    from: from.openapi({ description: 'Begun at or after this instant.' }),
    until: until.openapi({ description: 'Begun before this instant.' }),
  }),
  answers: { 200: { description: 'One page; the limit counts attempts.', body: pageOf('AttemptPage', attemptSchema) } },
  errors: ['notification_not_found', 'invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: DELIVERY_PATH,
  operationId: 'getDelivery',
  tag: 'Deliveries',
  summary: 'Read one delivery with its states and attempts',
  access: 'key',
  scope: 'read',
  params: deliveryParams,
  answers: { 200: { description: 'The delivery.', body: toldDeliverySchema } },
  errors: ['delivery_not_found'],
});

const deadLettersRoute = defineRoute({
  method: 'get',
  path: '/v1/dead-letters',
  operationId: 'listDeadLetters',
  tag: 'Deliveries',
  summary: 'List failed deliveries, newest first',
  description:
    'Each one waits for a person: mend the cause, then replay it. Those of one notification come in order of id.',
  access: 'key',
  scope: 'read',
  query: pageQuery.extend({
    user_id,
    notification_id,
    push_service,
    reason,
    type,
    remedy,
    from: from.openapi({ description: 'Failed at or after this instant.' }),
    until: until.openapi({ description: 'Failed before this instant.' }),
  }),
  answers: { 200: { description: 'One page.', body: pageOf('DeadLetterPage', deliverySchema) } },
  errors: ['invalid_cursor'],
});

const replayRoute = defineRoute({
  method: 'post',
  path: `${DELIVERY_PATH}/replay`,
  operationId: 'replayDelivery',
  tag: 'Deliveries',
  summary: 'Send a failed or expired delivery again',
  access: 'key',
  scope: 'send',
  params: deliveryParams,
  body: {
    schema: z
      .strictObject({
        ttl_seconds: z
          .int(TTL_RANGE)
          .min(1, TTL_RANGE)
          .max(MAX_TTL_SECONDS, TTL_RANGE)
          .optional()
          .openapi({ description: 'A new deadline, from now. Needed once the old one has passed.' }),
      })
      .openapi('ReplayInput'),
    example: { ttl_seconds: 3600 },
    required: false,
  },
  answers: {
    202: {
      description: 'Waiting to be sent again.',
      body: deliverySchema,
      headers: { Location: 'The path of the delivery.' },
      leadsTo: ['getDelivery'],
    },
  },
  errors: [
    'delivery_not_found',
    'delivery_not_replayable',
    'deadline_passed',
    'subscription_inactive',
    'notification_cancelled',
  ],
});

/** What became of a notification, subscription by subscription. Those that Bellhop gave up are the dead letters. */
export function addDeliveryRoutes(router: Router, notifications: Notifications, deadLetters: DeadLetters): void {
  router.add(listRoute, async ({ params, query }) => {
    const page = await notifications.deliveries(ofNotification(params.id, query, filterOf(query)));
    return answer(200, { items: page.items.map(deliveryWire), next_cursor: page.next });
  });
  router.add(attemptsRoute, async ({ params, query }) => {
    const page = await notifications.attempts(ofNotification(params.id, query, attemptFilterOf(query)));
    const items = page.items.map(({ delivery, attempt }) => attemptWire(delivery, attempt));
    return answer(200, { items, next_cursor: page.next });
  });
  router.add(getRoute, async ({ params: { id } }) => {
    const delivery = await notifications.delivery(id);
    return answer(200, { ...deliveryWire(delivery), receipts: (await notifications.receipts(id)).map(receiptWire) });
  });
  router.add(deadLettersRoute, async ({ query }) => {
    const page = await deadLetters.list({ ...pageRequest(query), filter: deadLetterFilterOf(query) });
    return answer(200, { items: page.items.map(deliveryWire), next_cursor: page.next });
  });
  router.add(replayRoute, async ({ params, body }) => {
    const delivery = await deadLetters.replay(params.id, { ttlSeconds: body?.ttl_seconds ?? null });
    return answer(202, deliveryWire(delivery), { Location: resourcePath(DELIVERY_PATH, delivery.id) });
  });
}

function ofNotification(
  notificationId: string,
  query: z.output<typeof pageQuery> & { readonly user_id?: string | undefined },
  filter: DeliveryFilter,
) {
  return { ...pageRequest(query), notificationId, userId: query.user_id ?? null, filter };
}
