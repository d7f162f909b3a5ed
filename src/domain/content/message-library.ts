/** What reads and writes patterns of ICU MessageFormat (decision 32). */
export type MessageLibrary = Awaited<ReturnType<typeof loadMessageLibrary>>;

/** Loaded when the first pattern is met: a process that sends none does not pay for it. */
export async function loadMessageLibrary() {
  const [{ IntlMessageFormat, formatToParts }, parser] = await Promise.all([
    import('intl-messageformat'),
    import('@formatjs/icu-messageformat-parser'),
  ]);
  const { parse, isLiteralElement, isArgumentElement, isNumberElement, isDateElement, isTimeElement } = parser;
  const { isSelectElement, isPluralElement, isPoundElement } = parser;
  return {
    formatToParts,
    /** Of the styles that have a name. */
    formats: IntlMessageFormat.formats,
    parse,
    isLiteralElement,
    isArgumentElement,
    isNumberElement,
    isDateElement,
    isTimeElement,
    isSelectElement,
    isPluralElement,
    isPoundElement,
  };
}
