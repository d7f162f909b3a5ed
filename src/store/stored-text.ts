/**
 * libsql cuts a text at its first NUL when reading, and every driver turns a lone surrogate into U+FFFD, so two
 * different user ids could become one. Such texts are kept as JSON behind this mark, and so are texts that begin with it.
 */
const MARK = '\u0001';

/** The text as a store keeps it: itself, for nearly every text there is. Equal texts stay equal, different ones different. */
export function encodeText(text: string): string {
  const isPlain = !text.startsWith(MARK) && !text.includes('\0') && !/\p{Surrogate}/u.test(text);
  return isPlain ? text : MARK + JSON.stringify(text);
}

/** The text as it was before `encodeText`. */
export function decodeText(kept: string): string {
  return kept.startsWith(MARK) ? (JSON.parse(kept.slice(MARK.length)) as string) : kept;
}
