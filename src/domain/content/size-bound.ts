import { Buffer } from 'node:buffer';
import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import type { PayloadSource } from '../notification/notification.ts';
import type { CompiledLocale } from './compiled-wording.ts';
import { formatMessage } from './format-message.ts';
import type { MessageLibrary } from './message-library.ts';
import { mapPatterns } from './pattern-fields.ts';
import { payloadOf } from './payload.ts';
import type { Value, Values } from './wording.ts';

/**
 * How large a payload in one locale can be at most: `fixed`, and for each variable its own size as often as it may come. So ten
 * thousand recipients are measured without ten thousand texts being made.
 */
export type SizeBound = { fixed: number; readonly times: Map<string, { plain: number; encoded: number }> };

/** The bound of a notification in one locale. */
export function sizeBoundOf(library: MessageLibrary, compiled: CompiledLocale, source: PayloadSource): SizeBound {
  // Nobody is refused for the token of a receipt: it is left out where it does not fit.
  const { worded: _, tracking: __, ...base } = source.content;
  const { locale, direction: dir } = compiled;
  const empty = { ...base, dir, ...mapPatterns(compiled.text, () => ''), locale };
  const bound: SizeBound = { fixed: payloadOf({ ...source, content: empty }, null).octets, times: new Map() };
  for (const field of compiled.fields.values()) {
    if (field.kind === 'text') add(bound, textBound(library, locale, field.message.elements));
    else {
      const { parts, isWhole } = field.link;
      for (const part of parts) {
        if ('text' in part) bound.fixed += jsonOctets(part.text);
        else count(bound, part.variable, isWhole ? 'plain' : 'encoded', 1);
      }
    }
  }
  return bound;
}

/** How many octets each value takes: plainly, and percent-encoded within a link. */
export type ValueSizes = ReadonlyMap<string, { readonly plain: number; readonly encoded: number }>;

export function sizesOf(values: Values): ValueSizes {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      { plain: plainOctets(value), encoded: encodeURIComponent(value).length },
    ]),
  );
}

/** No payload with values of these sizes is larger. */
export function mostOctets({ fixed, times }: SizeBound, sizes: ValueSizes): number {
  let octets = fixed;
  for (const [name, { plain, encoded }] of times) {
    const size = sizes.get(name);
    if (size?.plain === Number.POSITIVE_INFINITY) return size.plain;
    if (size !== undefined) octets += plain * size.plain + encoded * size.encoded;
  }
  return octets;
}

function plainOctets(value: Value): number {
  if (typeof value === 'string') return jsonOctets(value);
  // Written out, it may have hundreds of digits: no sample tells how long it is.
  return typeof value === 'number' && Math.abs(value) >= LARGEST_SAMPLED
    ? Number.POSITIVE_INFINITY
    : String(value).length;
}

/** What it adds to a JSON text. */
function jsonOctets(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

function textBound(library: MessageLibrary, locale: string, elements: readonly MessageFormatElement[]): SizeBound {
  const bound: SizeBound = { fixed: 0, times: new Map() };
  for (const element of elements) {
    if (library.isLiteralElement(element)) bound.fixed += jsonOctets(element.value);
    else if (library.isArgumentElement(element)) count(bound, element.value, 'plain', 1);
    else if (library.isSelectElement(element) || library.isPluralElement(element)) {
      count(bound, element.value, 'plain', 0);
      add(bound, largestOf(Object.values(element.options).map(({ value }) => textBound(library, locale, value))));
    } else {
      if ('value' in element) count(bound, element.value, 'plain', 0);
      bound.fixed += formattedBound(library, locale, element);
    }
  }
  return bound;
}

/** The largest of each part, which is at least what the largest of all comes to. */
function largestOf(bounds: readonly SizeBound[]): SizeBound {
  const largest: SizeBound = { fixed: Math.max(0, ...bounds.map(({ fixed }) => fixed)), times: new Map() };
  for (const { times } of bounds) {
    for (const [name, { plain, encoded }] of times) {
      const known = largest.times.get(name) ?? { plain: 0, encoded: 0 };
      largest.times.set(name, { plain: Math.max(known.plain, plain), encoded: Math.max(known.encoded, encoded) });
    }
  }
  return largest;
}

function add(bound: SizeBound, more: SizeBound): void {
  bound.fixed += more.fixed;
  for (const [name, { plain, encoded }] of more.times) {
    count(bound, name, 'plain', plain);
    count(bound, name, 'encoded', encoded);
  }
}

function count({ times }: SizeBound, name: string, kind: 'plain' | 'encoded', more: number): void {
  const known = times.get(name) ?? { plain: 0, encoded: 0 };
  times.set(name, { ...known, [kind]: known[kind] + more });
}

const DAY_MS = 86_400_000;
/** Each month, morning and evening; and numbers of all lengths that people write. */
const SAMPLE_INSTANTS = Array.from({ length: 24 }, (_, half) => half * 15.3 * DAY_MS);
const LARGEST_SAMPLED = 1e15;
const SAMPLE_NUMBERS = [-123_456_789_012_345.67, 0.123_456_789, LARGEST_SAMPLED, 2];
const SPARE_OCTETS = 32;

/** Twice the largest sample: other zones and numbers are longer, but not twice as long. */
function formattedBound(library: MessageLibrary, locale: string, element: MessageFormatElement): number {
  if (library.isPoundElement(element)) {
    const format = new Intl.NumberFormat(locale);
    return 2 * Math.max(...SAMPLE_NUMBERS.map((sample) => jsonOctets(format.format(sample)))) + SPARE_OCTETS;
  }
  const samples = library.isNumberElement(element) ? SAMPLE_NUMBERS : SAMPLE_INSTANTS;
  const name = 'value' in element ? element.value : '';
  const sizes = samples.map((sample) =>
    jsonOctets(formatMessage(library, locale, [element], { [name]: sample }, 'America/Argentina/Buenos_Aires')),
  );
  return 2 * Math.max(...sizes) + SPARE_OCTETS;
}
