import { z } from '@hono/zod-openapi';
import { pushTargetOf } from '../../domain/push-service/push-target.ts';
import { RETIREMENT_REASONS, type Subscription, shortenEndpoint } from '../../domain/subscription/subscription.ts';
import { canonicalZone } from '../../domain/time/zone.ts';
import type { RegisterRequest } from '../../intake/subscriptions.ts';
import { answerBody, answerWordOrNull } from '../kit/answer-schema.ts';
import { invalidRequest } from '../kit/validation.ts';
import { instant, isoOf, isoOrNull, LAST_INSTANT_MS, locale, userId } from '../kit/wire-fields.ts';

const keys = ofBrowsers({
  p256dh: z.string().min(1).max(200).openapi({ description: 'Base64url, 65 octets: a point on P-256.' }),
  auth: z.string().min(1).max(100).openapi({ description: 'Base64url, 16 octets.' }),
});

/** What a browser takes for its zone. No registration shall fail for that. */
const deviceZone = z.string().max(512).transform(canonicalZone).openapi({ type: 'string', example: 'Europe/Berlin' });

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
  time_zone: deviceZone.nullish().openapi({
    type: ['string', 'null'],
    description:
      'Of the device. Where its user chose none, quiet hours go by that of the newest device. One that the IANA database ' +
      'has not is left out: browsers have names of their own for “unknown”.',
  }),
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

export const documentedRegisterBody = ofBrowsers(registerFields).openapi('SubscriptionInput', {
  description:
    '`PushSubscription.toJSON()` of a browser works as it is, and members that browsers add to it later are ignored; ' +
    'with an API key, `user_id` is added. In the place of `expirationTime`, `expiration_time` may be an ISO 8601 instant.',
});

/** The keys of an example in RFC 8291. */
export const registerExample: z.input<typeof documentedRegisterBody> = {
  user_id: 'user-42',
  endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/example',
  expirationTime: null,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
};

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
  time_zone: z.string().nullable(),
  user_agent: z.string().nullable(),
  replaces: z.string().nullable().openapi({ description: 'The other user’s subscription that this one took over.' }),
  created_at: instant,
  updated_at: instant,
});

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

export function registerRequestOf(
  body: z.output<typeof registerBody>,
  user: string | null,
): Omit<RegisterRequest, 'isByToken'> {
  if (user === null) throw invalidRequest([{ path: 'user_id', message: 'is required' }]);
  return {
    userId: user,
    endpoint: body.endpoint,
    keys: body.keys,
    expirationAtMs: atMsOf(body.expiration_time ?? body.expirationTime),
    vapidPublicKey: body.vapid_public_key ?? null,
    formerId: body.replaces_id ?? null,
    locale: body.locale ?? null,
    timeZone: body.time_zone ?? null,
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

export function subscriptionWire(from: Subscription): z.output<typeof subscriptionSchema> {
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
    time_zone: from.timeZone,
    user_agent: from.userAgent,
    replaces: from.replacesId,
    created_at: isoOf(from.createdAtMs),
    updated_at: isoOf(from.updatedAtMs),
  };
}
