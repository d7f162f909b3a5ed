import { z } from '@hono/zod-openapi';
import type { DeliveryOfNotification, UserDeliveries } from '../../intake/user-deliveries.ts';
import { answerBody, pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { pageQuery, pageRequest, userId } from '../kit/wire-fields.ts';
import { filterOf, narrowedBy, spanOf } from './delivery-query.ts';
import { attemptSchema, attemptWire, deliveryFields, deliveryWire } from './delivery-schema.ts';

export const userDeliveryFields = {
  ...deliveryFields,
  type: z.string().nullable().openapi({ description: 'Of the notification; null where that is forgotten already.' }),
  title: z.string().nullable().openapi({ description: 'As `type`.' }),
  // Not null: of a name or null, generators make what does not compile.
  last_attempt: attemptSchema.optional(),
};

export const userDeliverySchema = answerBody(
  'UserDelivery',
  userDeliveryFields,
  'Before the first attempt there is no `last_attempt`.',
);

const { state, reason, push_service, from, until } = narrowedBy;
const query = pageQuery.extend({
  state,
  reason,
  push_service,
  from: from.openapi({ description: 'The notification was accepted at or after this instant.' }),
  until: until.openapi({ description: 'The notification was accepted before this instant.' }),
});

const named = userId.openapi({ description: 'As notifications and subscriptions have it.' });

const COMMON = {
  method: 'get',
  tag: 'Deliveries',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'One page.', body: pageOf('UserDeliveryPage', userDeliverySchema) } },
  errors: ['invalid_cursor'],
} as const;

const ofUserRoute = defineRoute({
  ...COMMON,
  path: '/v1/users/{user_id}/deliveries',
  operationId: 'listDeliveriesOfUser',
  summary: 'List what was sent to one user and what became of it, newest first',
  description: 'Each with what it was about and its last attempt, so that one call tells why somebody got nothing.',
  params: z.object({ user_id: named }),
  query,
});

const byQueryRoute = defineRoute({
  ...COMMON,
  path: '/v1/deliveries',
  operationId: 'listDeliveriesOfNamedUser',
  summary: 'List what was sent to one user, whatever the user id',
  description: 'As `GET /v1/users/{user_id}/deliveries`, for the ids `.` and `..`, too, which no path can hold.',
  query: query.extend({ user_id: named }),
});

/** What one user got, and why not: each delivery with what it was about, and what came of it last. */
export function addUserDeliveryRoutes(router: Router, deliveries: UserDeliveries): void {
  const pageFor = async (userId: string, asked: z.output<typeof query>) => {
    const page = await deliveries.list({ ...pageRequest(asked), ...spanOf(asked), userId, filter: filterOf(asked) });
    return answer(200, { items: page.items.map(userDeliveryWire), next_cursor: page.next });
  };
  router.add(ofUserRoute, async ({ params, query }) => pageFor(params.user_id, query));
  router.add(byQueryRoute, async ({ query }) => pageFor(query.user_id, query));
}

export function userDeliveryWire({
  delivery,
  notification,
}: DeliveryOfNotification): z.output<typeof userDeliverySchema> {
  const { states: _, attempts: __, ...rest } = deliveryWire(delivery);
  const last = delivery.attempts.at(-1);
  return {
    ...rest,
    type: notification?.content.type ?? null,
    title: notification?.content.title ?? null,
    ...(last === undefined ? {} : { last_attempt: attemptWire(delivery, last) }),
  };
}
