import { z } from '@hono/zod-openapi';
import type { Subscriptions } from '../../intake/subscriptions.ts';
import { pageOf } from '../kit/answer-schema.ts';
import { boundUser, namedUser } from '../kit/authenticate.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { idParams, pageQuery, pageRequest, userId } from '../kit/wire-fields.ts';
import {
  documentedRegisterBody,
  registerBody,
  registerExample,
  registerRequestOf,
  subscriptionSchema,
  subscriptionWire,
} from './subscription-schema.ts';

const LEADS_TO = ['getSubscription', 'deleteSubscription'];

const SUBSCRIPTIONS_PATH = '/v1/subscriptions';
const SUBSCRIPTION_PATH = `${SUBSCRIPTIONS_PATH}/{id}` as const;
const LOCATION = { Location: 'The path of the subscription.' };
const params = idParams('subscription');

const registerRoute = defineRoute({
  method: 'post',
  path: SUBSCRIPTIONS_PATH,
  operationId: 'registerSubscription',
  isUnaudited: 'on_record',
  tag: 'Subscriptions',
  summary: 'Register a browser for a user',
  description:
    'The same endpoint again updates the subscription. An endpoint of another user moves when, and only when, both ' +
    'keys equal the registered ones.',
  access: 'subscriber',
  scope: 'send',
  body: {
    schema: registerBody,
    documented: documentedRegisterBody,
    example: registerExample,
    required: true,
    requiredWithKey: 'user_id',
  },
  answers: {
    200: {
      description: 'Registered before, under this endpoint or as `replaces_id`; updated.',
      body: subscriptionSchema,
      headers: LOCATION,
      leadsTo: LEADS_TO,
    },
    201: {
      description: 'New, or moved from another user (`replaces`).',
      body: subscriptionSchema,
      headers: LOCATION,
      leadsTo: LEADS_TO,
    },
  },
  errors: [
    'invalid_endpoint',
    'endpoint_not_allowed',
    'invalid_subscription_keys',
    'endpoint_taken',
    'unknown_vapid_key',
    'too_many_requests',
  ],
});

const listRoute = defineRoute({
  method: 'get',
  path: SUBSCRIPTIONS_PATH,
  operationId: 'listSubscriptions',
  tag: 'Subscriptions',
  summary: 'List subscriptions, newest first',
  access: 'subscriber',
  scope: 'read',
  query: pageQuery.extend({
    user_id: userId.optional().openapi({ description: 'Only those of this user.' }),
    include_inactive: z.enum(['true', 'false']).default('false').openapi({ description: 'Retired ones, too.' }),
  }),
  answers: { 200: { description: 'One page.', body: pageOf('SubscriptionPage', subscriptionSchema) } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: SUBSCRIPTION_PATH,
  operationId: 'getSubscription',
  tag: 'Subscriptions',
  summary: 'Read one subscription',
  access: 'subscriber',
  scope: 'read',
  params,
  answers: { 200: { description: 'The subscription.', body: subscriptionSchema } },
  errors: ['subscription_not_found'],
});

const restoreRoute = defineRoute({
  method: 'post',
  path: `${SUBSCRIPTION_PATH}/restore`,
  operationId: 'restoreSubscription',
  tag: 'Subscriptions',
  summary: 'Make a retired subscription active again',
  description: 'For one that a push service wrongly called gone. One that is active stays as it is.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 200: { description: 'The subscription, active.', body: subscriptionSchema } },
  errors: ['subscription_not_found', 'endpoint_taken'],
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: SUBSCRIPTION_PATH,
  operationId: 'deleteSubscription',
  tag: 'Subscriptions',
  summary: 'Delete a subscription, its endpoint and its keys',
  access: 'subscriber',
  scope: 'manage',
  params,
  answers: { 204: { description: 'Deleted.', body: null } },
  errors: ['subscription_not_found'],
});

/** The browsers that can be sent to, and the user of each. */
export function addSubscriptionRoutes(router: Router, subscriptions: Subscriptions): void {
  router.add(registerRoute, async ({ body }, c) => {
    const isByToken = boundUser(c) !== null;
    const registered = await subscriptions.register({
      ...registerRequestOf(body, namedUser(c, body.user_id)),
      isByToken,
    });
    const status = registered.kind === 'updated' ? 200 : 201;
    const headers = { Location: resourcePath(SUBSCRIPTION_PATH, registered.subscription.id) };
    return answer(status, subscriptionWire(registered.subscription), headers);
  });
  router.add(listRoute, async ({ query }, c) => {
    const page = await subscriptions.list({
      ...pageRequest(query),
      userId: namedUser(c, query.user_id),
      includeRetired: query.include_inactive === 'true',
    });
    return answer(200, { items: page.items.map(subscriptionWire), next_cursor: page.next });
  });
  router.add(getRoute, async ({ params: { id } }, c) =>
    answer(200, subscriptionWire(await subscriptions.get(id, boundUser(c)))),
  );
  router.add(restoreRoute, async ({ params: { id } }) =>
    answer(200, subscriptionWire(await subscriptions.restore(id))),
  );
  router.add(deleteRoute, async ({ params: { id } }, c) => {
    await subscriptions.delete(id, boundUser(c));
    return answer(204, null);
  });
}
