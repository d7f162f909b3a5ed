/** What a recipient reads: the locale of the device, and the one that was said of the user. */
export type Reader = { readonly deviceLocale: string | null; readonly userLocale: string | null };

/**
 * The locale of a wording that a recipient gets: the device’s, else the user’s, else that of the device or the user cut short
 * (`de-AT`: `de`), else the default.
 */
export function chooseLocale(
  available: { has(locale: string): boolean },
  defaultLocale: string,
  { deviceLocale, userLocale }: Reader,
): string {
  const wanted = [deviceLocale, userLocale].flatMap((locale) => canonicalLocale(locale ?? '') ?? []);
  const found = [...wanted, ...wanted.flatMap(shorterOf)].find((locale) => available.has(locale));
  return found ?? defaultLocale;
}

/** `zh-Hant-TW`: `zh-Hant`, `zh`. */
function shorterOf(locale: string): readonly string[] {
  const parts = locale.split('-');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('-'));
}

const MOST_KEPT = 2000;
const kept = new Map<string, string | null>();

/** The one spelling of a language tag (BCP 47); null for a text that is none. */
export function canonicalLocale(tag: string): string | null {
  const known = kept.get(tag);
  if (known !== undefined) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const locale = readLocale(tag);
  kept.set(tag, locale);
  return locale;
}

function readLocale(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = new Set(['Arab', 'Hebr', 'Thaa', 'Syrc', 'Nkoo', 'Adlm', 'Rohg', 'Mand', 'Samr']);

/** The direction of text in a locale, by the script that it is mostly written in. */
export function directionOf(locale: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(new Intl.Locale(locale).maximize().script ?? '') ? 'rtl' : 'ltr';
}
