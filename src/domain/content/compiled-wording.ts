import { type LinkPattern, readLink } from './link-pattern.ts';
import { canonicalLocale, directionOf } from './locale-choice.ts';
import { type Message, readMessage, type Use, type VariableUse } from './message.ts';
import type { MessageLibrary } from './message-library.ts';
import { patternFieldsOf } from './pattern-fields.ts';
import type { LocaleText, VariableType, Wording, WordingProblem } from './wording.ts';

/** A pattern that was read: a link, or a text. */
export type CompiledField =
  | { readonly kind: 'text'; readonly message: Message }
  | { readonly kind: 'link'; readonly link: LinkPattern };

/** What is said in one locale, each of its patterns read. */
export type CompiledLocale = {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  readonly text: LocaleText;
  /** By the path of the field. */
  readonly fields: ReadonlyMap<string, CompiledField>;
  /** Whether it shows a date or a time, which depends on the reader’s zone. */
  readonly isZoned: boolean;
};

/** What a value must be, for the sake of which locale. */
export type Need = {
  readonly type: VariableType;
  /** The first locale that uses it. */
  readonly locale: string;
  /** It is a whole link, or part of one; null where no link has it. */
  readonly link: 'whole' | 'part' | null;
};

export type CompiledWording = {
  readonly defaultLocale: string;
  readonly locales: ReadonlyMap<string, CompiledLocale>;
  /** The variables that some locale uses. */
  readonly needs: ReadonlyMap<string, Need>;
  /** All that may be given. */
  readonly variables: Wording['variables'];
};

export type Compiling =
  | { readonly kind: 'compiled'; readonly compiled: CompiledWording }
  | { readonly kind: 'problems'; readonly problems: readonly WordingProblem[] };

/** The types with which a variable may be used so. */
const TYPES_OF_USE: Readonly<Record<Use, readonly VariableType[]>> = {
  plain: ['string', 'number'],
  number: ['number'],
  datetime: ['datetime'],
  choice: ['string', 'boolean'],
};

const HOW: Readonly<Record<VariableType, string>> = {
  string: 'plainly or in a select',
  number: 'plainly, as a number or in a plural',
  boolean: 'in a select of true and other',
  datetime: 'as a date or time, as in {at, date, medium}',
};

const MOST_PROBLEMS = 20;

/** Reads every pattern of every locale, and holds what it uses against the variables. */
export function compileWording(library: MessageLibrary, wording: Wording): Compiling {
  const problems: WordingProblem[] = [];
  const locales = new Map<string, CompiledLocale>();
  const needs = new Map<string, Need>();
  for (const [locale, text] of Object.entries(wording.locales)) {
    if (problems.length >= MOST_PROBLEMS) break;
    locales.set(locale, compileLocale({ library, wording, locale, problems, needs }, text));
  }
  if (problems.length > 0) return { kind: 'problems', problems: problems.slice(0, MOST_PROBLEMS) };
  const { defaultLocale, variables } = wording;
  return { kind: 'compiled', compiled: { defaultLocale, locales, needs, variables } };
}

type Compile = {
  readonly library: MessageLibrary;
  readonly wording: Wording;
  readonly locale: string;
  readonly problems: WordingProblem[];
  readonly needs: Map<string, Need>;
};

function compileLocale(state: Compile, text: LocaleText): CompiledLocale {
  const { library, locale, problems } = state;
  const fields = new Map<string, CompiledField>();
  let isZoned = false;
  for (const { path, kind, pattern } of patternFieldsOf(text)) {
    const refuse = (problem: { position: number | null; message: string }) =>
      problems.push({ locale, field: path, ...problem });
    const read = readMessage(library, pattern, locale);
    if (read.kind === 'problem') {
      refuse(read.problem);
      continue;
    }
    const { message } = read;
    isZoned ||= message.uses.some(({ use }) => use === 'datetime');
    const link = kind === 'link' ? readLink(library, message) : null;
    if (link !== null && 'message' in link) refuse(link);
    if (kind === 'text' && message.canBeBlank) refuse({ position: null, message: 'could come out blank' });
    for (const use of message.uses) {
      const problem = needProblem(state, use, link !== null && 'isWhole' in link ? linkNeedOf(link) : null);
      if (problem !== null) refuse({ position: use.position, message: problem });
    }
    if (link === null) fields.set(path, { kind: 'text', message });
    else if ('isWhole' in link) fields.set(path, { kind: 'link', link });
  }
  return { locale, direction: directionOf(locale), text, fields, isZoned };
}

function linkNeedOf({ isWhole }: LinkPattern): Need['link'] {
  return isWhole ? 'whole' : 'part';
}

/** What is wrong with a use of a variable; null, and noted as needed, where nothing is. */
function needProblem(
  { wording, locale, needs }: Compile,
  { name, use }: VariableUse,
  link: Need['link'],
): string | null {
  const { variables } = wording;
  const type = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const shown = name.slice(0, 64);
  if (type === undefined) return `there is no variable “${shown}”`;
  if (link === 'whole' && type !== 'string') return `“${shown}” is a ${type}, and a link is a string`;
  if (!TYPES_OF_USE[use].includes(type)) return `“${shown}” is a ${type}: use it ${HOW[type]}`;
  const known = needs.get(name);
  needs.set(name, {
    type,
    locale: known?.locale ?? locale,
    link: known?.link === 'whole' || link === 'whole' ? 'whole' : (known?.link ?? link),
  });
  return null;
}

/** Names of locales that mean the same, or nothing; null where all are well. */
export function localeNameProblem(names: readonly string[], defaultLocale: string): string | null {
  const seen = new Map<string, string>();
  for (const name of names) {
    const canonical = canonicalLocale(name);
    if (canonical === null) return `“${name}” is no language tag`;
    const other = seen.get(canonical);
    if (other !== undefined) return `“${other}” and “${name}” are the same locale`;
    seen.set(canonical, name);
  }
  const wanted = canonicalLocale(defaultLocale);
  return wanted !== null && seen.has(wanted) ? null : `there is no text in the default locale “${defaultLocale}”`;
}
