/** Some thirty thousand years: as milliseconds still a whole number. Whoever writes more means for ever. */
const MOST_SECONDS = 1e12;

/** A decimal number as programs print one, with a sign, an exponent, a unit or quotes, but never less than nothing. */
const SECONDS = /^("?)\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)? ?(?:s|secs?|seconds?)?\1$/i;

/**
 * The seconds that a header names, or null where it names none. RFC 9110 has whole numbers alone; services and what stands before
 * them also write `299.997`, `+60`, `60.0`, `1e+06`, `60s`, `60 seconds` and `"60"`. Not rounded; at most 10^12.
 */
export function readSeconds(text: string): number | null {
  const [, , digits, exponent = ''] = SECONDS.exec(text.trim()) ?? [];
  return digits === undefined ? null : Math.min(Number(digits + exponent), MOST_SECONDS);
}
