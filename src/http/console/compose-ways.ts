import { AppError } from '../../domain/app-error.ts';
import { localesIn } from './compose-locales.ts';
import type { Form } from './console-routes.ts';

/** Ways to say it beside the first, which is what stands above. More of them are what the API is for. */
export const OTHER_WAYS = [2, 3] as const;
const OTHER_FIELDS = ['key', 'weight', 'title', 'body', 'url', 'template'] as const;
const NUMBERS = ['holdout_percent', 'test_percent', 'decide_after_seconds'] as const;
const CHOICES = ['metric', 'if_inconclusive'] as const;

/** Every field of the form that says something of an experiment. */
export const WAY_FIELDS: readonly string[] = [
  ...['experiment', 'way1_key', 'way1_weight'],
  ...OTHER_WAYS.flatMap((way) => OTHER_FIELDS.map((field) => `way${way}_${field}`)),
  ...NUMBERS,
  ...CHOICES,
];

/** As the API takes it; empty where all is said in one way. `variables` are those of every template. */
export function waysIn(form: Form, variables: () => unknown): Readonly<Record<string, unknown>> {
  if (WAY_FIELDS.every((name) => form.get(name).trim() === '')) return {};
  refuseOneLanguage(form);
  const [given, text] = [waysOf(form), (name: string) => form.get(name).trim()];
  const numbers = NUMBERS.map((name) => [name, text(name) === '' ? undefined : Number(text(name))] as const);
  const choices = CHOICES.map((name) => [name, text(name) || undefined] as const);
  return {
    variants: [
      { key: text('way1_key') || undefined, weight: weightOf(text('way1_weight')) },
      ...given.map((way) => otherWay((name) => text(`way${way}_${name}`), variables)),
    ],
    experiment: { key: text('experiment') || undefined, ...Object.fromEntries([...numbers, ...choices]) },
  };
}

/** Those of the other ways of which anything is said. */
function waysOf(form: Form): readonly number[] {
  return OTHER_WAYS.filter((way) => OTHER_FIELDS.some((field) => form.get(`way${way}_${field}`).trim() !== ''));
}

export type WayField = (typeof OTHER_FIELDS)[number];

function otherWay(text: (name: WayField) => string, variables: () => unknown): Readonly<Record<string, unknown>> {
  const texts = (['title', 'body', 'url'] as const).map((name) => [name, text(name)] as const);
  const template = text('template');
  return {
    key: text('key') || undefined,
    weight: weightOf(text('weight')),
    ...Object.fromEntries(texts.filter(([, said]) => said !== '')),
    ...(template !== '' && { template: { key: template, variables: variables() } }),
  };
}

function weightOf(text: string): number {
  return text === '' ? 1 : Number(text);
}

/** Else some would read another language than with the first way, and one would compare languages. */
function refuseOneLanguage(form: Form): void {
  if (form.get('template').trim() !== '' || localesIn(form) === null) return;
  const issues = waysOf(form)
    .filter((way) => ['title', 'body'].some((field) => form.get(`way${way}_${field}`).trim() !== ''))
    .map((way) => ({
      path: `way${way}_${form.get(`way${way}_title`).trim() === '' ? 'body' : 'title'}`,
      message: 'would say it in one language, and the above in several: name a template that has all of them',
    }));
  if (issues.length === 0) return;
  const words = 'Another way of what is said in several languages comes from a template.';
  throw new AppError('invalid_request', words, { issues });
}

const FIELD_OF_PATH: Readonly<Record<string, string>> = {
  'audience.tags': 'tags',
  'template.key': 'template',
  'template.variables': 'variables',
  'experiment.key': 'experiment',
  send_at: 'at',
  'send_at.local': 'at',
  'send_at.if_passed': 'at',
};

/** The field of the form that has what the API has at a path. */
export function pathField(path: string, form: Form): string {
  const [first = '', name = ''] = path.split('.');
  if (first.startsWith('user_ids')) return 'user_ids';
  if (first === 'variants') return 'way2_key';
  if (!first.startsWith('variants[')) return FIELD_OF_PATH[path] ?? (first === 'experiment' ? name : first);
  const index = Number(first.slice('variants['.length, -1));
  if (index > 0) return `way${waysOf(form)[index - 1]}_${name}`;
  return name === 'key' || name === 'weight' ? `way1_${name}` : name;
}
