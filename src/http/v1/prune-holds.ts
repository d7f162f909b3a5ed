import { z } from '@hono/zod-openapi';
import { PRUNE_HOLD_SCOPES, PRUNE_HOLD_STATES, type PruneHold } from '../../domain/pruning/prune-hold.ts';
import type { Decided, PruneHolds } from '../../intake/prune-holds.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { idParams, instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';

const holdFields = {
  id: z.string(),
  scope: answerWord('PruneHoldScope', PRUNE_HOLD_SCOPES, 'What the held subscriptions have in common.'),
  subject: z.string().openapi({ description: 'The push service’s origin, or the VAPID public key.' }),
  state: answerWord('PruneHoldState', PRUNE_HOLD_STATES, 'Whether a person has decided, and how.'),
  gone_count: z.int().openapi({ description: 'So many users had a subscription called gone …' }),
  answer_count: z.int().openapi({ description: '… out of so many that were answered for of late.' }),
  retired_count: z
    .int()
    .openapi({ description: 'Called gone before the hold began, and so retired: a dismissal restores them.' }),
  opened_at: instant,
  decided_at: instant.nullable(),
};

const holdSchema = answerBody('PruneHold', holdFields);
const holdList = answerBody('PruneHoldList', { items: z.array(holdSchema) });

const decidedSchema = answerBody('DecidedPruneHold', {
  ...holdFields,
  subscriptions: z.int().openapi({ description: 'How many this call retired, or restored.' }),
});

const HOLDS_PATH = '/v1/prune-holds';
const HOLD_PATH = `${HOLDS_PATH}/{id}` as const;
const params = idParams('pruneHold');

const listRoute = defineRoute({
  method: 'get',
  path: HOLDS_PATH,
  operationId: 'listPruneHolds',
  tag: 'Pruning',
  summary: 'List holds on pruning, newest first, 100 at most',
  description:
    'Where unusually many subscriptions of one push service or one VAPID key are called gone, none of them is retired ' +
    'until a person has looked.',
  access: 'key',
  scope: 'read',
  query: z.object({
    state: z.enum(PRUNE_HOLD_STATES).optional().openapi({ description: 'Only those in this state.' }),
  }),
  answers: { 200: { description: 'The holds.', body: holdList } },
  errors: [],
});

const getRoute = defineRoute({
  method: 'get',
  path: HOLD_PATH,
  operationId: 'getPruneHold',
  tag: 'Pruning',
  summary: 'Read one hold on pruning',
  access: 'key',
  scope: 'read',
  params,
  answers: { 200: { description: 'The hold.', body: holdSchema } },
  errors: ['prune_hold_not_found'],
});

const confirmRoute = defineRoute({
  method: 'post',
  path: `${HOLD_PATH}/confirm`,
  operationId: 'confirmPruneHold',
  tag: 'Pruning',
  summary: 'They really are gone: retire them',
  description: 'For a day nothing more of the same origin or key is held. Repeated, it finishes what was left.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 200: { description: 'Decided.', body: decidedSchema } },
  errors: ['prune_hold_not_found', 'prune_hold_decided'],
});

const dismissRoute = defineRoute({
  method: 'post',
  path: `${HOLD_PATH}/dismiss`,
  operationId: 'dismissPruneHold',
  tag: 'Pruning',
  summary: 'The push service was wrong: keep them',
  description: 'Restores those that were retired before the hold began. Failed deliveries can be replayed.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 200: { description: 'Decided.', body: decidedSchema } },
  errors: ['prune_hold_not_found', 'prune_hold_decided'],
});

/** Lets a person decide where a push service calls unusually many subscriptions gone. */
export function addPruneHoldRoutes(router: Router, holds: PruneHolds): void {
  router.add(listRoute, async ({ query }) =>
    answer(200, { items: (await holds.list(query.state ?? null)).map(holdWire) }),
  );
  router.add(getRoute, async ({ params: { id } }) => answer(200, holdWire(await holds.get(id))));
  router.add(confirmRoute, async ({ params: { id } }) => answer(200, decidedWire(await holds.confirm(id))));
  router.add(dismissRoute, async ({ params: { id } }) => answer(200, decidedWire(await holds.dismiss(id))));
}

function holdWire(hold: PruneHold): z.output<typeof holdSchema> {
  return {
    id: hold.id,
    scope: hold.scope,
    subject: hold.subject,
    state: hold.state,
    gone_count: hold.goneCount,
    answer_count: hold.answerCount,
    retired_count: hold.retiredIds.length,
    opened_at: isoOf(hold.openedAtMs),
    decided_at: isoOrNull(hold.decidedAtMs),
  };
}

function decidedWire({ hold, subscriptions }: Decided): z.output<typeof decidedSchema> {
  return { ...holdWire(hold), subscriptions };
}
