import { isKeptByFloat } from '../../domain/decimal.ts';
import { formatPath, type Issue } from './json-body.ts';

const MOST_ISSUES = 20;

const LOST_NUMBER = 'is a number that no browser keeps as it is (a 64-bit float): send it as a string';
const REPEATED_NAME = 'is given more than once';

/** What a float can lose has 16 digits or more, or an exponent. Within a string this fits as well, which costs a search. */
const DOUBTFUL_NUMBER = /[:,[][ \t\n\r]*-?(?:[\d.]{16}|[\d.]+[eE])/;

/** Fits each name of each object, and now and then what stands within a string. */
const NAMES = /"[ \t\n\r]*:/g;

/** Where a search is: in an object, with the names that it had so far, or in an array. */
type Place = { readonly names: Set<string> | null; key: string | number; isNameNext: boolean };

/**
 * What `JSON.parse` lost without a word of this text, which it has parsed: numbers that no float keeps, and all but the last of
 * names that an object has twice. `nameCount` is how many names the parsed value has. Most texts show at a glance that nothing
 * is lost. 20 issues at most.
 */
export function findLosses(text: string, nameCount: number): readonly Issue[] {
  const mayBeLost = DOUBTFUL_NUMBER.test(text) || (text.match(NAMES)?.length ?? 0) !== nameCount;
  return mayBeLost ? searchLosses(text) : [];
}

/** Goes through the text once. Valid JSON has nothing but what is looked for here, literals and white space. */
function searchLosses(text: string): readonly Issue[] {
  const issues: Issue[] = [];
  const places: Place[] = [];
  const note = (message: string): void => {
    issues.push({ path: formatPath(places.map(({ key }) => key)), message });
  };
  for (let at = 0; at < text.length && issues.length < MOST_ISSUES; at += 1) {
    const character = text[at] ?? '';
    const place = places.at(-1);
    if (character === '"') {
      const end = endOfString(text, at);
      if (place?.isNameNext && enterName(place, text.slice(at, end))) note(REPEATED_NAME);
      at = end - 1;
    } else if (character === '{') places.push({ names: new Set(), key: '', isNameNext: true });
    else if (character === '[') places.push({ names: null, key: 0, isNameNext: false });
    else if (character === '}' || character === ']') places.pop();
    else if (character === ',' && place !== undefined) goOn(place);
    else if (isOfNumber(character)) {
      const end = endOfNumber(text, at);
      if (!isKeptByFloat(text.slice(at, end))) note(LOST_NUMBER);
      at = end - 1;
    }
  }
  return issues;
}

/** True where the object had the name before. Two spellings of a name are one: `"\u0061"` is `"a"`. */
function enterName(place: Place, quoted: string): boolean {
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  const isRepeated = place.names?.has(name) === true;
  place.names?.add(name);
  place.key = name;
  place.isNameNext = false;
  return isRepeated;
}

function goOn(place: Place): void {
  if (typeof place.key === 'number') place.key += 1;
  else place.isNameNext = true;
}

/** The index behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && (isOfNumber(text[end] ?? '') || 'eE+.'.includes(text[end] ?? ' '))) end += 1;
  return end;
}

function isOfNumber(character: string): boolean {
  return (character >= '0' && character <= '9') || character === '-';
}
