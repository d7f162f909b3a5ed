import type { ShownContent } from './shown-content.ts';

/** What a variable may be. `datetime` is an instant, ISO 8601 with a zone. */
export const VARIABLE_TYPES = ['string', 'number', 'boolean', 'datetime'] as const;
export type VariableType = (typeof VARIABLE_TYPES)[number];

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** What a variable stands for in one notification, or for one recipient. */
export type Value = string | number | boolean;
export type Values = Readonly<Record<string, Value>>;

/**
 * What is said in one locale. Title, body, links and the words of actions are patterns of ICU MessageFormat; all else is taken as
 * it is.
 */
export type LocaleText = ShownContent;

/** What is said, in each locale, and what the variables in it are. Locales are canonical, and the default is one of them. */
export type Wording = {
  readonly defaultLocale: string;
  readonly variables: Readonly<Record<string, VariableType>>;
  readonly locales: Readonly<Record<string, LocaleText>>;
};

/** A wording that is kept under a key. A version never changes. */
export type TemplateRef = { readonly key: string; readonly version: number };

/**
 * Of a notification whose text is made for each recipient: where its wording stands, and what its variables are. `isPersonal`: each
 * recipient has values beside these, or instead. `shown`: what stands for all of it in a listing, the text in the default locale,
 * with variables as they are written where their values are personal.
 */
export type Worded = {
  readonly source:
    | { readonly kind: 'template'; readonly template: TemplateRef }
    | { readonly kind: 'inline'; readonly wording: Wording };
  readonly values: Values;
  readonly isPersonal: boolean;
  readonly shown: LocaleText;
};

/** What a person is told of a wording that cannot be used. `position` counts characters from 0; null where it is about no one place. */
export type WordingProblem = {
  readonly locale: string;
  readonly field: string;
  readonly position: number | null;
  readonly message: string;
};

export const TEMPLATE_KEY = /^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}$/;
export const MAX_LOCALES = 100;
export const MAX_VARIABLES = 50;
/** As JSON. A notification that has its own wording is read for each batch of deliveries. */
export const MAX_TEMPLATE_OCTETS = 256 * 1024;
export const MAX_INLINE_OCTETS = 64 * 1024;
/** As JSON, for one recipient: they are kept with each delivery. */
export const MAX_VALUES_OCTETS = 4096;
