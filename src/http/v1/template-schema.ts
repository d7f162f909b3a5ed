import { z } from '@hono/zod-openapi';
import { OPEN_IN, TEXT_DIRECTIONS } from '../../domain/content/shown-content.ts';
import type { Wording } from '../../domain/content/wording.ts';
import { VARIABLE_TYPES } from '../../domain/content/wording.ts';
import type { Preview, Template } from '../../intake/templates.ts';
import type { TemplateVersion } from '../../store/template-store.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { instant, isoOf, locale, timeZone } from '../kit/wire-fields.ts';
import { actionOf } from './content-schema.ts';
import { shownAction } from './notification-answer.ts';
import { localesOf, refuseLocaleNames, textWire, valuesOf, variableValues, wordingFields } from './wording-schema.ts';

const refusing = (context: z.core.$RefinementCtx) => (path: string, message: string) =>
  context.addIssue({ code: 'custom', path: [path], message });

/** What a template says. Each variable that a text uses is one of `variables`. */
export const templateBody = z
  .strictObject(wordingFields)
  .superRefine((body, context) => refuseLocaleNames(body, refusing(context)))
  .openapi('TemplateInput');

const asked = {
  variables: variableValues.optional(),
  locale: locale.optional().openapi({ description: 'What a reader of it would get; left out, each locale.' }),
  time_zone: timeZone.optional().openapi({ description: 'In which dates are shown; left out, the server’s.' }),
};

export const previewBody = z
  .strictObject({ ...asked, version: z.int().min(1).optional().openapi({ description: 'Left out, the newest.' }) })
  .openapi('TemplatePreviewInput');

export const unsavedPreviewBody = z.strictObject({ template: templateBody, ...asked }).openapi('UnsavedPreviewInput');

const localeText = answerBody('LocaleText', {
  title: z.string(),
  body: z.string().optional(),
  icon: z.string().optional(),
  image: z.string().optional(),
  badge: z.string().optional(),
  url: z.string().optional(),
  open_in: answerWord('LocaleOpenIn', OPEN_IN, 'Where the `url` opens.').optional(),
  actions: z.array(shownAction).optional(),
  dir: answerWord('LocaleDirection', TEXT_DIRECTIONS, 'Of the text.').optional(),
  require_interaction: z.boolean().optional(),
  silent: z.boolean().optional(),
  vibrate: z.array(z.int()).optional(),
  renotify: z.boolean().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

const variables = z.record(
  z.string(),
  answerWord('VariableType', VARIABLE_TYPES, 'What a variable stands for; `datetime` is an ISO 8601 instant.'),
);

export const templateSchema = answerBody('Template', {
  key: z.string(),
  version: z.int(),
  default_locale: z.string(),
  variables,
  locales: z.record(z.string(), localeText),
  created_at: instant,
});

export const templateSummarySchema = answerBody('TemplateSummary', {
  key: z.string(),
  version: z.int(),
  default_locale: z.string(),
  variables,
  locales: z.array(z.string()),
  created_at: instant,
});

const previewItem = answerBody('TemplatePreviewItem', {
  locale: z.string(),
  dir: z.string().nullable(),
  title: z.string(),
  body: z.string().nullable(),
  icon: z.string().nullable(),
  image: z.string().nullable(),
  badge: z.string().nullable(),
  url: z.string().nullable(),
  actions: z.array(shownAction).nullable(),
  payload_octets: z.int().openapi({ description: 'Before encryption. A type and a topic add to it.' }),
});

export const previewSchema = answerBody('TemplatePreview', { items: z.array(previewItem) });

/** The wording that a body says. */
export function wordingOf(body: z.output<typeof templateBody>): Wording {
  const { defaultLocale, locales } = localesOf(body.default_locale, body.locales);
  const named = Object.entries(body.variables ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return { defaultLocale, variables: Object.fromEntries(named), locales };
}

/** What a preview is asked for. */
export function previewRequestOf({
  variables: given,
  locale: reader,
  time_zone: zone,
}: Pick<z.output<typeof previewBody>, 'variables' | 'locale' | 'time_zone'>) {
  return { values: valuesOf(given), locale: reader ?? null, zone: zone ?? null };
}

/** A template as callers see it. */
export function templateWire({ key, version, wording, createdAtMs }: Template): z.output<typeof templateSchema> {
  const locales = Object.entries(wording.locales).map(([name, text]) => [name, textWire(text)] as const);
  return {
    key,
    version,
    default_locale: wording.defaultLocale,
    variables: { ...wording.variables },
    locales: Object.fromEntries(locales),
    created_at: isoOf(createdAtMs),
  };
}

/** A version in a listing. Listings have none by which a template was deleted. */
export function summaryWire({
  key,
  version,
  wording,
  createdAtMs,
}: TemplateVersion): z.output<typeof templateSummarySchema>[] {
  if (wording === null) return [];
  const { defaultLocale, variables: types, locales } = wording;
  return [
    {
      key,
      version,
      default_locale: defaultLocale,
      variables: { ...types },
      locales: Object.keys(locales),
      created_at: isoOf(createdAtMs),
    },
  ];
}

/** What a reader would get. */
export function previewWire({ locale: name, content, octets }: Preview): z.output<typeof previewItem> {
  const { title, body, icon, image, badge, url, actions, dir } = content;
  return {
    locale: name,
    dir: dir ?? null,
    title,
    body: body ?? null,
    icon: icon ?? null,
    image: image ?? null,
    badge: badge ?? null,
    url: url ?? null,
    actions: actions?.map(actionOf) ?? null,
    payload_octets: octets,
  };
}
