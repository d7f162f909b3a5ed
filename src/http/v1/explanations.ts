import { z } from '@hono/zod-openapi';
import { SUPPRESSION_REASONS, type SuppressionDetail } from '../../domain/audience/release.ts';
import type { Suppression } from '../../domain/audience/suppression.ts';
import type { Explain, ExplainRequest, Explanation } from '../../intake/explain.ts';
import type { SuppressionStore } from '../../store/suppression-store.ts';
import { answerBody, answerWord, answerWordOrNull, pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { invalidRequest } from '../kit/validation.ts';
import {
  idParams,
  instant,
  isoOf,
  moment,
  pageQuery,
  pageRequest,
  USER_ID_SEGMENT,
  userId,
} from '../kit/wire-fields.ts';
import { notificationType } from './notification-schema.ts';
import { NOTIFICATION_PATH } from './notifications.ts';

const detailSchema = answerBody('SuppressionDetail', {
  pattern: z.string().optional(),
  since: instant.optional(),
  until: instant.optional(),
  limit: z.int().optional(),
  per_seconds: z.int().optional(),
  locale: z.string().optional(),
  problem: z.string().optional(),
  experiment: z.string().optional(),
  percent: z.number().optional().openapi({ format: 'double' }),
});

export const suppressionSchema = answerBody('Suppression', {
  notification_id: z.string(),
  user_id: z.string(),
  reason: answerWord('SuppressionReason', SUPPRESSION_REASONS, 'The gate that stopped it.'),
  detail: detailSchema,
  at: instant,
});

const listRoute = defineRoute({
  method: 'get',
  path: `${NOTIFICATION_PATH}/suppressions`,
  operationId: 'listSuppressions',
  tag: 'Notifications',
  summary: 'List the users who got nothing of a notification, and why',
  access: 'key',
  scope: 'read',
  params: idParams('notification'),
  query: pageQuery.extend({
    reason: z.enum(SUPPRESSION_REASONS).optional().openapi({ description: 'Only those for this reason.' }),
  }),
  answers: { 200: { description: 'One page.', body: pageOf('SuppressionPage', suppressionSchema) } },
  errors: ['invalid_cursor', 'notification_not_found'],
});

const userParams = z.object({
  user_id: userId.openapi({ pattern: USER_ID_SEGMENT, description: 'As notifications and subscriptions have it.' }),
});

const ofUserRoute = defineRoute({
  method: 'get',
  path: '/v1/users/{user_id}/suppressions',
  operationId: 'listSuppressionsOfUser',
  tag: 'Users',
  summary: 'List what one user did not get, and why, newest first',
  description: 'But for what came while the user had no device: that stands with the notifications alone.',
  access: 'key',
  scope: 'read',
  params: userParams,
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOf('UserSuppressionPage', suppressionSchema) } },
  errors: ['invalid_cursor'],
});

export const explanationSchema = answerBody('Explanation', {
  user_id: z.string(),
  type: z.string(),
  at: instant,
  sentence: z.string().openapi({ description: 'For people.' }),
  outcome: answerWord('ExplainedOutcome', ['send', 'hold', 'suppress'], 'What the gates say.'),
  reason: answerWordOrNull(SUPPRESSION_REASONS, 'The gate that says no.'),
  held_until: instant.nullable(),
  detail: detailSchema,
  time_zone: z.string().openapi({ description: 'By which the user lives.' }),
  subscription_ids: z.array(z.string()),
  became: answerBody('ExplainedPast', {
    delivery_count: z.int(),
    suppressed: z.boolean(),
  })
    .nullable()
    .openapi({ description: 'What did become of the notification for this user; null before it was fanned out.' }),
});

