import { z } from '@hono/zod-openapi';
import type { Subscriptions } from '../../intake/subscriptions.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { namedUser } from '../kit/authenticate.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { invalidRequest } from '../kit/validation.ts';
import { USER_ID_SEGMENT, userId } from '../kit/wire-fields.ts';

export const removalBody = z
  .strictObject({
    endpoint: z.string().min(1).max(8192).openapi({ description: 'The whole endpoint, as the browser has it.' }),
    user_id: userId.optional().openapi({ description: 'That user’s alone; with a subscriber token, its user’s.' }),
  })
  .openapi('SubscriptionRemoval');

export const removedSchema = answerBody('RemovedSubscriptions', {
  removed: z.int().openapi({ description: 'Subscriptions that there were, retired ones among them.' }),
});

const REMOVED = { description: 'None is left.', body: removedSchema };

const removeRoute = defineRoute({
  method: 'post',
  path: '/v1/subscriptions/remove',
  operationId: 'removeSubscriptionsOfEndpoint',
  tag: 'Subscriptions',
  summary: 'Delete whatever has this endpoint',
  description: 'For back ends that know a browser by its endpoint. One that nobody has is no error: `removed` is 0.',
  access: 'subscriber',
  scope: 'manage',
  body: {
    schema: removalBody,
    example: { endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/example', user_id: 'user-42' },
    required: true,
  },
  answers: { 200: REMOVED },
  errors: ['invalid_endpoint'],
});

const removeUserRoute = defineRoute({
  method: 'delete',
  path: '/v1/users/{user_id}/subscriptions',
  operationId: 'removeSubscriptionsOfUser',
  tag: 'Subscriptions',
  summary: 'Delete all subscriptions of a user',
  description:
    'A user who has none is no error: `removed` is 0. A user id that cannot be part of a path goes into the query of ' +
    '`DELETE /v1/subscriptions`.',
  access: 'subscriber',
  scope: 'manage',
  params: z.object({
    user_id: userId.openapi({ pattern: USER_ID_SEGMENT, description: 'As the subscriptions have it.' }),
  }),
  answers: { 200: REMOVED },
  errors: [],
});

const removeNamedUserRoute = defineRoute({
  method: 'delete',
  path: '/v1/subscriptions',
  operationId: 'removeSubscriptionsOfNamedUser',
  tag: 'Subscriptions',
  summary: 'Delete all subscriptions of a user, whatever the user id',
  description:
    'As `DELETE /v1/users/{user_id}/subscriptions`, for the ids `.` and `..`, too, which no path can hold. Never those of all users.',
  access: 'subscriber',
  scope: 'manage',
  query: z.object({
    user_id: userId.optional().openapi({ description: 'Required, but with a subscriber token, which names the user.' }),
  }),
  answers: { 200: REMOVED },
  errors: [],
});

/** Removing subscriptions of which the caller knows no id. */
export function addSubscriptionRemovalRoutes(router: Router, subscriptions: Subscriptions): void {
  router.add(removeRoute, async ({ body }, c) => {
    const ofUser = namedUser(c, body.user_id);
    return answer(200, { removed: await subscriptions.deleteOfEndpoint(body.endpoint, ofUser) });
  });
  router.add(removeUserRoute, async ({ params }, c) => {
    const user = namedUser(c, params.user_id) ?? params.user_id;
    return answer(200, { removed: await subscriptions.deleteOfUser(user) });
  });
  router.add(removeNamedUserRoute, async ({ query }, c) => {
    const user = namedUser(c, query.user_id);
    if (user === null) throw invalidRequest([{ path: 'user_id', message: 'is required' }]);
    return answer(200, { removed: await subscriptions.deleteOfUser(user) });
  });
}
