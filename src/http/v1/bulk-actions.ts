import { z } from '@hono/zod-openapi';
import {
  BULK_ACTION_STATES,
  BULK_ACTIONS,
  type BulkAction,
  SKIP_REASONS,
  skippedIn,
} from '../../domain/bulk-action/bulk-action.ts';
import type { BulkPlan } from '../../domain/bulk-action/bulk-plan.ts';
import { MAX_TTL_SECONDS } from '../../domain/notification/notification.ts';
import type { BulkActions } from '../../intake/bulk-actions.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { idParams, instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';
import { deadLetterFilterOf, narrowedBy } from './delivery-query.ts';
import { TTL_RANGE } from './notification-schema.ts';
import { claimOf, idempotencyHeaders } from './notifications.ts';

const { user_id, notification_id, push_service, reason, type, remedy, from, until } = narrowedBy;

/** Which dead letters are meant. */
export const deadLetterFilterBody = z
  .strictObject({
    user_id,
    notification_id,
    push_service,
    reason,
    type,
    remedy,
    from: from.openapi({ description: 'Failed at or after this instant.' }),
    until: until.openapi({ description: 'Failed before this instant.' }),
  })
  .openapi('BulkActionFilterInput');

export const bulkActionBody = z
  .strictObject({
    action: z.enum(BULK_ACTIONS).openapi({
      description: '`replay` sends them again; `discard` takes them off the dead letters, as `cancelled`.',
    }),
    filter: deadLetterFilterBody.openapi({ description: 'Which dead letters. An empty one means all of them.' }),
    ttl_seconds: z
      .int(TTL_RANGE)
      .min(1, TTL_RANGE)
      .max(MAX_TTL_SECONDS, TTL_RANGE)
      .optional()
      .openapi({ description: 'For `replay`: a new deadline for each, from when it is replayed.' }),
    dry_run: z.boolean().optional().openapi({ description: 'Only count what is meant. Nothing is changed.' }),
  })
  .refine(({ action, ttl_seconds }) => action === 'replay' || ttl_seconds === undefined, {
    path: ['ttl_seconds'],
    message: 'goes with the action replay alone',
  })
  .openapi('BulkActionInput');

const actionWord = answerWord('BulkActionKind', BULK_ACTIONS, 'What is done to each.');

export const bulkPlanSchema = answerBody('BulkActionPlan', {
  dry_run: z.boolean().openapi({ description: 'Always true: nothing was changed.' }),
  action: actionWord,
  total_count: z.int().openapi({ description: 'How many dead letters are meant.' }),
  is_at_least: z.boolean().openapi({
    description: 'There are more, which could not be counted within a second: all counts are at least so high.',
  }),
  by_reason: z.record(z.string(), z.int()).openapi({ description: 'How many, by what they failed for.' }),
  by_push_service: z.record(z.string(), z.int()).openapi({ description: 'How many, by push service.' }),
});

export const bulkActionSchema = answerBody('BulkAction', {
  id: z.string(),
  action: actionWord,
  state: answerWord('BulkActionState', BULK_ACTION_STATES, 'How far it got.'),
  filter: answerBody('BulkActionFilter', {
    user_id: z.string().nullable(),
    notification_id: z.string().nullable(),
    push_service: z.string().nullable(),
    reason: z.string().nullable(),
    type: z.string().nullable(),
    remedy: z.string().nullable(),
    from: instant.nullable(),
    until: instant.nullable(),
  }),
  ttl_seconds: z.int().nullable(),
  total_count: z.int().openapi({ description: 'How many were meant when it was asked for.' }),
  total_is_at_least: z
    .boolean()
    .openapi({ description: 'There were more, which could not be counted within a second.' }),
  done_count: z.int().openapi({ description: 'How many were looked at so far: the counts below together.' }),
  replayed_count: z.int(),
  discarded_count: z.int(),
  skipped: z.record(z.string(), z.int()).openapi({ description: 'How many were left as they are, by reason.' }),
  created_at: instant.openapi({ description: 'Only what failed before is meant.' }),
  ended_at: instant.nullable(),
});
const actionList = answerBody('BulkActionList', { items: z.array(bulkActionSchema) });

const ACTIONS_PATH = '/v1/bulk-actions';
const ACTION_PATH = `${ACTIONS_PATH}/{id}` as const;
const params = idParams('bulkAction');

