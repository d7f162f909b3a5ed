import { z } from '@hono/zod-openapi';
import { MAX_TTL_SECONDS, URGENCIES } from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { ON_QUIET, OVERRIDES, TYPE_PREFERENCES, type TypeRule } from '../../domain/notification-type/type-policy.ts';
import { trackingOf } from '../../domain/receipt/receipt.ts';
import type { TypeRulesIntake } from '../../intake/type-rules.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { receiptEvent, tracking } from './receipt-schema.ts';
import { typePattern } from './user-schema.ts';

const MAX_CAP = 1000;
/** Uses of a cap are kept for so long. */
const MAX_CAP_SECONDS = 30 * 24 * 60 * 60;

export const typeRuleBody = z
  .strictObject({
    ttl_seconds: z.int().min(1).max(MAX_TTL_SECONDS).optional(),
    urgency: z.enum(URGENCIES).optional(),
    priority: z.enum(PRIORITIES).optional(),
    preference: z.enum(TYPE_PREFERENCES).optional().openapi({
      description:
        'Who gets it of whom nothing is known: everybody, or nobody; `required`: everybody, whatever they say.',
    }),
    overrides: z
      .array(z.enum(OVERRIDES))
      .max(OVERRIDES.length)
      .optional()
      .openapi({ description: 'What does not stop it. Quiet hours are pauses, too.' }),
    cap: z
      .strictObject({ limit: z.int().min(1).max(MAX_CAP), per_seconds: z.int().min(1).max(MAX_CAP_SECONDS) })
      .optional()
      .openapi({
        description: 'The most to one user within any stretch of so many seconds; all types of the pattern together.',
      }),
    on_quiet: z.enum(ON_QUIET).optional().openapi({ description: 'What becomes of it in quiet hours and pauses.' }),
    tracking: tracking.optional().openapi({
      description: 'What devices may be asked to tell of it, where `TRACKING` allows that; an empty list is nothing.',
    }),
  })
  .openapi('TypeRuleInput');

const ruleFields = {
  pattern: z.string(),
  ttl_seconds: z.int().optional(),
  urgency: answerWord('TypeUrgency', URGENCIES, 'What the push service is told.').optional(),
  priority: answerWord('TypePriority', PRIORITIES, 'What goes before what.').optional(),
  preference: answerWord('TypePreference', TYPE_PREFERENCES, 'Who gets it of whom nothing is known.').optional(),
  overrides: z.array(z.string()).optional(),
  cap: answerBody('TypeCap', { limit: z.int(), per_seconds: z.int() }).optional(),
  on_quiet: answerWord('TypeOnQuiet', ON_QUIET, 'What becomes of it in quiet hours.').optional(),
  tracking: z.array(receiptEvent).optional(),
};
export const typeRuleSchema = answerBody('TypeRule', ruleFields, 'Only what was said is there.');

const TYPES_PATH = '/v1/types';
const TYPE_PATH = `${TYPES_PATH}/{type}` as const;
const params = z.object({
  type: typePattern.openapi({
    pattern: '^(\\*|[A-Za-z0-9._:/-]*[A-Za-z0-9_:/-][A-Za-z0-9._:/-]*(\\.\\*)?)$',
    maxLength: 64,
    description: 'A pattern of types, percent-encoded: `order/shipped` as `order%2Fshipped`.',
  }),
});

const listRoute = defineRoute({
  method: 'get',
  path: TYPES_PATH,
  operationId: 'listTypeRules',
  tag: 'Types',
  summary: 'List what was said of types, by pattern',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'All of it.', body: answerBody('TypeRuleList', { items: z.array(typeRuleSchema) }) } },
  errors: [],
});

const getRoute = defineRoute({
  method: 'get',
  path: TYPE_PATH,
  operationId: 'getTypeRule',
  tag: 'Types',
  summary: 'Read what was said of one pattern of types',
  access: 'key',
  scope: 'read',
  params,
  answers: { 200: { description: 'The rule.', body: typeRuleSchema } },
  errors: ['type_rule_not_found'],
});

const putRoute = defineRoute({
  method: 'put',
  path: TYPE_PATH,
  operationId: 'putTypeRule',
  tag: 'Types',
  summary: 'Say what holds for types of a pattern',
  description:
    'A type’s name, a beginning such as `digest.*`, or `*` for all. Field by field, the longest pattern that says something ' +
    'decides. In place of what the pattern said before. Other processes know it within a second.',
  access: 'key',
  scope: 'manage',
  params,
  body: {
    schema: typeRuleBody,
    example: { preference: 'opted_in', cap: { limit: 3, per_seconds: 86_400 }, on_quiet: 'hold' },
    required: true,
  },
  answers: { 200: { description: 'The rule as it is now.', body: typeRuleSchema } },
  errors: [],
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: TYPE_PATH,
  operationId: 'deleteTypeRule',
  tag: 'Types',
  summary: 'Take back what was said of a pattern',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 204: { description: 'Nothing is said of it now.', body: null } },
  errors: ['type_rule_not_found'],
});

/** What holds for types of notifications. */
export function addTypeRoutes(router: Router, types: TypeRulesIntake): void {
  router.add(listRoute, async () => {
    const all = await types.all();
    return answer(200, { items: [...all].map(([pattern, rule]) => ruleWire(pattern, rule)) });
  });
  router.add(getRoute, async ({ params: { type } }) => answer(200, ruleWire(type, await types.get(type))));
  router.add(putRoute, async ({ params: { type }, body }) =>
    answer(200, ruleWire(type, await types.put(type, typeRuleOf(body)))),
  );
  router.add(deleteRoute, async ({ params: { type } }) => {
    await types.delete(type);
    return answer(204, null);
  });
}

/** The rule that a body says. */
export function typeRuleOf(body: z.output<typeof typeRuleBody>): TypeRule {
  const { ttl_seconds: ttlSeconds, urgency, priority, preference, overrides, cap, on_quiet: onQuiet, tracking } = body;
  return {
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(urgency !== undefined && { urgency }),
    ...(priority !== undefined && { priority }),
    ...(preference !== undefined && { preference }),
    ...(overrides !== undefined && { overrides: [...new Set(overrides)] }),
    ...(cap !== undefined && { cap: { limit: cap.limit, perSeconds: cap.per_seconds } }),
    ...(onQuiet !== undefined && { onQuiet }),
    ...(tracking !== undefined && { tracking: trackingOf(tracking) }),
  };
}

function ruleWire(pattern: string, rule: TypeRule): z.output<typeof typeRuleSchema> {
  const { ttlSeconds, urgency, priority, preference, overrides, cap, onQuiet, tracking } = rule;
  return {
    pattern,
    ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
    ...(urgency !== undefined && { urgency }),
    ...(priority !== undefined && { priority }),
    ...(preference !== undefined && { preference }),
    ...(overrides !== undefined && { overrides: [...overrides] }),
    ...(cap !== undefined && { cap: { limit: cap.limit, per_seconds: cap.perSeconds } }),
    ...(onQuiet !== undefined && { on_quiet: onQuiet }),
    ...(tracking !== undefined && { tracking: [...tracking] }),
  };
}
