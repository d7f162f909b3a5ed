import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { formatMessage } from './format-message.ts';
import type { MessageLibrary } from './message-library.ts';

/** How a pattern uses a variable, and so which types it may have. */
export type Use = 'plain' | 'number' | 'datetime' | 'choice';

/** A pattern that was read. */
export type Message = {
  readonly elements: readonly MessageFormatElement[];
  readonly uses: readonly VariableUse[];
  /** Whether there are values with which nothing would be left but white space. */
  readonly canBeBlank: boolean;
};

export type VariableUse = { readonly name: string; readonly use: Use; readonly position: number };

export type MessageProblem = { readonly position: number | null; readonly message: string };

export type ReadMessage =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'problem'; readonly problem: MessageProblem };

/** Styles that have a name. `currency` alone says no currency: `::currency/EUR` does. */
const NUMBER_STYLES = ['integer', 'percent'];
const DATE_STYLES = ['short', 'medium', 'long', 'full'];

const SAMPLES: Readonly<Record<Use, string | number>> = { plain: 'x', number: 1234.5, datetime: 0, choice: 'x' };

/**
 * Reads a pattern of ICU MessageFormat 1, and tries each number and date in it: what the library or `Intl` would refuse when it is
 * sent is refused here. Tags such as `<b>` are plain text.
 */
export function readMessage(library: MessageLibrary, pattern: string, locale: string): ReadMessage {
  let elements: MessageFormatElement[];
  try {
    elements = library.parse(pattern, { ignoreTag: true, captureLocation: true, locale: new Intl.Locale(locale) });
  } catch (error) {
    return { kind: 'problem', problem: problemOf(error) };
  }
  const brace = straysIn(pattern);
  if (brace !== null)
    return { kind: 'problem', problem: { position: brace, message: "a “}” closes nothing: write '}'" } };
  const uses: VariableUse[] = [];
  const problem = walk({ library, locale, uses }, elements, 'text');
  if (problem !== null) return { kind: 'problem', problem };
  return { kind: 'message', message: { elements, uses, canBeBlank: canBeBlank(library, elements) } };
}

/** Where a brace closes nothing: the parser takes it for text, and it would be shown as what is left of a placeholder. Null: nowhere. */
function straysIn(pattern: string): number | null {
  let depth = 0;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === "'") at = endOfQuote(pattern, at);
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    if (depth < 0) return at;
  }
  return null;
}

/** The last character of what is quoted from an apostrophe on; where it quotes nothing, the apostrophe itself. */
function endOfQuote(pattern: string, start: number): number {
  if (pattern[start + 1] === "'") return start + 1;
  if (!'{}<>#'.includes(pattern[start + 1] ?? ' ')) return start;
  let end = pattern.indexOf("'", start + 1);
  while (end >= 0 && pattern[end + 1] === "'") end = pattern.indexOf("'", end + 2);
  return end < 0 ? pattern.length : end;
}

type Walk = { readonly library: MessageLibrary; readonly locale: string; readonly uses: VariableUse[] };

/** `plural`: directly in a plural; `select_in_plural`: in a select within one, where no `#` is replaced. */
type Within = 'text' | 'plural' | 'select_in_plural';

function walk(state: Walk, elements: readonly MessageFormatElement[], within: Within): MessageProblem | null {
  for (const element of elements) {
    const problem = visit(state, element, within);
    if (problem !== null) return problem;
  }
  return null;
}

function visit(state: Walk, element: MessageFormatElement, within: Within): MessageProblem | null {
  const { library } = state;
  const position = element.location?.start.offset ?? 0;
  if (library.isLiteralElement(element)) {
    if (within !== 'select_in_plural' || !element.value.includes('#')) return null;
    return { position, message: 'a “#” within a select is not replaced: write the variable, as in {n, number}' };
  }
  if (library.isPoundElement(element)) return null;
  const use = useOf(library, element);
  if (use === null) return { position, message: 'cannot be used here' };
  const { value: name } = element;
  state.uses.push({ name, use, position });
  if (library.isSelectElement(element) || library.isPluralElement(element)) {
    const inner = innerOf(library.isPluralElement(element), within);
    for (const option of Object.values(element.options)) {
      const problem = walk(state, option.value, inner);
      if (problem !== null) return problem;
    }
    return null;
  }
  return styleProblem(state, element, { name, use, position });
}

function innerOf(isPlural: boolean, within: Within): Within {
  if (isPlural) return 'plural';
  return within === 'text' ? 'text' : 'select_in_plural';
}

function useOf(library: MessageLibrary, element: MessageFormatElement): Use | null {
  if (library.isArgumentElement(element)) return 'plain';
  if (library.isNumberElement(element) || library.isPluralElement(element)) return 'number';
  if (library.isDateElement(element) || library.isTimeElement(element)) return 'datetime';
  return library.isSelectElement(element) ? 'choice' : null;
}

/** An unknown style would be passed over in silence, and a wrong one be refused at each sending. */
function styleProblem(
  { library, locale }: Walk,
  element: MessageFormatElement,
  { name, use, position }: VariableUse,
): MessageProblem | null {
  if (use !== 'number' && use !== 'datetime') return null;
  const style = 'style' in element ? element.style : null;
  const known = use === 'number' ? NUMBER_STYLES : DATE_STYLES;
  if (typeof style === 'string' && !known.includes(style)) {
    return {
      position,
      message: `there is no style of this name: one of ${known.join(', ')}, or a skeleton after “::”`,
    };
  }
  try {
    formatMessage(library, locale, [element], { [name]: SAMPLES[use] }, 'UTC');
    return null;
  } catch (error) {
    return { position, message: `no ${use === 'number' ? 'number' : 'date'} can be written so (${wordsOf(error)})` };
  }
}

function canBeBlank(library: MessageLibrary, elements: readonly MessageFormatElement[]): boolean {
  return elements.every((element) => {
    if (library.isLiteralElement(element)) return element.value.trim() === '';
    if (!library.isSelectElement(element) && !library.isPluralElement(element)) return false;
    return Object.values(element.options).some((option) => canBeBlank(library, option.value));
  });
}

/** The parser names its errors: `EXPECT_ARGUMENT_CLOSING_BRACE`. */
function problemOf(error: unknown): MessageProblem {
  const location = (error as { location?: { start?: { offset?: number } } }).location;
  return { position: location?.start?.offset ?? null, message: `cannot be read (${wordsOf(error)})` };
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isName = /^[A-Z_]+$/.test(message);
  return isName ? message.toLowerCase().replaceAll('_', ' ') : message.slice(0, 120);
}
