import { z } from '@hono/zod-openapi';
import type { DeadLetterFilter } from '../../domain/delivery/dead-letter-filter.ts';
import { DELIVERY_STATES, END_REASONS } from '../../domain/delivery/delivery.ts';
import type { DeliveryFilter } from '../../domain/delivery/delivery-filter.ts';
import { OUTCOMES } from '../../domain/push-service/push-outcome.ts';
import { isServiceName, PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import { moment, plainText, userId } from '../kit/wire-fields.ts';
import { notificationType } from './notification-schema.ts';

const SERVICE = `must be ${PUSH_SERVICES.join(', ')}, or an origin as push_service of a delivery shows it`;

/** What listings of deliveries and attempts are narrowed by; each route takes some. All that are given must fit. */
export const narrowedBy = {
  user_id: userId.optional().openapi({ description: 'Only this user’s.' }),
  push_service: z
    .string()
    .max(300)
    .refine((text) => isServiceName(text) || isOrigin(text), SERVICE)
    .optional()
    .openapi({
      description: `A push service by name (${PUSH_SERVICES.map((name) => `\`${name}\``).join(', ')}), or one of its origins.`,
      example: 'fcm',
    }),
  state: z.enum(DELIVERY_STATES).optional().openapi({ description: 'Only those in this state.' }),
  reason: z.enum(END_REASONS).optional().openapi({ description: 'Only those that ended for this reason.' }),
  notification_id: plainText(128).optional().openapi({ description: 'Only those of this notification.' }),
  type: notificationType.optional().openapi({ description: 'Only those of notifications of this type.' }),
  remedy: plainText(200).optional().openapi({
    description: 'Only those whose last attempt has this in its remedy, in small or capital letters.',
    example: 'VAPID',
  }),
  outcome: z.enum(OUTCOMES).optional().openapi({ description: 'Only those that came to this.' }),
  from: moment.optional(),
  until: moment.optional(),
};

type Narrowing = { [Name in keyof typeof narrowedBy]?: z.output<(typeof narrowedBy)[Name]> };

/** What a query asks for of deliveries. */
export function filterOf({ state, reason, push_service: service }: Narrowing): DeliveryFilter {
  return { state: state ?? null, reason: reason ?? null, service: service ?? null, attempt: null };
}

/** What a query, or a body, asks for of dead letters. */
export function deadLetterFilterOf(asked: Narrowing): DeadLetterFilter {
  const { user_id: userId = null, notification_id: notificationId = null, push_service: service = null } = asked;
  const { reason = null, type = null, remedy = null } = asked;
  return { userId, notificationId, reason, service, type, remedy, ...spanOf(asked) };
}

/** What a query asks for of attempts, and so of the deliveries that they belong to. */
export function attemptFilterOf(query: Narrowing): DeliveryFilter {
  const { outcome = null, from = null, until = null } = query;
  const isAny = outcome === null && from === null && until === null;
  return { ...filterOf(query), attempt: isAny ? null : { outcome, fromMs: from, untilMs: until } };
}

/** From an instant on, and before another. */
export function spanOf({ from, until }: Narrowing): {
  readonly fromMs: number | null;
  readonly untilMs: number | null;
} {
  return { fromMs: from ?? null, untilMs: until ?? null };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
