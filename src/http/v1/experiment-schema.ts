import { z } from '@hono/zod-openapi';
import {
  EXPERIMENT_KEY,
  type ExperimentTerms,
  IF_INCONCLUSIVE,
  MAX_VARIANTS,
  MAX_WEIGHT,
  METRICS,
} from '../../domain/experiment/experiment.ts';
import { MAX_TTL_SECONDS } from '../../domain/notification/notification.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { contentOf, type Refuse, refuseWording, saidFields, wordingOf } from './said-schema.ts';

const KEY_RULE = 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ : -, the first no dot';

export const experimentKey = z.string().regex(EXPERIMENT_KEY, KEY_RULE).openapi({ example: 'subject-line' });

const weight = z
  .int(`must be a whole number from 1 to ${MAX_WEIGHT}`)
  .min(1, `must be a whole number from 1 to ${MAX_WEIGHT}`)
  .max(MAX_WEIGHT, `must be a whole number from 1 to ${MAX_WEIGHT}`);

const variant = z
  .strictObject({
    key: experimentKey.openapi({ example: 'short' }),
    weight: weight.openapi({ description: 'How many users it gets, in proportion to the others.' }),
    ...saidFields,
    title: saidFields.title.openapi({ description: 'Left out, it is that of the notification.' }),
  })
  .openapi('VariantInput', { description: 'What it says goes before what the notification says.' });

export const variants = z
  .array(variant)
  .min(2, 'must be at least two: there is nothing to compare otherwise')
  .max(MAX_VARIANTS, `must be at most ${MAX_VARIANTS}`)
  .optional()
  .openapi({ description: 'What is said in each of several ways. With `experiment`, which says who gets which.' });

export const experiment = z
  .strictObject({
    key: experimentKey.openapi({
      description: 'By it and a user’s id is drawn what the user gets: the same each time, wherever the key is used.',
    }),
    holdout_percent: z
      .number()
      .min(0, 'must be from 0 to 90')
      .max(90, 'must be from 0 to 90')
      .optional()
      .openapi({ format: 'double', description: 'So many of a hundred users get nothing. Left out, it is 0.' }),
    test_percent: z.number().min(1, 'must be from 1 to 99').max(99, 'must be from 1 to 99').optional().openapi({
      format: 'double',
      description:
        'So many of a hundred users are sent it first; the others get the winner. With `decide_after_seconds`. Left out, all take part.',
    }),
    decide_after_seconds: z
      .int()
      .min(60, 'must be at least 60')
      .max(MAX_TTL_SECONDS, `must be at most ${MAX_TTL_SECONDS} (28 days)`)
      .optional()
      .openapi({ description: 'How long after the test began to go out is decided what the others get.' }),
    metric: z.enum(METRICS).optional().openapi({ description: 'What is compared. Left out, it is `clicked`.' }),
    if_inconclusive: z.enum(IF_INCONCLUSIVE).optional().openapi({
      description:
        'What the others get where nothing can be said by then: nothing (`stop`, the default) or the variant with the most weight.',
    }),
  })
  .optional()
  .openapi({ description: 'Who gets which of the `variants`, and who nothing.' });

type Said = z.output<z.ZodObject<typeof saidFields>>;
type Body = Said & {
  readonly recipients?: readonly unknown[] | undefined;
  readonly variants?: z.output<typeof variants>;
  readonly experiment?: z.output<typeof experiment>;
};

const WORDINGS = ['template', 'locales', 'default_locale'] as const;
const TEXTS = ['title', 'body', 'locale', 'dir'] as const;

/** What a variant says, with what the notification says where the variant is silent. Another kind of text takes the place of the whole one. */
function whole(body: Body, { key: _, weight: __, ...own }: NonNullable<Body['variants']>[number]): Said {
  const { variants: ___, experiment: ____, ...said } = body;
  const isWorded = own.template !== undefined || own.locales !== undefined;
  const isText = own.title !== undefined;
  const given: Said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return {
    ...(isWorded || isText ? without(said, isText ? [...WORDINGS, 'variables'] : [...WORDINGS, ...TEXTS]) : said),
    ...given,
  };
}

function without(said: Said, names: readonly (keyof Said)[]): Said {
  return Object.fromEntries(Object.entries(said).filter(([name]) => !(names as readonly string[]).includes(name)));
}

/** Refuses what does not go together, in the notification or in one of its variants. */
export function refuseSaid(body: Body, refuse: Refuse): void {
  const { variants: given, experiment: asked } = body;
  if (asked === undefined || given === undefined) {
    if (asked !== undefined) refuse('variants', 'are required with `experiment`');
    if (given !== undefined) refuse('experiment', 'is required with `variants`');
    refuseWording(body, refuse);
    refuseVibrating(body, refuse);
    return;
  }
  const { test_percent: test, decide_after_seconds: decideAfter, holdout_percent: holdout = 0 } = asked;
  if (test !== undefined && decideAfter === undefined)
    refuse('experiment.decide_after_seconds', 'is required with `test_percent`');
  if (test === undefined && decideAfter !== undefined)
    refuse('experiment.decide_after_seconds', 'goes with `test_percent`');
  if (test === undefined && asked.if_inconclusive !== undefined)
    refuse('experiment.if_inconclusive', 'goes with `test_percent`');
  if (holdout + (test ?? 0) >= 100)
    refuse(
      test === undefined ? 'experiment.holdout_percent' : 'experiment.test_percent',
      'leaves nobody to wait for the test: holdout and test together must be below 100',
    );
  const keys = given.map(({ key }) => key);
  if (new Set(keys).size < keys.length) refuse('variants', 'must have different keys');
  given.forEach((one, index) => {
    const inVariant: Refuse = (path, message) => refuse(`variants[${index}].${path}`, message);
    const said = { ...whole(body, one), recipients: body.recipients };
    refuseWording(said, inVariant);
    refuseVibrating(said, inVariant);
  });
}

function refuseVibrating({ silent, vibrate }: Said, refuse: Refuse): void {
  if (silent === true && vibrate !== undefined)
    refuse('vibrate', 'cannot go with `silent`: browsers refuse both together');
}

/** What the body wants said, in domain terms. */
export function saidOf(
  body: Body & { readonly type: string },
): Pick<NotifyRequest, 'content' | 'wording' | 'experiment'> {
  const { type, variants: given, experiment: asked } = body;
  if (given === undefined || asked === undefined) return { content: contentOf(type, body), wording: wordingOf(body) };
  const said = given.map((one) => {
    const own = whole(body, one);
    return { key: one.key, weight: one.weight, content: { content: contentOf(type, own), wording: wordingOf(own) } };
  });
  const { content, wording } = said[0]?.content ?? { content: contentOf(type, body), wording: wordingOf(body) };
  return { content, wording, experiment: { ...termsOf(asked), variants: said } };
}

function termsOf(asked: NonNullable<Body['experiment']>): Omit<ExperimentTerms, 'variants'> {
  return {
    key: asked.key,
    holdoutPercent: asked.holdout_percent ?? 0,
    testPercent: asked.test_percent ?? null,
    decideAfterSeconds: asked.decide_after_seconds ?? null,
    metric: asked.metric ?? 'clicked',
    ifInconclusive: asked.if_inconclusive ?? 'stop',
  };
}
