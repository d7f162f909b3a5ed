import { z } from '@hono/zod-openapi';
import { IF_INCONCLUSIVE, METRICS } from '../../domain/experiment/experiment.ts';
import type { ExperimentAccount, Experiments, VariantAccount } from '../../intake/experiments.ts';
import { answerBody, answerWord, pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf, isoOrNull, pageQuery, pageRequest } from '../kit/wire-fields.ts';
import { experimentKey } from './experiment-schema.ts';

const count = z.int();
const share = z.number().nullable().openapi({ format: 'double' });

const variantSchema = answerBody('ExperimentVariant', {
  key: z.string(),
  weight: z.int(),
  users: count.openapi({ description: 'Users whom it went to, each once, however many notifications and devices.' }),
  delivered: count.openapi({ description: 'Of these, to how many at least one was delivered: what rates are of.' }),
  shown: count,
  clicked: count,
  rate: share.openapi({ description: 'Of those delivered, for how many the metric was seen. Null: of nobody.' }),
  rate_from: share.openapi({
    description: 'The true rates of all variants lie between, with a chance of 95 %, however often you look.',
  }),
  rate_to: share,
});

export const experimentSchema = answerBody('Experiment', {
  key: z.string(),
  sentence: z.string().openapi({ description: 'Which variant wins, or how many users more it takes.' }),
  winner: z.string().nullable().openapi({ description: 'Which variant wins, by what is known now. Null: none yet.' }),
  users_needed: z.int().nullable().openapi({
    description:
      'About how many users more it takes, should the rates stay as they are. Null where nobody can say, or need.',
  }),
  has_sample_ratio: z.boolean().openapi({
    description: 'Whether users came to the variants in the proportion of their weights. If not, go by none of it.',
  }),
  is_counting: z.boolean().openapi({
    description:
      'True where much came at once and not all of it is counted yet: the counts are those so far, and nothing is said of who wins.',
  }),
  variants: z.array(variantSchema),
  metric: answerWord('ExperimentMetric', METRICS, 'What is compared.'),
  holdout_percent: z.number().openapi({ format: 'double' }),
  test_percent: share.openapi({ description: 'So many were sent it first. Null: all take part.' }),
  decide_after_seconds: z.int().nullable(),
  if_inconclusive: answerWord('IfInconclusive', IF_INCONCLUSIVE, 'What the others get where nothing can be said.'),
  notification_id: z.string().nullable().openapi({
    description: 'The notification whose test it is. Null: it has no test, and any number of notifications may use it.',
  }),
  decided_at: instant
    .nullable()
    .openapi({ description: 'When the test was decided. Null: not yet, or there is none.' }),
  decided_winner: z.string().nullable().openapi({ description: 'Which variant won then.' }),
  decided_sends: z.string().nullable().openapi({ description: 'Which variant the others got since. Null: none.' }),
  created_at: instant,
});

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/experiments',
  operationId: 'listExperiments',
  tag: 'Experiments',
  summary: 'List experiments, newest first',
  access: 'key',
  scope: 'read',
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOf('ExperimentPage', experimentSchema) } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: '/v1/experiments/{key}',
  operationId: 'getExperiment',
  tag: 'Experiments',
  summary: 'Read what an experiment has come to',
  description: 'As often as you like: looking often does no harm to what it says.',
  access: 'key',
  scope: 'read',
  params: z.object({ key: experimentKey.openapi({ description: 'As notifications have it in `experiment`.' }) }),
  answers: { 200: { description: 'The experiment.', body: experimentSchema } },
  errors: ['experiment_not_found'],
});

/** What came of saying something in several ways. */
export function addExperimentRoutes(router: Router, experiments: Experiments): void {
  router.add(listRoute, async ({ query }) => {
    const { items, next } = await experiments.list(pageRequest(query));
    return answer(200, { items: items.map(experimentWire), next_cursor: next });
  });
  router.add(getRoute, async ({ params }) => answer(200, experimentWire(await experiments.get(params.key))));
}

function experimentWire(account: ExperimentAccount): z.output<typeof experimentSchema> {
  const { experiment, decision } = account;
  const { terms, decided } = experiment;
  return {
    key: terms.key,
    sentence: account.sentence,
    winner: decision.kind === 'winner' ? decision.key : null,
    users_needed: decision.kind === 'open' ? decision.usersNeeded : null,
    has_sample_ratio: account.hasSampleRatio,
    is_counting: account.isCounting,
    variants: account.variants.map(variantWire),
    metric: terms.metric,
    holdout_percent: terms.holdoutPercent,
    test_percent: terms.testPercent,
    decide_after_seconds: terms.decideAfterSeconds,
    if_inconclusive: terms.ifInconclusive,
    notification_id: experiment.notificationId,
    decided_at: isoOrNull(decided?.atMs ?? null),
    decided_winner: decided?.winner ?? null,
    decided_sends: decided?.sends ?? null,
    created_at: isoOf(experiment.createdAtMs),
  };
}

function variantWire({ key, weight, interval, ...counts }: VariantAccount): z.output<typeof variantSchema> {
  return { key, weight, ...counts, rate_from: interval?.from ?? null, rate_to: interval?.to ?? null };
}
