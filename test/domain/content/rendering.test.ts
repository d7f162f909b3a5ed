import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CompiledWording, compileWording } from '../../../src/domain/content/compiled-wording.ts';
import { ANYONE, createComposer } from '../../../src/domain/content/compose.ts';
import { chooseLocale, directionOf } from '../../../src/domain/content/locale-choice.ts';
import { loadMessageLibrary, type MessageLibrary } from '../../../src/domain/content/message-library.ts';
import { type Renderer, renderText } from '../../../src/domain/content/renderer.ts';
import { mostOctets, sizeBoundOf, sizesOf } from '../../../src/domain/content/size-bound.ts';
import { valueProblems } from '../../../src/domain/content/values.ts';
import type { LocaleText, Values, Wording } from '../../../src/domain/content/wording.ts';
import { sampleNotification } from '../../support/samples.ts';

let library: MessageLibrary;
beforeAll(async () => {
  library = await loadMessageLibrary();
});

const VARIABLES = { name: 'string', n: 'number', at: 'datetime', isNew: 'boolean', plan: 'string' } as const;

function compiled(locales: Record<string, LocaleText>, variables: Wording['variables'] = VARIABLES): CompiledWording {
  const defaultLocale = Object.keys(locales)[0] ?? 'en';
  const compiling = compileWording(library, { defaultLocale, variables, locales });
  if (compiling.kind === 'problems') throw new Error(JSON.stringify(compiling.problems));
  return compiling.compiled;
}

function written(locale: string, title: string, values: Values, zone = 'UTC'): string {
  const renderer: Renderer = { library, compiled: compiled({ [locale]: { title } }) };
  const text = renderer.compiled.locales.get(locale);
  if (text === undefined) throw new Error('no text');
  return renderText(renderer, text, { type: 'a', title: '' }, values, zone).title;
}

describe('plurals', () => {
  const ARABIC = '{n, plural, zero {صفر} one {واحد} two {اثنان} few {# قليلة} many {# كثيرة} other {# أخرى}}';
  const POLISH = '{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}';

  it.each<[locale: string, pattern: string, n: number, expected: string]>([
    ['ar', ARABIC, 0, 'صفر'],
    ['ar', ARABIC, 1, 'واحد'],
    ['ar', ARABIC, 2, 'اثنان'],
    ['ar', ARABIC, 5, 'قليلة'],
    ['ar', ARABIC, 11, 'كثيرة'],
    ['ar', ARABIC, 100, 'أخرى'],
    ['pl', POLISH, 1, '1 plik'],
    ['pl', POLISH, 3, '3 pliki'],
    ['pl', POLISH, 5, '5 plików'],
    ['pl', POLISH, 12, '12 plików'],
    ['pl', POLISH, 22, '22 pliki'],
    ['pl', POLISH, 1.5, '1,5 pliku'],
    ['ja', '{n, plural, other {#個}}', 1, '1個'],
    ['ja', '{n, plural, other {#個}}', 1234, '1,234個'],
    ['en', '{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}', 22, '22nd'],
    [
      'en',
      '{n, plural, offset:1 =0 {nobody} =1 {you} one {you and # more} other {you and # more}}',
      3,
      'you and 2 more',
    ],
  ])('in %s, %s of %d is %s', (locale, pattern, n, expected) => {
    expect(written(locale, pattern, { n })).toContain(expected);
  });
});

it.each<[locale: string, pattern: string, zone: string, expected: string]>([
  ['en', '{at, date, full} {at, time, short}', 'Asia/Tokyo', 'Thursday, January 1, 2026 8:30 AM'],
  ['en', '{at, date, full} {at, time, short}', 'America/New_York', 'Wednesday, December 31, 2025 6:30 PM'],
  ['de', '{at, date, ::yMMMMd}', 'Europe/Berlin', '1. Januar 2026'],
  ['en', '{n, number, ::currency/EUR}', 'UTC', '€1,234.50'],
  ['de', '{n, number}', 'UTC', '1.234,5'],
  ['en', '{n}', 'UTC', '1234.5'],
  ['en', '{isNew, select, true {new} other {old}}', 'UTC', 'new'],
  ['en', '{plan, select, __proto__ {a} constructor {b} other {c}}', 'UTC', 'c'],
  ['en', "<b>{name}</b> isn''t '{'name'}'", 'UTC', "<b>toString</b> isn't {name}"],
])('in %s, %s in %s is %s', (locale, pattern, zone, expected) => {
  const values = { name: 'toString', n: 1234.5, at: '2025-12-31T23:30:00Z', isNew: true, plan: 'valueOf' };
  expect(written(locale, pattern, values, zone).replace(/\s/g, ' ')).toBe(expected);
});

