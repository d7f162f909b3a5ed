/**
 * What is seen as nothing, or does something to what stands around it: control characters (C0, C1, DEL), marks that turn
 * the direction of writing, zero-width and other invisible characters, line and paragraph separators, half surrogates,
 * and code points that stand for no character.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text for a log or a terminal, on one line: whatever cannot be seen is written as JSON escapes it (`\u202e`), so that
 * text from outside can neither hide, nor fake a line, nor command a terminal.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

/** The same for text of several lines, whose line feeds stay. JSON remains JSON, with the same meaning. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escapeOf(character)));
}

function escapeOf(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
