import { z } from '@hono/zod-openapi';
import { OPEN_IN, TEXT_DIRECTIONS } from '../../domain/content/shown-content.ts';
import type { TemplateRef } from '../../domain/content/wording.ts';
import type { Milestones } from '../../domain/notification/milestones.ts';
import {
  deadlineAtMs,
  NOTIFICATION_STATUSES,
  type Notification,
  SAFE_PAYLOAD_OCTETS,
  type SaidContent,
  URGENCIES,
} from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import type { Accepted } from '../../intake/accepting.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import { instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';
import { actionOf } from './content-schema.ts';
import { receiptEvent } from './receipt-schema.ts';
import { timingFields, timingWire } from './send-at-schema.ts';

/** The notification as it was at acceptance, so that a repeated call gets the same answer, but for `replayed`. */
export const acceptedSchema = answerBody('AcceptedNotification', {
  id: z.string(),
  status: answerWord('AcceptedStatus', ['accepted', 'scheduled'], 'The status of the notification at acceptance.'),
  user_count: z.int(),
  reached_user_count: z
    .int()
    .nullable()
    .openapi({
      description:
        'For how many of these users there are deliveries. Null where that is not known yet: with a topic or an audience, with ' +
        'more than 10 users or 50 devices, and on MongoDB.',
    }),
  accepted_at: instant,
  deadline_at: instant,
  replayed: z.boolean().openapi({
    description:
      'Whether this repeats the answer to an earlier call with the same `Idempotency-Key`. Nothing is sent twice.',
  }),
  warnings: z.array(z.string()).openapi({ description: 'What may keep it from some devices. Empty, as a rule.' }),
});

export const shownAction = answerBody('NotificationAction', {
  action: z.string(),
  title: z.string(),
  icon: z.string().optional(),
  url: z.string().optional(),
});

export const priority = answerWord('Priority', PRIORITIES, 'What goes before what within Bellhop.');

export const notificationStatus = answerWord('NotificationStatus', NOTIFICATION_STATUSES, 'How far it has come.');

const templateUse = answerBody('TemplateUse', { key: z.string(), version: z.int() });

const shownVariant = answerBody('NotificationVariant', {
  key: z.string(),
  weight: z.int(),
  title: z.string(),
  body: z.string().nullable(),
  template: templateUse.nullable(),
});

export const notificationFields = {
  id: z.string(),
  type: z.string(),
  title: z.string(),
  body: z.string().nullable(),
  icon: z.string().nullable(),
  badge: z.string().nullable(),
  url: z.string().nullable(),
  open_in: answerWordOrNull(OPEN_IN, 'Where the `url` opens.'),
  actions: z.array(shownAction).nullable(),
  locale: z.string().nullable(),
  image: z.string().nullable(),
  dir: answerWordOrNull(TEXT_DIRECTIONS, 'Of the text.'),
  require_interaction: z.boolean().nullable(),
  silent: z.boolean().nullable(),
  vibrate: z.array(z.int()).nullable(),
  renotify: z.boolean().nullable(),
  timestamp: instant.nullable(),
  app_badge: z.int().nullable().openapi({ format: 'int64' }),
  data: z.record(z.string(), z.unknown()).nullable(),
  priority,
  ttl_seconds: z.int(),
  urgency: answerWord('Urgency', URGENCIES, 'What the push service is told (RFC 8030).'),
  topic: z.string().nullable(),
  tracking: z.array(receiptEvent).openapi({ description: 'What devices are asked to tell of it.' }),
  template: templateUse.nullable().openapi({
    description:
      'What it says. Title, body, links and actions are then the text in the default locale; of `recipients` with variables as they are written.',
  }),
  experiment_key: z.string().nullable().openapi({
    description: 'Which experiment it takes part in: then it shows what its first variant says. Null: none.',
  }),
  variants: z
    .array(shownVariant)
    .openapi({ description: 'What is said in its variants. Empty without an experiment.' }),
  audience: answerBody('AudienceOfNotification', { everyone: z.boolean(), tags: z.string().nullable() })
    .nullable()
    .openapi({ description: 'Whom it was for, where that is found when it is sent. Null where users were named.' }),
  user_count: z.int(),
  status: notificationStatus,
  accepted_at: instant,
  deadline_at: instant,
  ...timingFields,
};

export const notificationSchema = answerBody('Notification', notificationFields);

