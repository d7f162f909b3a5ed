import { z } from '@hono/zod-openapi';
import { localeNameProblem } from '../../domain/content/compiled-wording.ts';
import { MAX_LINK_LENGTH } from '../../domain/content/link.ts';
import { canonicalLocale } from '../../domain/content/locale-choice.ts';
import { MAX_ACTIONS } from '../../domain/content/shown-content.ts';
import {
  type LocaleText,
  MAX_LOCALES,
  MAX_VARIABLES,
  TEMPLATE_KEY,
  VARIABLE_NAME,
  VARIABLE_TYPES,
  type Values,
  type Wording,
} from '../../domain/content/wording.ts';
import { LOCALE, locale, MAX_LOCALE_LENGTH, plainText } from '../kit/wire-fields.ts';
import { data, display, openIn, present } from './content-schema.ts';

/** A pattern may be longer than what it comes to: it has every form of a plural. */
const linkPattern = z.string().min(1).max(MAX_LINK_LENGTH);

const actionPattern = z
  .strictObject({
    action: plainText(64).openapi({ description: 'What your service worker is told. No pattern.' }),
    title: z.string().min(1).max(1000),
    icon: linkPattern.optional(),
    url: linkPattern.optional(),
  })
  .openapi('ActionPatternInput');

const { image: _, ...displayedSo } = display;

/** What is said in one locale. */
const localeText = z
  .strictObject({
    title: z.string().min(1).max(4000).openapi({ example: 'Hello {name}' }),
    body: z
      .string()
      .min(1)
      .max(16_000)
      .optional()
      .openapi({ example: '{n, plural, one {# parcel comes} other {# parcels come}} {at, date, full}.' }),
    icon: linkPattern.optional(),
    image: linkPattern.optional(),
    badge: linkPattern.optional(),
    url: linkPattern.optional().openapi({ example: '/orders/{order}' }),
    open_in: openIn,
    actions: z
      .array(actionPattern)
      .min(1, 'must hold at least one, or be left out')
      .max(MAX_ACTIONS, `must be at most ${MAX_ACTIONS}: browsers show no more`)
      .refine((all) => new Set(all.map((one) => one.action)).size === all.length, 'must have different `action` names')
      .optional(),
    ...displayedSo,
    data,
  })
  .refine(({ silent, vibrate }) => silent !== true || vibrate === undefined, {
    path: ['vibrate'],
    error: 'cannot go with `silent`: browsers refuse both together',
  })
  .openapi('LocaleTextInput', {
    description:
      'Title, body, links and the words of actions are patterns of ICU MessageFormat. What is left out is as the notification has it.',
  });

/** What the names in an object are like. The library’s type knows no word of OpenAPI 3.1 for it. */
function namedBy(names: { readonly pattern: string; readonly maxLength?: number }): object {
  return { propertyNames: { type: 'string', ...names } };
}

export const localesInput = z
  .record(z.string(), localeText)
  .superRefine((given, context) => {
    const count = Object.keys(given).length;
    if (count < 1 || count > MAX_LOCALES) {
      context.addIssue({ code: 'custom', message: `must have 1 to ${MAX_LOCALES} locales` });
    }
  })
  .openapi({
    description: 'By language tag, such as `de` or `pt-BR`.',
    minProperties: 1,
    maxProperties: MAX_LOCALES,
    ...namedBy({ maxLength: MAX_LOCALE_LENGTH, pattern: LOCALE.source }),
  });

export const defaultLocale = locale.openapi({ description: 'What those get who read none of the others.' });

/** Refuses names of locales that are none, or the same, or without the default one. */
export function refuseLocaleNames(
  { default_locale: name, locales }: { default_locale: string; locales: Readonly<Record<string, unknown>> },
  refuse: (path: string, message: string) => void,
): void {
  const problem = localeNameProblem(Object.keys(locales), name);
  if (problem !== null) refuse('locales', problem);
}

const NAME_RULE = 'must begin with a letter or _, and have at most 64 letters, digits and _';

function namesChecked<Item extends z.ZodType>(item: Item) {
  return z.record(z.string(), item).superRefine((given, context) => {
    const names = Object.keys(given);
    for (const name of names.filter((one) => !VARIABLE_NAME.test(one))) {
      context.addIssue({ code: 'custom', path: [name], message: NAME_RULE });
    }
    if (names.length > MAX_VARIABLES) {
      context.addIssue({ code: 'custom', message: `must be at most ${MAX_VARIABLES} variables` });
    }
  });
}

const documentedNames = {
  maxProperties: MAX_VARIABLES,
  ...namedBy({ pattern: VARIABLE_NAME.source }),
};

/** What variables are. */
const variableTypes = namesChecked(z.enum(VARIABLE_TYPES)).openapi({
  ...documentedNames,
  description: 'What each variable is; `datetime` is an ISO 8601 instant with a zone.',
  example: { name: 'string', n: 'number', at: 'datetime', order: 'string' },
});

const value = z.union([z.string(), z.number(), z.boolean()], { error: 'must be a string, a number or true or false' });

/** What variables stand for. Documented by what a value is not: of a choice of types, some generated clients do not compile. */
export const variableValues = namesChecked(value).openapi({
  ...documentedNames,
  type: 'object',
  additionalProperties: { not: { type: ['object', 'array', 'null'] } },
  description: 'What each variable stands for: a string, a number, true or false.',
  example: { name: 'Ada', n: 2, at: '2026-01-31T12:00:00Z', order: '42' },
});

export const templateKey = z
  .string()
  .regex(TEMPLATE_KEY, 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ : -, the first no dot')
  .openapi({ example: 'order-shipped' });

export const wordingFields = {
  default_locale: defaultLocale,
  variables: variableTypes.optional(),
  locales: localesInput,
};

/** What the body says, with its locales under their one spelling and in order, so that the same is known as the same. */
export function localesOf(
  name: string,
  given: z.output<typeof localesInput>,
): Pick<Wording, 'defaultLocale' | 'locales'> {
  const named = Object.entries(given).map(([tag, text]) => [canonicalLocale(tag) ?? tag, textOf(text)] as const);
  const locales = Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : 1)));
  return { defaultLocale: canonicalLocale(name) ?? name, locales };
}

/** What variables stand for, as a plain object of their own. */
export function valuesOf(given: Readonly<Record<string, string | number | boolean>> | undefined): Values {
  return { ...given };
}

function textOf(text: z.output<typeof localeText>): LocaleText {
  const { open_in, require_interaction, actions, ...same } = text;
  return present({
    ...same,
    openIn: open_in,
    requireInteraction: require_interaction,
    actions: actions?.map((action) => present(action)),
  });
}

/** A locale’s text as callers wrote it. */
export function textWire(text: LocaleText): z.output<typeof localeText> {
  const { openIn: open_in, requireInteraction: require_interaction, actions, vibrate, data: own, ...same } = text;
  return present({
    ...same,
    open_in,
    require_interaction,
    actions: actions?.map((action) => ({ ...action })),
    vibrate: vibrate === undefined ? undefined : [...vibrate],
    data: own === undefined ? undefined : { ...own },
  });
}