const startRoute = defineRoute({
  method: 'post',
  path: ACTIONS_PATH,
  operationId: 'startBulkAction',
  tag: 'Deliveries',
  summary: 'Replay or discard many dead letters',
  description:
    'With `dry_run` nothing is changed. Else it is done in the background, one action after another, and goes on after a restart. ' +
    'The same action replays no delivery twice, also where it fails again. An `Idempotency-Key` is known as long as its action is kept.',
  access: 'key',
  scope: 'manage',
  onlyReads: (body) => (body as z.output<typeof bulkActionBody>).dry_run === true,
  headers: idempotencyHeaders,
  body: {
    schema: bulkActionBody,
    example: { action: 'replay', filter: { push_service: 'fcm', reason: 'retries_exhausted' }, ttl_seconds: 3600 },
    required: true,
  },
  answers: {
    200: { description: 'With `dry_run`: what is meant.', body: bulkPlanSchema },
    202: {
      description: 'It will be done.',
      body: bulkActionSchema,
      headers: {
        Location: 'The path of the bulk action.',
        'Idempotency-Replayed': '`true` when this answers a repeated call.',
      },
      leadsTo: ['getBulkAction', 'cancelBulkAction'],
    },
  },
  errors: ['idempotency_key_reused'],
});

const listRoute = defineRoute({
  method: 'get',
  path: ACTIONS_PATH,
  operationId: 'listBulkActions',
  tag: 'Deliveries',
  summary: 'List bulk actions, newest first, 100 at most',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'The bulk actions.', body: actionList } },
  errors: [],
});

const getRoute = defineRoute({
  method: 'get',
  path: ACTION_PATH,
  operationId: 'getBulkAction',
  tag: 'Deliveries',
  summary: 'Read how far a bulk action got',
  access: 'key',
  scope: 'read',
  params,
  answers: { 200: { description: 'The bulk action.', body: bulkActionSchema } },
  errors: ['bulk_action_not_found'],
});

const cancelRoute = defineRoute({
  method: 'post',
  path: `${ACTION_PATH}/cancel`,
  operationId: 'cancelBulkAction',
  tag: 'Deliveries',
  summary: 'Call a bulk action off',
  description: 'What is done stays done. It is `cancelling` until what was begun is counted, and then `cancelled`.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 200: { description: 'Nothing more is begun.', body: bulkActionSchema } },
  errors: ['bulk_action_not_found', 'bulk_action_ended'],
});

/** One action on many dead letters. */
export function addBulkActionRoutes(router: Router, actions: BulkActions): void {
  router.add(startRoute, async ({ body, headers }, c) => {
    const { action, ttl_seconds: ttlSeconds = null } = body;
    const filter = deadLetterFilterOf(body.filter);
    if (body.dry_run === true) return answer(200, planWire(action, await actions.plan(filter)));
    const claim = claimOf(headers['idempotency-key'], c);
    const { action: begun, isRepeated } = await actions.start({ action, filter, ttlSeconds }, claim);
    const repeated = isRepeated ? { 'Idempotency-Replayed': 'true' } : {};
    return answer(202, actionWire(begun), { Location: resourcePath(ACTION_PATH, begun.id), ...repeated });
  });
  router.add(listRoute, async () => answer(200, { items: (await actions.list()).map(actionWire) }));
  router.add(getRoute, async ({ params: { id } }) => answer(200, actionWire(await actions.get(id))));
  router.add(cancelRoute, async ({ params: { id } }) => answer(200, actionWire(await actions.cancel(id))));
}

function planWire(
  action: BulkAction['action'],
  { count, isAtLeast, byReason, byService }: BulkPlan,
): z.output<typeof bulkPlanSchema> {
  return {
    dry_run: true,
    action,
    total_count: count,
    is_at_least: isAtLeast,
    by_reason: byReason,
    by_push_service: byService,
  };
}

function actionWire({ filter, counts, ...action }: BulkAction): z.output<typeof bulkActionSchema> {
  return {
    id: action.id,
    action: action.action,
    state: action.state,
    filter: {
      user_id: filter.userId,
      notification_id: filter.notificationId,
      push_service: filter.service,
      reason: filter.reason,
      type: filter.type,
      remedy: filter.remedy,
      from: isoOrNull(filter.fromMs),
      until: isoOrNull(filter.untilMs),
    },
    ttl_seconds: action.ttlSeconds,
    total_count: action.total.count,
    total_is_at_least: action.total.isAtLeast,
    done_count: counts.replayed + counts.discarded + skippedIn(counts),
    replayed_count: counts.replayed,
    discarded_count: counts.discarded,
    skipped: Object.fromEntries(SKIP_REASONS.map((reason) => [reason, counts[reason]])),
    created_at: isoOf(action.createdAtMs),
    ended_at: isoOrNull(action.endedAtMs),
  };
}