export const milestoneFields = {
  fan_out_began_at: instant.nullable().openapi({
    description: 'When its first deliveries were made. Null before, and where an earlier version did not note it.',
  }),
  fan_out_ended_at: instant
    .nullable()
    .openapi({ description: 'When each of its users had deliveries or a suppression.' }),
  completed_at: instant.nullable().openapi({
    description: 'When all of its deliveries had ended; null again while one of them is replayed.',
  }),
};

export function milestonesWire({ fanOutBeganAtMs, fanOutEndedAtMs, completedAtMs }: Milestones) {
  return {
    fan_out_began_at: isoOrNull(fanOutBeganAtMs),
    fan_out_ended_at: isoOrNull(fanOutEndedAtMs),
    completed_at: isoOrNull(completedAtMs),
  };
}

function largeWarning(octets: number): string {
  return `The payload is ${octets} octets. Firefox on Android passes no more than about 2744: send at most ${SAFE_PAYLOAD_OCTETS}, and a link to the rest.`;
}

function nobodyReached(id: string): string {
  return (
    'Nobody gets it: these users have no device that is registered, or their wishes or a cap are against it. ' +
    `GET /v1/notifications/${id}/suppressions says why, user by user.`
  );
}

type NotificationVariant = NonNullable<Notification['content']['experiment']>['variants'][number];

/** The answer to an accepted notification. */
export function acceptedWire({
  notification: from,
  payloadOctets,
  reachedUsers,
  isRepeated,
}: Accepted): z.output<typeof acceptedSchema> {
  return {
    id: from.id,
    status: from.sendAt === null ? 'accepted' : 'scheduled',
    user_count: from.userCount,
    reached_user_count: reachedUsers,
    accepted_at: isoOf(from.acceptedAtMs),
    deadline_at: isoOf(deadlineAtMs(from)),
    replayed: isRepeated,
    warnings: [...sizeWarnings(payloadOctets), ...(reachedUsers === 0 ? [nobodyReached(from.id)] : [])],
  };
}

/** What to tell of a payload of this size. */
export function sizeWarnings(octets: number): string[] {
  return octets > SAFE_PAYLOAD_OCTETS ? [largeWarning(octets)] : [];
}

/** A notification as callers see it. */
export function notificationWire(from: Notification): z.output<typeof notificationSchema> {
  const content = from.content.worded === undefined ? from.content : { ...from.content, ...from.content.worded.shown };
  const { type, title, body, icon, badge, url, openIn, actions, locale, data } = content;
  return {
    id: from.id,
    type,
    title,
    body: body ?? null,
    icon: icon ?? null,
    badge: badge ?? null,
    url: url ?? null,
    open_in: openIn ?? null,
    actions: actions?.map(actionOf) ?? null,
    locale: locale ?? null,
    image: content.image ?? null,
    dir: content.dir ?? null,
    require_interaction: content.requireInteraction ?? null,
    silent: content.silent ?? null,
    vibrate: content.vibrate ? [...content.vibrate] : null,
    renotify: content.renotify ?? null,
    timestamp: isoOrNull(content.timestampMs ?? null),
    app_badge: content.appBadge ?? null,
    data: data ?? null,
    priority: from.priority,
    ttl_seconds: from.ttlSeconds,
    urgency: from.urgency,
    topic: from.topic,
    tracking: [...(content.tracking ?? [])],
    template: templateOf(from.content),
    experiment_key: from.content.experiment?.key ?? null,
    variants: from.content.experiment?.variants.map(variantWire) ?? [],
    audience: audienceWire(from.content),
    user_count: from.userCount,
    status: from.status,
    accepted_at: isoOf(from.acceptedAtMs),
    deadline_at: isoOf(deadlineAtMs(from)),
    ...timingWire(from),
  };
}

function variantWire({ key, weight, content }: NotificationVariant): z.output<typeof shownVariant> {
  const { title, body = null } = content.worded?.shown ?? content;
  return { key, weight, title, body, template: templateOf(content) };
}

function audienceWire({ audience }: Notification['content']) {
  if (audience === undefined) return null;
  return 'tags' in audience ? { everyone: false, tags: audience.tags } : { everyone: true, tags: null };
}

function templateOf({ worded }: SaidContent): TemplateRef | null {
  return worded?.source.kind === 'template' ? worded.source.template : null;
}
