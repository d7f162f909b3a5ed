import { z } from '@hono/zod-openapi';
import { WEBHOOK_DELIVERY_STATES } from '../../domain/webhook/webhook-delivery.ts';
import type { WebhookEndpoints } from '../../intake/webhook-endpoints.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { idParams, pageQuery, pageRequest } from '../kit/wire-fields.ts';
import {
  changeOf,
  endpointWire,
  replayBody,
  rotationBody,
  webhookDeliveryPage,
  webhookDeliverySchema,
  webhookDeliveryWire,
  webhookEndpointBody,
  webhookEndpointList,
  webhookEndpointPatch,
  webhookEndpointSchema,
  webhookSecretSchema,
} from './webhook-schema.ts';

const ENDPOINTS_PATH = '/v1/webhook-endpoints';
const ENDPOINT_PATH = `${ENDPOINTS_PATH}/{id}` as const;
const params = idParams('webhookEndpoint');
const DAY_SECONDS = 86_400;

const common = { tag: 'Events', access: 'key', errors: ['webhook_endpoint_not_found'] } as const;

const createRoute = defineRoute({
  ...common,
  method: 'post',
  path: ENDPOINTS_PATH,
  operationId: 'createWebhookEndpoint',
  summary: 'Have events sent to a URL',
  description: 'It is sent what happens from now on. The secret is in this answer and in no other.',
  scope: 'manage',
  body: {
    schema: webhookEndpointBody,
    example: { url: 'https://example.com/hooks', event_types: ['delivery.failed'] },
    required: true,
  },
  answers: {
    201: {
      description: 'The endpoint, with its secret.',
      body: webhookSecretSchema,
      headers: { Location: 'The path of the endpoint.' },
      leadsTo: [
        'getWebhookEndpoint',
        'changeWebhookEndpoint',
        'deleteWebhookEndpoint',
        'rotateWebhookSecret',
        'listWebhookDeliveries',
        'replayWebhookEvents',
      ],
    },
  },
  errors: ['invalid_webhook_url', 'too_many_webhook_endpoints'],
});

const listRoute = defineRoute({
  ...common,
  method: 'get',
  path: ENDPOINTS_PATH,
  operationId: 'listWebhookEndpoints',
  summary: 'List all webhook endpoints',
  scope: 'read',
  answers: { 200: { description: 'The endpoints, without their secrets.', body: webhookEndpointList } },
  errors: [],
});

const getRoute = defineRoute({
  ...common,
  method: 'get',
  path: ENDPOINT_PATH,
  operationId: 'getWebhookEndpoint',
  summary: 'Read one webhook endpoint',
  scope: 'read',
  params,
  answers: { 200: { description: 'The endpoint, without its secret.', body: webhookEndpointSchema } },
});

const patchRoute = defineRoute({
  ...common,
  method: 'patch',
  path: ENDPOINT_PATH,
  operationId: 'changeWebhookEndpoint',
  summary: 'Change, enable or disable a webhook endpoint',
  description: 'What is left out stays. Enabled again, it is sent what happens from then on; a replay sends the rest.',
  scope: 'manage',
  params,
  body: { schema: webhookEndpointPatch, example: { is_enabled: true }, required: true },
  answers: { 200: { description: 'As it is now.', body: webhookEndpointSchema } },
  errors: ['webhook_endpoint_not_found', 'invalid_webhook_url'],
});

const deleteRoute = defineRoute({
  ...common,
  method: 'delete',
  path: ENDPOINT_PATH,
  operationId: 'deleteWebhookEndpoint',
  summary: 'Delete a webhook endpoint and what is on record of it',
  scope: 'manage',
  params,
  answers: { 204: { description: 'Nothing is sent to it any more.', body: null } },
});