it.each<[device: string | null, user: string | null, expected: string]>([
  ['de-AT', 'fr', 'de-AT'],
  ['DE-at', null, 'de-AT'],
  ['de-CH', 'fr', 'fr'],
  ['de-CH', 'es', 'de'],
  ['es', 'de-CH', 'de'],
  [null, 'fr-CA', 'fr'],
  ['zh-Hant-TW', null, 'zh-Hant'],
  ['zh-CN', null, 'en'],
  ['not a tag', 'toString', 'en'],
  [null, null, 'en'],
])('a device in %s of a user in %s gets %s', (deviceLocale, userLocale, expected) => {
  const available = new Set(['en', 'de', 'de-AT', 'fr', 'zh-Hant']);
  expect(chooseLocale(available, 'en', { deviceLocale, userLocale })).toBe(expected);
});

it.each([
  ['ar', 'rtl'],
  ['he-IL', 'rtl'],
  ['fa', 'rtl'],
  ['ur', 'rtl'],
  ['az-Arab', 'rtl'],
  ['az', 'ltr'],
  ['de', 'ltr'],
  ['ja', 'ltr'],
])('%s is written %s', (locale, direction) => {
  expect(directionOf(locale)).toBe(direction);
});

/** Patterns as people write them, right and wrong, with what their variables are used for. */
const aPart: fc.Arbitrary<string> = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'part' },
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        'Hello ',
        'x',
        'ä',
        '{name}',
        '{n}',
        '{at, date, short}',
        '{n, number}',
        '{at, time, ::Hmm}',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(' ', '', '#', '{at}', '{missing}', '{', '}', "'", '{name,plural,other{}}'),
    },
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => `${one}${other}`),
    tie('part').map((inner) => `{n, plural, one {${inner}} other {#${inner}}}`),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => `{plan, select, pro {${a}} other {${b}}}`),
    tie('part').map((inner) => `{isNew, select, true {${inner}} other {}}`),
  ),
})).part;

const aText = fc.string({ unit: 'grapheme', maxLength: 40 });
const someValues = fc.record(
  {
    name: fc.oneof({ weight: 5, arbitrary: aText }, fc.constantFrom('', ' ', '{name}', '__proto__'), fc.integer()),
    n: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1)),
    at: fc.oneof(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((at) => at.toISOString()),
      aText,
    ),
    isNew: fc.boolean(),
    plan: fc.constantFrom('pro', 'free', 'constructor'),
  },
  { requiredKeys: ['name', 'n', 'at', 'plan'] },
);

it('what is accepted shows no blank and no placeholder, is never larger than its bound, and cannot fail', () => {
  let accepted = 0;
  const property = fc.property(
    fc.array(aPart, { minLength: 1, maxLength: 3 }),
    fc.option(fc.constantFrom('/a/{name}', '/{plan}?n={n}', '{name}', 'https://{name}', '/{n, plural, other {x}}')),
    fc.constantFrom('en', 'ar', 'pl', 'ja', 'de'),
    someValues,
    (parts, url, locale, given) => {
      const title = parts.join('');
      const locales = { [locale]: { title, ...(url !== null && { url }) } };
      const compiling = compileWording(library, { defaultLocale: locale, variables: VARIABLES, locales });
      if (compiling.kind === 'problems') return;
      const values = given as Values;
      if (valueProblems(compiling.compiled, values).length > 0) return;
      accepted += 1;
      const renderer: Renderer = { library, compiled: compiling.compiled };
      const text = compiling.compiled.locales.get(locale);
      if (text === undefined) throw new Error('no text');
      const source = sampleNotification({ content: { type: 'a', title: '' } });
      const made = renderText(renderer, text, source.content, values, 'Europe/Berlin');
      expect(made.title.trim()).not.toBe('');
      const shown = made.title.replaceAll(String(values.name), '').replaceAll(String(values.plan), '');
      if (!title.includes("'")) expect(shown).not.toMatch(/[{}]|undefined|null|NaN|Invalid/);
      if (url !== null) expect(made.url).toMatch(/^(\/(?!\/)|https?:\/\/)/);
      const { octets } = createComposer(null)(source, { ...ANYONE, deviceLocale: locale, values }, renderer);
      expect(octets).toBeLessThanOrEqual(mostOctets(sizeBoundOf(library, text, source), sizesOf(values)));
    },
  );
  fc.assert(property, { numRuns: 3000 });
  expect(accepted).toBeGreaterThan(100);
});

it.each<[what: string, pattern: string]>([
  ['four thousand braces', '{'.repeat(4000)],
  ['selects in selects', `${'{plan,select,other{'.repeat(200)}x${'}}'.repeat(200)}`],
  [
    'a plural of many forms',
    `{n, plural, ${Array.from({ length: 250 }, (_, n) => `=${n} {form ${n}}`).join(' ')} other {x}}`,
  ],
  ['apostrophes', "'".repeat(4000)],
  ['a skeleton without end', `{n, number, ::${'0'.repeat(3900)}}`],
  ['a skeleton of nonsense', `{at, date, ::${'G'.repeat(3900)}}`],
])('reads %s in no time, or says what is wrong', (_, title) => {
  const startedAt = performance.now();
  compileWording(library, { defaultLocale: 'en', variables: VARIABLES, locales: { en: { title } } });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
