import type { CompiledWording, Need } from './compiled-wording.ts';
import type { FormatValues } from './format-message.ts';
import { isLink, MAX_LINK_LENGTH } from './link.ts';
import { readMessage } from './message.ts';
import type { MessageLibrary } from './message-library.ts';
import { patternFieldsOf } from './pattern-fields.ts';
import type { Value, Values, VariableType, Wording } from './wording.ts';

/** What is wrong with a value, and the locale that would suffer from it; null where no locale uses the variable. */
export type ValueProblem = { readonly variable: string; readonly locale: string | null; readonly message: string };

/** Whatever is missing, unknown or of another type. None: every text can be made with these values. */
export function valueProblems({ needs, variables }: CompiledWording, values: Values): readonly ValueProblem[] {
  const problems: ValueProblem[] = [];
  for (const [variable, need] of needs) {
    const message = problemOf(need, Object.hasOwn(values, variable) ? values[variable] : undefined);
    if (message !== null) problems.push({ variable, locale: need.locale, message });
  }
  for (const [variable, value] of Object.entries(values)) {
    if (needs.has(variable)) continue;
    const type = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
    const message = type === undefined ? 'is no variable of this text' : problemOf({ type, link: null }, value);
    if (message !== null) problems.push({ variable: variable.slice(0, 64), locale: null, message });
  }
  return problems;
}

function problemOf({ type, link }: Pick<Need, 'type' | 'link'>, value: Value | undefined): string | null {
  if (value === undefined) return 'is missing';
  switch (type) {
    case 'string':
      return typeof value === 'string' ? stringProblem(value, link) : `must be a string, not a ${typeof value}`;
    case 'datetime':
      return typeof value === 'string' && instantOf(value) !== null
        ? null
        : 'must be an ISO 8601 instant with a zone, such as 2026-01-31T12:00:00Z';
    default:
      return typeof value === type ? null : `must be a ${type}, not a ${typeof value}`;
  }
}

function stringProblem(value: string, link: Need['link']): string | null {
  if (value.trim() === '') return 'must not be blank';
  if (link === 'whole' && !(value.length <= MAX_LINK_LENGTH && isLink(value))) {
    return 'must be an http(s) URL, or a path that starts with one “/”: it is a link';
  }
  // As a step of a path, dots alone lead somewhere else.
  return link === 'part' && /^\.+$/.test(value) ? 'must be more than dots: it is part of a link' : null;
}

/** The values as texts are made with them. They were found to be right. */
export function formatValuesOf({ needs }: CompiledWording, values: Values): FormatValues {
  const result: Record<string, Value> = Object.create(null);
  for (const [name, value] of Object.entries(values)) {
    const isInstant = needs.get(name)?.type === 'datetime' && typeof value === 'string';
    result[name] = isInstant ? (instantOf(value) ?? value) : value;
  }
  return result;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Epoch milliseconds of an ISO 8601 instant; null for a text that is none, and for the 30th of February. */
function instantOf(text: string): number | null {
  const [, year, month, day] = INSTANT.exec(text) ?? [];
  if (day === undefined) return null;
  // biome-ignore-start lint/style/noRestrictedGlobals: reckoning with a given date reads no clock.
  const atMs = Date.parse(text);
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // biome-ignore-end lint/style/noRestrictedGlobals: see above.
  return Number.isNaN(atMs) || midnight.getUTCDate() !== Number(day) ? null : atMs;
}

/**
 * The types of variables that nobody declared: as they are used, and where that leaves a choice, as their first value is. Whatever
 * does not fit together then, compiling finds.
 */
export function inferVariables(
  library: MessageLibrary,
  locales: Wording['locales'],
  firstValueOf: (name: string) => Value | undefined,
): Wording['variables'] {
  const types = new Map<string, VariableType>();
  for (const [locale, text] of Object.entries(locales)) {
    for (const { pattern } of patternFieldsOf(text)) {
      const read = readMessage(library, pattern, locale);
      if (read.kind === 'problem') continue;
      for (const { name, use } of read.message.uses) {
        if (use === 'number' || use === 'datetime') types.set(name, use);
        else if (!types.has(name)) types.set(name, typeOf(firstValueOf(name)));
      }
    }
  }
  return Object.fromEntries(types);
}

function typeOf(value: Value | undefined): VariableType {
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'string';
}