const explainRoute = defineRoute({
  method: 'get',
  path: '/v1/users/{user_id}/explain',
  operationId: 'explainUser',
  tag: 'Users',
  summary: 'Tell whether, when and on which devices a user gets something, and why not',
  description: 'Asks the very gates that a notification meets. Of a type, at an instant or now; or of a notification.',
  access: 'key',
  scope: 'read',
  params: userParams,
  query: z.object({
    type: notificationType.optional().openapi({ description: 'What kind of notification is asked about.' }),
    at: moment.optional().openapi({ type: 'string', format: 'date-time', description: 'When it would be sent.' }),
    notification_id: z
      .string()
      .max(100)
      .optional()
      .openapi({ description: 'One that was accepted, in place of a type.' }),
  }),
  answers: { 200: { description: 'What the gates say.', body: explanationSchema } },
  errors: ['notification_not_found'],
});

export type ExplanationParts = {
  readonly explain: Explain;
  /** Throws `notification_not_found` where there is none. */
  readonly suppressionsOf: SuppressionStore['list'];
  readonly suppressions: Pick<SuppressionStore, 'listOfUser'>;
  readonly now: () => number;
};

/** Who got nothing, and why; and who would. */
export function addExplanationRoutes(
  router: Router,
  { explain, suppressionsOf, suppressions, now }: ExplanationParts,
): void {
  router.add(listRoute, async ({ params: { id }, query }) => {
    const page = await suppressionsOf({ ...pageRequest(query), notificationId: id, reason: query.reason ?? null });
    return answer(200, { items: page.items.map(suppressionWire), next_cursor: page.next });
  });
  router.add(ofUserRoute, async ({ params: { user_id: id }, query }) => {
    const page = await suppressions.listOfUser({ ...pageRequest(query), userId: id });
    return answer(200, { items: page.items.map(suppressionWire), next_cursor: page.next });
  });
  router.add(explainRoute, async ({ params: { user_id: id }, query }) =>
    answer(200, explanationWire(await explain(id, requestOf(query, now())))),
  );
}

function requestOf(
  { type, at, notification_id: notificationId }: z.output<typeof explainRoute.query>,
  nowMs: number,
): ExplainRequest {
  if (notificationId !== undefined && type === undefined && at === undefined)
    return { kind: 'notification', notificationId };
  if (type !== undefined && notificationId === undefined)
    return { kind: 'type', type, atMs: at ?? nowMs, ttlSeconds: null };
  throw invalidRequest([
    { path: 'type', message: 'is required, with `at` or without; or else `notification_id` alone' },
  ]);
}

function detailWire({
  pattern,
  sinceMs,
  untilMs,
  limit,
  perSeconds,
  locale,
  problem,
  experiment,
  percent,
}: SuppressionDetail): z.output<typeof detailSchema> {
  return {
    ...(pattern !== undefined && { pattern }),
    ...(sinceMs !== undefined && { since: isoOf(sinceMs) }),
    ...(untilMs !== undefined && { until: isoOf(untilMs) }),
    ...(limit !== undefined && { limit }),
    ...(perSeconds !== undefined && { per_seconds: perSeconds }),
    ...(locale !== undefined && { locale }),
    ...(problem !== undefined && { problem }),
    ...(experiment !== undefined && { experiment }),
    ...(percent !== undefined && { percent }),
  };
}

export function suppressionWire({
  notificationId,
  userId: user,
  reason,
  detail,
  atMs,
}: Suppression): z.output<typeof suppressionSchema> {
  return { notification_id: notificationId, user_id: user, reason, detail: detailWire(detail), at: isoOf(atMs) };
}

const OUTCOMES = { go: 'send', hold: 'hold', stop: 'suppress' } as const;

function explanationWire(from: Explanation): z.output<typeof explanationSchema> {
  const { answer: said, sentence } = from.account;
  const { became } = from;
  return {
    user_id: from.userId,
    type: from.type,
    at: isoOf(from.atMs),
    sentence,
    outcome: OUTCOMES[said.kind],
    reason: said.kind === 'stop' ? said.reason : null,
    held_until: said.kind === 'hold' ? isoOf(said.untilMs) : null,
    detail: said.kind === 'stop' ? detailWire(said.detail) : {},
    time_zone: from.zone,
    subscription_ids: from.devices.map(({ id }) => id),
    became: became && { delivery_count: became.deliveryCount, suppressed: became.suppression !== null },
  };
}
