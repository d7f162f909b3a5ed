import { z } from '@hono/zod-openapi';
import { pushTargetOf } from '../../domain/push-service/push-target.ts';
import { RETIREMENT_REASONS, type Subscription, shortenEndpoint } from '../../domain/subscription/subscription.ts';
import type { RegisterRequest, Subscriptions } from '../../intake/subscriptions.ts';
import { answerBody, answerWordOrNull, pageOf } from '../kit/answer-schema.ts';
import { boundUser, namedUser } from '../kit/authenticate.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { invalidRequest } from '../kit/validation.ts';
import {
  idParams,
  instant,
  isoOf,
  isoOrNull,
  LAST_INSTANT_MS,
  locale,
  pageQuery,
  pageRequest,
  userId,
} from '../kit/wire-fields.ts';

const keys = ofBrowsers({
  p256dh: z.string().min(1).max(200).openapi({ description: 'Base64url, 65 octets: a point on P-256.' }),
  auth: z.string().min(1).max(100).openapi({ description: 'Base64url, 16 octets.' }),
});

export const registerFields = {
  user_id: userId.optional().openapi({ description: 'Required, but with a subscriber token, which names the user.' }),
  endpoint: z.string().min(1).max(8192),
  keys,
  expirationTime: z.number().min(0).nullish().openapi({
    format: 'double',
    description: 'As browsers write it: epoch milliseconds. One beyond the year 9999 is kept as its end.',
  }),
  vapid_public_key: z.string().max(200).nullish().openapi({
    description:
      'The key the browser subscribed with, base64url (other spellings are understood); needed only after a rotation, by pages that may hold an older one.',
  }),
  replaces_id: z
    .string()
    .max(200)
    .nullish()
    .openapi({
      description:
        'The subscription that the same device had before, where its endpoint changed: it keeps its id and gets the new ' +
        'endpoint. Ignored where it is unknown or another user’s.',
    }),
  locale: locale.nullish(),
  user_agent: z.string().max(512).nullish(),
};

/** Not documented: beside `expirationTime` it would be the same name in Go, Java, PHP and Ruby. */
export const undocumentedFields = {
  expiration_time: z
    .union([z.number().min(0), z.iso.datetime({ offset: true })], {
      error: 'must be an ISO 8601 instant with a zone, epoch milliseconds, or null',
    })
    .nullish(),
};

export const registerBody = ofBrowsers({ ...registerFields, ...undocumentedFields }).refine(
  ({ expiration_time: ours, expirationTime: theirs }) => ours === undefined || theirs === undefined,
  {
    path: ['expirationTime'],
    error: 'is the same as expiration_time; send one of them',
  },
);

const documentedBody = ofBrowsers(registerFields).openapi('SubscriptionInput', {
  description:
    '`PushSubscription.toJSON()` of a browser works as it is, and members that browsers add to it later are ignored; ' +
    'with an API key, `user_id` is added. In the place of `expirationTime`, `expiration_time` may be an ISO 8601 instant.',
});

/** The keys of an example in RFC 8291. */
export const registerExample: z.input<typeof documentedBody> = {
  user_id: 'user-42',
  endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/example',
  expirationTime: null,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
};

const LEADS_TO = ['getSubscription', 'deleteSubscription'];

export const subscriptionSchema = answerBody('Subscription', {
  id: z.string(),
  user_id: z.string(),
  endpoint: z.string().openapi({ description: 'Shortened: the whole endpoint is a secret.' }),
  active: z.boolean(),
  retired_reason: answerWordOrNull(RETIREMENT_REASONS, 'Why it receives no more.'),
  retired_at: instant.nullable(),
  retired_by: z.string().nullable().openapi({ description: 'The delivery whose answer retired it.' }),
  quarantined_since: instant.nullable().openapi({ description: 'Its push service refuses it, which may heal.' }),
  quarantined_until: instant.nullable().openapi({ description: 'Nothing is sent to it before.' }),
  suspected_by: z.string().nullable().openapi({ description: 'The hold on pruning that keeps it from retirement.' }),
  push_service: z.string().openapi({ description: 'The origin of its endpoint.' }),
  vapid_public_key: z.string(),
  expiration_time: instant.nullable(),
  locale: z.string().nullable(),
  user_agent: z.string().nullable(),
  replaces: z.string().nullable().openapi({ description: 'The other user’s subscription that this one took over.' }),
  created_at: instant,
  updated_at: instant,
});

