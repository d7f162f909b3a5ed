import { z } from '@hono/zod-openapi';
import { type Audience, MAX_USERS_PER_NOTIFICATION, usersNamed } from '../../domain/audience/audience.ts';
import { MAX_TTL_SECONDS, URGENCIES } from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { TYPE_NAME } from '../../domain/notification-type/type-pattern.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { invalidRequest, validate } from '../kit/validation.ts';
import { plainText, userId } from '../kit/wire-fields.ts';
import { audienceInput, audienceOf, excludedUserIds } from './audience-schema.ts';
import { experiment, refuseSaid, saidOf, variants } from './experiment-schema.ts';
import { tracking } from './receipt-schema.ts';
import { type Refuse, saidFields } from './said-schema.ts';
import { sendAtFields, sendAtOf } from './send-at-schema.ts';
import { valuesOf, variableValues } from './wording-schema.ts';

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
  ...saidFields,
  variants,
  experiment,
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
    refuseSaid(body, refuse);
    if (body.send_at !== undefined && body.send_at_local !== undefined)
      refuse('send_at_local', 'cannot go with `send_at`; send one of them');
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

/** What the body asks for, in domain terms. */
export function notifyRequestOf(body: z.output<typeof notificationBody>): NotifyRequest {
  return {
    ...saidOf(body),
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