const rotateRoute = defineRoute({
  ...common,
  method: 'post',
  path: `${ENDPOINT_PATH}/rotate-secret`,
  operationId: 'rotateWebhookSecret',
  summary: 'Get a new secret; the one before signs, too, for a while',
  scope: 'manage',
  params,
  body: { schema: rotationBody, example: { keep_seconds: 3600 }, required: false },
  answers: { 200: { description: 'The endpoint, with the new secret.', body: webhookSecretSchema } },
});

const deliveriesRoute = defineRoute({
  ...common,
  method: 'get',
  path: `${ENDPOINT_PATH}/deliveries`,
  operationId: 'listWebhookDeliveries',
  summary: 'What was sent to an endpoint, with every attempt',
  scope: 'read',
  params,
  query: pageQuery.extend({
    state: z.enum(WEBHOOK_DELIVERY_STATES).optional().openapi({ description: 'Only those in this state.' }),
  }),
  answers: { 200: { description: 'One page, the newest event first.', body: webhookDeliveryPage } },
  errors: ['webhook_endpoint_not_found', 'invalid_cursor'],
});

const replayOneRoute = defineRoute({
  ...common,
  method: 'post',
  path: `${ENDPOINT_PATH}/deliveries/{delivery_id}/replay`,
  operationId: 'replayWebhookDelivery',
  summary: 'Send one event again',
  scope: 'manage',
  params: params.extend({
    delivery_id: z.string().openapi({
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'As the listing has it.',
      example: 'whd_01kdz9f1v6v6j0q2y3w4x5z6a7',
    }),
  }),
  answers: { 200: { description: 'It is due now, for three days.', body: webhookDeliverySchema } },
  errors: ['webhook_endpoint_not_found', 'webhook_delivery_not_found'],
});

const replayRoute = defineRoute({
  ...common,
  method: 'post',
  path: `${ENDPOINT_PATH}/replay`,
  operationId: 'replayWebhookEvents',
  summary: 'Send all events since an instant again',
  scope: 'manage',
  params,
  body: { schema: replayBody, example: { since: '2026-01-31T12:00:00Z' }, required: true },
  answers: { 202: { description: 'They will be sent.', body: webhookEndpointSchema } },
});

/** Where events are sent, and what came of each. */
export function addWebhookRoutes(router: Router, endpoints: WebhookEndpoints): void {
  router.add(createRoute, async ({ body }) => {
    const { endpoint, secret } = await endpoints.create({ ...changeOf(body), url: body.url });
    const location = { Location: resourcePath(ENDPOINT_PATH, endpoint.id) };
    return answer(201, { ...endpointWire(endpoint), secret }, location);
  });
  router.add(listRoute, async () => answer(200, { items: (await endpoints.list()).map(endpointWire) }));
  router.add(getRoute, async ({ params: { id } }) => answer(200, endpointWire(await endpoints.get(id))));
  router.add(patchRoute, async ({ params: { id }, body }) =>
    answer(200, endpointWire(await endpoints.change(id, changeOf(body)))),
  );
  router.add(deleteRoute, async ({ params: { id } }) => {
    await endpoints.delete(id);
    return answer(204, null);
  });
  router.add(rotateRoute, async ({ params: { id }, body }) => {
    const keptMs = (body?.keep_seconds ?? DAY_SECONDS) * 1000;
    const { endpoint, secret } = await endpoints.rotate(id, keptMs);
    return answer(200, { ...endpointWire(endpoint), secret });
  });
  router.add(deliveriesRoute, async ({ params: { id }, query: { state, ...page } }) => {
    const query = { ...pageRequest(page), endpointId: id, state: state ?? null };
    const { items, next } = await endpoints.deliveries(query);
    return answer(200, { items: items.map(webhookDeliveryWire), next_cursor: next });
  });
  router.add(replayOneRoute, async ({ params: { id, delivery_id: deliveryId } }) =>
    answer(200, webhookDeliveryWire(await endpoints.replayOne(id, deliveryId))),
  );
  router.add(replayRoute, async ({ params: { id }, body }) =>
    answer(202, endpointWire(await endpoints.replaySince(id, Date.parse(body.since)))),
  );
}
