import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import type { MessageLibrary } from './message-library.ts';

/** Values as the library takes them: instants as epoch milliseconds. */
export type FormatValues = Readonly<Record<string, string | number | boolean>>;

/** Writes a pattern that was read. Throws where a value is missing, or this runtime’s `Intl` cannot do it. */
export function formatMessage(
  { formatToParts, formats }: MessageLibrary,
  locale: string,
  elements: readonly MessageFormatElement[],
  values: FormatValues,
  zone: string,
): string {
  const parts = formatToParts([...elements], locale, formattersFor(zone), formats, values);
  return parts.map(({ value }) => String(value)).join('');
}

/** An `Intl` object weighs tens of kilobytes, and takes as long to make as a hundred texts to write. */
const MOST_KEPT = 500;
const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.PluralRules>();

/** Styles are objects of patterns that were read, and so the same ones each time. */
const styleNumbers = new WeakMap<object, number>();
let lastStyleNumber = 0;

function numberOfStyle(style: object | undefined): number {
  if (style === undefined) return 0;
  const known = styleNumbers.get(style);
  if (known !== undefined) return known;
  lastStyleNumber += 1;
  styleNumbers.set(style, lastStyleNumber);
  return lastStyleNumber;
}

function keptOr<Format extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.PluralRules>(
  key: string,
  make: () => Format,
): Format {
  const known = kept.get(key);
  if (known !== undefined) return known as Format;
  if (kept.size >= MOST_KEPT) kept.clear();
  const made = make();
  kept.set(key, made);
  return made;
}

function formattersFor(timeZone: string) {
  return {
    getNumberFormat: (locale?: string | string[], style?: object) =>
      keptOr(`n ${locale} ${numberOfStyle(style)}`, () => new Intl.NumberFormat(locale, style)),
    getDateTimeFormat: (locale?: Intl.LocalesArgument, style?: Intl.DateTimeFormatOptions) =>
      keptOr(
        `d ${locale} ${numberOfStyle(style)} ${timeZone}`,
        () => new Intl.DateTimeFormat(locale, { ...style, timeZone }),
      ),
    getPluralRules: (locale?: Intl.LocalesArgument, options?: Intl.PluralRulesOptions) =>
      keptOr(`p ${locale} ${options?.type}`, () => new Intl.PluralRules(locale, options)),
  };
}