const SUBSCRIPTIONS_PATH = '/v1/subscriptions';
const SUBSCRIPTION_PATH = `${SUBSCRIPTIONS_PATH}/{id}` as const;
const LOCATION = { Location: 'The path of the subscription.' };
const params = idParams('subscription');

const registerRoute = defineRoute({
  method: 'post',
  path: SUBSCRIPTIONS_PATH,
  operationId: 'registerSubscription',
  tag: 'Subscriptions',
  summary: 'Register a browser for a user',
  description:
    'The same endpoint again updates the subscription. An endpoint of another user moves when, and only when, both ' +
    'keys equal the registered ones.',
  access: 'subscriber',
  scope: 'send',
  body: {
    schema: registerBody,
    documented: documentedBody,
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
    const registered = await subscriptions.register({ ...requestOf(body, namedUser(c, body.user_id)), isByToken });
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

/**
 * An object that browsers write: members that they add to it later are ignored, where elsewhere an unknown field is refused.
 * One that differs from a known field by capitals and underscores alone is a slip of the caller, and refused.
 */
export function ofBrowsers<Fields extends z.ZodRawShape>(fields: Fields) {
  const known = Object.keys(fields);
  const schema = z.looseObject(fields).superRefine((value, context) => {
    for (const name of Object.keys(value).filter((each) => !known.includes(each))) {
      const meant = known.find((each) => bare(each) === bare(name));
      if (meant !== undefined) context.addIssue({ code: 'custom', path: [name], message: `is spelt ${meant}` });
    }
  });
  // What nobody knows is not for the types to tell of.
  return schema as unknown as z.ZodObject<Fields>;
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

function requestOf(body: z.output<typeof registerBody>, user: string | null): Omit<RegisterRequest, 'isByToken'> {
  if (user === null) throw invalidRequest([{ path: 'user_id', message: 'is required' }]);
  return {
    userId: user,
    endpoint: body.endpoint,
    keys: body.keys,
    expirationAtMs: atMsOf(body.expiration_time ?? body.expirationTime),
    vapidPublicKey: body.vapid_public_key ?? null,
    formerId: body.replaces_id ?? null,
    locale: body.locale ?? null,
    userAgent: body.user_agent ?? null,
  };
}

/**
 * Null where there is no instant. Browsers may give fractions of a millisecond, and for “never” more of them than a date has
 * room for: no registration shall fail for that.
 */
export function atMsOf(given: string | number | null | undefined): number | null {
  if (given === null || given === undefined) return null;
  const atMs = Math.floor(typeof given === 'string' ? Date.parse(given) : given);
  return Math.min(Math.max(atMs, 0), LAST_INSTANT_MS);
}

function subscriptionWire(from: Subscription): z.output<typeof subscriptionSchema> {
  return {
    id: from.id,
    user_id: from.userId,
    endpoint: shortenEndpoint(from.endpoint),
    active: from.retired === null,
    retired_reason: from.retired?.reason ?? null,
    retired_at: isoOrNull(from.retired?.atMs ?? null),
    retired_by: from.retired?.deliveryId ?? null,
    quarantined_since: isoOrNull(from.quarantine?.sinceMs ?? null),
    quarantined_until: isoOrNull(from.quarantine?.untilMs ?? null),
    suspected_by: from.suspectedByHoldId,
    push_service: pushTargetOf(from.endpoint).origin,
    vapid_public_key: from.vapidPublicKey,
    expiration_time: isoOrNull(from.expirationAtMs),
    locale: from.locale,
    user_agent: from.userAgent,
    replaces: from.replacesId,
    created_at: isoOf(from.createdAtMs),
    updated_at: isoOf(from.updatedAtMs),
  };
}
