import { z } from '@hono/zod-openapi';
import { type Audience, MAX_USERS_PER_NOTIFICATION, usersNamed } from '../../domain/audience/audience.ts';
import { MAX_TTL_SECONDS, type NotificationContent, URGENCIES } from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { TYPE_NAME } from '../../domain/notification-type/type-pattern.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { invalidRequest, validate } from '../kit/validation.ts';
import { instantOrEpochMs, locale, plainText, userId } from '../kit/wire-fields.ts';
import { audienceInput, audienceOf, excludedUserIds } from './audience-schema.ts';
import { actionOf, actions, data, display, link, openIn, present } from './content-schema.ts';
import { tracking } from './receipt-schema.ts';
import { sendAtFields, sendAtOf } from './send-at-schema.ts';
import {
  defaultLocale,
  localesInput,
  localesOf,
  refuseLocaleNames,
  templateKey,
  valuesOf,
  variableValues,
} from './wording-schema.ts';

/** What is wrong with a TTL, in words. */
export const TTL_RANGE = `must be a whole number from 1 to ${MAX_TTL_SECONDS} (28 days)`;

export const notificationType = z
  .string()
  .regex(TYPE_NAME, 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ : / -')
  .openapi({ example: 'order.shipped' });

/** Ten thousand recipients, each with a dozen variables. */
export const MOST_VALUES = 160_000;

/** What makes a call, or a line, known when it comes again. */
export const idempotencyKey = z.string().regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters');

const recipient = z
  .strictObject({ user_id: userId, variables: variableValues.optional() })
  .openapi('RecipientInput', { description: 'The variables go before those that everyone has.' });

const templateInput = z
  .strictObject({
    key: templateKey,
    version: z.int().min(1).optional().openapi({ description: 'Left out, the newest.' }),
    variables: variableValues.optional(),
  })
  .openapi('TemplateUseInput');

/** Optional fields are left out rather than null: null would say that there is one. */
const inputFields = {
  type: notificationType,
  user_ids: z
    .array(userId)
    .min(1, 'must name at least one user')
    .max(
      MAX_USERS_PER_NOTIFICATION,
      `must name at most ${MAX_USERS_PER_NOTIFICATION} users; send the rest in further calls`,
    )
    .optional()
    .openapi({ description: 'A user named twice is sent to once. Either this, `recipients` or `audience`.' }),
  recipients: z
    .array(recipient)
    .min(1, 'must name at least one user')
    .max(
      MAX_USERS_PER_NOTIFICATION,
      `must name at most ${MAX_USERS_PER_NOTIFICATION} users; send the rest in further calls`,
    )
    .optional()
    .openapi({ description: 'Users with variables of their own, each named once. With `template` or `locales`.' }),
  audience: audienceInput.optional().openapi({ description: 'Users who are found when it is sent.' }),
  exclude_user_ids: excludedUserIds,
  template: templateInput.optional().openapi({
    description: 'In place of `title`, `body`, `locale` and `dir`. What the template leaves out is as it is said here.',
  }),
  locales: localesInput
    .optional()
    .openapi({ description: 'As a template, for this notification alone. With `default_locale`.' }),
  default_locale: defaultLocale.optional(),
  variables: variableValues.optional().openapi({ description: 'Of `locales`, for everyone.' }),
  title: z.string().min(1).max(1000).optional().openapi({ description: 'Required without `template` and `locales`.' }),
  body: z.string().max(4000).optional(),
  icon: link.optional(),
  badge: link.optional().openapi({ description: 'A small one-coloured picture, for Android’s status bar.' }),
  url: link.optional().openapi({ description: 'Where a click leads.' }),
  open_in: openIn,
  actions: actions.optional().openapi({ description: 'Buttons. Safari shows none.' }),
  locale: locale.optional(),
  ...display,
  timestamp: instantOrEpochMs
    .refine((at) => typeof at === 'string' || Number.isInteger(at), 'must be a whole number of milliseconds')
    .optional()
    .openapi({ description: 'When that was which it tells of. Epoch milliseconds are understood, too.' }),
  app_badge: z
    .int()
    .min(0)
    .optional()
    .openapi({ format: 'int64', description: 'The number on the icon of the installed app; 0 takes it away.' }),
  data,
  priority: z
    .enum(PRIORITIES)
    .optional()
    .openapi({ description: 'What goes before what within Bellhop. Left out, it is `normal`.' }),
  ttl_seconds: z
    .int(TTL_RANGE)
    .min(1, 'must be at least 1; 1 means “now or never”')
    .max(MAX_TTL_SECONDS, TTL_RANGE)
    .optional()
    .openapi({ description: 'How long it stays worth sending. The server has a default.' }),
  urgency: z.enum(URGENCIES).optional().openapi({ description: 'RFC 8030. Left out, it follows the priority.' }),
  topic: plainText(256)
    .optional()
    .openapi({ description: 'A newer push with the same topic replaces one that is still waiting.' }),
  tracking: tracking.optional().openapi({
    description: 'What devices shall tell of it, where `TRACKING` and its type allow that; an empty list is nothing.',
  }),
  ...sendAtFields,
};

/** What is documented: beside the answer of a dry run, generated clients would not know the `id` of a notification. */
export const documentedNotificationBody = z.strictObject(inputFields).openapi('NotificationInput');

/** `dry_run` is another way to write `POST /v1/notifications/dry-run`. */
export const notificationBody = z
  .strictObject({ ...inputFields, dry_run: z.boolean().optional() })
  .superRefine((body, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    refuseAudience(body, refuse);
    refuseWording(body, refuse);
    if (body.send_at !== undefined && body.send_at_local !== undefined)
      refuse('send_at_local', 'cannot go with `send_at`; send one of them');
  })
  .refine(({ silent, vibrate }) => silent !== true || vibrate === undefined, {
    path: ['vibrate'],
    error: 'cannot go with `silent`: browsers refuse both together',
  });

export const notificationExample: z.input<typeof notificationBody> = {
  type: 'order.shipped',
  user_ids: ['user-42'],
  title: 'Your order is on its way',
  body: 'It should be with you on Thursday.',
  url: '/orders/42',
  topic: 'order-42',
  ttl_seconds: 86_400,
};

/** As a route reads a body, for one that comes from elsewhere. Throws `invalid_request`. */
export function readNotificationBody(body: unknown): NotifyRequest {
  const { value, issues } = validate(notificationBody, body);
  if (value === null) throw invalidRequest(issues);
  return notifyRequestOf(value);
}

type Refuse = (path: string, message: string) => void;

function refuseAudience(
  {
    user_ids: userIds,
    recipients,
    audience,
    exclude_user_ids: excluded,
  }: Pick<z.output<typeof documentedNotificationBody>, 'user_ids' | 'recipients' | 'audience' | 'exclude_user_ids'>,
  refuse: Refuse,
): void {
  const named = { user_ids: userIds, recipients, audience };
  const [first, second] = Object.entries(named).flatMap(([name, given]) => (given === undefined ? [] : [name]));
  if (first === undefined) refuse('user_ids', 'is required, or `recipients` or `audience` in its place');
  if (second !== undefined) refuse(second, `cannot go with \`${first}\`; send one of them`);
  if (excluded !== undefined && audience === undefined) refuse('exclude_user_ids', 'goes with `audience` alone');
  const seen = new Map<string, number>();
  for (const [index, { user_id: userId }] of (recipients ?? []).entries()) {
    const earlier = seen.get(userId);
    if (earlier === undefined) seen.set(userId, index);
    else {
      refuse('recipients', `names one user twice, at ${earlier} and ${index}`);
      return;
    }
  }
}

function refuseWording(body: z.output<typeof documentedNotificationBody>, refuse: Refuse): void {
  const { template, locales, default_locale: name, variables, recipients, title } = body;
  const worded = template === undefined ? locales && 'locales' : 'template';
  if (template !== undefined && locales !== undefined) refuse('locales', 'cannot go with `template`; send one of them');
  if (template !== undefined && variables !== undefined) refuse('variables', 'go into `template`');
  if (worded === undefined) {
    if (title === undefined) refuse('title', 'is required, or `template` or `locales` in its place');
    if (recipients !== undefined) refuse('recipients', 'go with `template` or `locales`; else name `user_ids`');
    if (variables !== undefined) refuse('variables', 'go with `locales`');
    if (name !== undefined) refuse('default_locale', 'goes with `locales`');
    return;
  }
  for (const field of ['title', 'body', 'locale', 'dir'] as const) {
    if (body[field] !== undefined) refuse(field, `cannot go with \`${worded}\`, which says it`);
  }
  if (template !== undefined && name !== undefined)
    refuse('default_locale', 'cannot go with `template`, which says it');
  if (locales === undefined) return;
  if (name === undefined) refuse('default_locale', 'is required with `locales`');
  else refuseLocaleNames({ default_locale: name, locales }, refuse);
}

/** What the body asks for, in domain terms. */
export function notifyRequestOf(body: z.output<typeof notificationBody>): NotifyRequest {
  return {
    content: contentOf(body),
    wording: wordingOf(body),
    audience: bodyAudience(body),
    recipientValues: body.recipients?.map(({ variables }) => valuesOf(variables)) ?? null,
    priority: body.priority ?? null,
    urgency: body.urgency ?? null,
    ttlSeconds: body.ttl_seconds ?? null,
    topic: body.topic ?? null,
    sendAt: sendAtOf(body),
    tracking: body.tracking,
  };
}

function bodyAudience({
  user_ids: userIds,
  recipients = [],
  audience,
  exclude_user_ids: excluded,
}: z.output<typeof notificationBody>): Audience {
  if (audience !== undefined) return audienceOf(audience, excluded);
  return usersNamed(userIds ?? recipients.map(({ user_id: userId }) => userId));
}

function wordingOf({ template, locales, default_locale: name, variables }: z.output<typeof notificationBody>) {
  if (template !== undefined) {
    const { key, version = null, variables: values } = template;
    return { source: { kind: 'template', key, version }, values: valuesOf(values) } as const;
  }
  if (locales === undefined || name === undefined) return null;
  return { source: { kind: 'inline', wording: localesOf(name, locales) }, values: valuesOf(variables) } as const;
}

function contentOf(body: z.output<typeof notificationBody>): NotificationContent {
  const { timestamp } = body;
  return present({
    type: body.type,
    // Where the text is made for each recipient, it says the title.
    title: body.title ?? '',
    body: body.body,
    icon: body.icon,
    image: body.image,
    badge: body.badge,
    url: body.url,
    openIn: body.open_in,
    actions: body.actions?.map(actionOf),
    locale: body.locale,
    dir: body.dir,
    requireInteraction: body.require_interaction,
    silent: body.silent,
    vibrate: body.vibrate,
    renotify: body.renotify,
    timestampMs: typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp,
    appBadge: body.app_badge,
    data: body.data,
  });
}
