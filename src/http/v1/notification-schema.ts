import { z } from '@hono/zod-openapi';
import { type Audience, MAX_USERS_PER_NOTIFICATION, usersNamed } from '../../domain/audience/audience.ts';
import {
  MAX_ACTIONS,
  MAX_TTL_SECONDS,
  type NotificationAction,
  type NotificationContent,
  OPEN_IN,
  TEXT_DIRECTIONS,
  URGENCIES,
} from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { TYPE_NAME } from '../../domain/notification-type/type-pattern.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { invalidRequest, validate } from '../kit/validation.ts';
import { CONTROL, instantOrEpochMs, locale, plainText, userId } from '../kit/wire-fields.ts';
import { audienceInput, audienceOf, excludedUserIds } from './audience-schema.ts';
import { sendAtInput, sendAtOf } from './send-at-schema.ts';

/** What is wrong with a TTL, in words. */
export const TTL_RANGE = `must be a whole number from 1 to ${MAX_TTL_SECONDS} (28 days)`;

/** What a notification may link to. A leading `//` or `/\\` would name a host of whatever scheme the page has. */
export const link = z
  .string()
  .max(2048)
  .refine(isLink, 'must be an http(s) URL, or a path that starts with one “/”')
  .openapi({
    pattern: `^([Hh][Tt][Tt][Pp][Ss]?://[^\\s${CONTROL}]*|/([^/\\\\\\s${CONTROL}][^\\s${CONTROL}]*)?)$`,
    example: '/orders/42',
  });

export const notificationType = z
  .string()
  .regex(TYPE_NAME, 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ : / -')
  .openapi({ example: 'order.shipped' });

/** A button. Some browsers show none, so nothing may depend on one. */
const action = z
  .strictObject({
    action: plainText(64).openapi({ description: 'What your service worker is told when it is pressed.' }),
    title: plainText(100),
    icon: link.optional(),
    url: link.optional().openapi({ description: 'Where it leads, if not where the notification does.' }),
  })
  .openapi('NotificationActionInput');

const actions = z
  .array(action)
  .min(1, 'must hold at least one, or be left out')
  .max(MAX_ACTIONS, `must be at most ${MAX_ACTIONS}: browsers show no more`)
  .refine((all) => new Set(all.map((one) => one.action)).size === all.length, 'must have different `action` names');

const LONGEST_VIBRATION_MS = 10_000;

/** How it is shown, where the browser can do that. */
const display = {
  image: link.optional().openapi({ description: 'A large picture, where there is room for one.' }),
  dir: z.enum(TEXT_DIRECTIONS).optional().openapi({ description: 'Of the text. Left out, it is `auto`: as it reads.' }),
  require_interaction: z.boolean().optional().openapi({ description: 'It stays until somebody deals with it.' }),
  silent: z.boolean().optional().openapi({ description: 'No sound and no vibration.' }),
  vibrate: z
    .array(z.int().min(0).max(LONGEST_VIBRATION_MS))
    .min(1, 'must hold at least one, or be left out')
    .max(20)
    .optional()
    .openapi({ description: 'Milliseconds: on, off, on, … Not with `silent`.' }),
  renotify: z.boolean().optional().openapi({
    description: 'Whether it alerts again where it takes the place of another with its topic. The default is true.',
  }),
  timestamp: instantOrEpochMs
    .refine((at) => typeof at === 'string' || Number.isInteger(at), 'must be a whole number of milliseconds')
    .optional()
    .openapi({ description: 'When that was which it tells of. Epoch milliseconds are understood, too.' }),
  app_badge: z
    .int()
    .min(0)
    .optional()
    .openapi({ format: 'int64', description: 'The number on the icon of the installed app; 0 takes it away.' }),
};

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
    .openapi({ description: 'A user named twice is sent to once. Either this or `audience`.' }),
  audience: audienceInput.optional().openapi({ description: 'Users who are found when it is sent.' }),
  exclude_user_ids: excludedUserIds,
  title: z.string().min(1).max(1000),
  body: z.string().max(4000).optional(),
  icon: link.optional(),
  badge: link.optional().openapi({ description: 'A small one-coloured picture, for Android’s status bar.' }),
  url: link.optional().openapi({ description: 'Where a click leads.' }),
  open_in: z
    .enum(OPEN_IN)
    .optional()
    .openapi({
      description:
        'Where that opens: an open page of the site (`site_tab`, the default), only one that shows the `url` already ' +
        '(`page_tab`), or always a new one (`new_tab`). Without such a page, a new one.',
    }),
  actions: actions.optional().openapi({ description: 'Buttons. Safari shows none.' }),
  locale: locale.optional(),
  ...display,
  data: z.record(z.string(), z.unknown()).optional().openapi({ description: 'Whatever your service worker needs.' }),
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
  send_at: sendAtInput.optional(),
};

/** What is documented: beside the answer of a dry run, generated clients would not know the `id` of a notification. */
export const documentedNotificationBody = z.strictObject(inputFields).openapi('NotificationInput');

/** `dry_run` is another way to write `POST /v1/notifications/dry-run`. */
export const notificationBody = z
  .strictObject({ ...inputFields, dry_run: z.boolean().optional() })
  .superRefine(({ user_ids: userIds, audience, exclude_user_ids: excluded }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (userIds === undefined && audience === undefined) refuse('user_ids', 'is required, or `audience` in its place');
    if (userIds !== undefined && audience !== undefined)
      refuse('audience', 'cannot go with `user_ids`; send one of them');
    if (excluded !== undefined && audience === undefined) refuse('exclude_user_ids', 'goes with `audience` alone');
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

/** What the body asks for, in domain terms. */
export function notifyRequestOf(body: z.output<typeof notificationBody>): NotifyRequest {
  return {
    content: contentOf(body),
    audience: bodyAudience(body),
    priority: body.priority ?? null,
    urgency: body.urgency ?? null,
    ttlSeconds: body.ttl_seconds ?? null,
    topic: body.topic ?? null,
    sendAt: sendAtOf(body.send_at),
  };
}

function bodyAudience({
  user_ids: userIds,
  audience,
  exclude_user_ids: excluded,
}: z.output<typeof notificationBody>): Audience {
  return audience === undefined ? usersNamed(userIds ?? []) : audienceOf(audience, excluded);
}

function isLink(text: string): boolean {
  return /^(https?:\/\/|\/(?![/\\]))[^\s\p{Cc}]*$/iu.test(text) && URL.canParse(text, 'https://page.invalid');
}

function contentOf(body: z.output<typeof notificationBody>): NotificationContent {
  const { timestamp } = body;
  return present({
    type: body.type,
    title: body.title,
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

type Present<T> = { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/** Without the fields that are undefined. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** An action without the fields that are undefined. */
export function actionOf({ action, title, icon, url }: z.output<typeof actions>[number]): NotificationAction {
  return present({ action, title, icon, url });
}
