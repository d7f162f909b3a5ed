import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Expression, MAX_EXPRESSION_LENGTH, parseExpression } from '../../../src/domain/audience/expression.ts';
import {
  circleOf,
  hasUser,
  type Segments,
  tagsOnTheWay,
  type UserFacts,
} from '../../../src/domain/audience/matching.ts';

const tag = (name: string): Expression => ({ kind: 'tag', tag: name });

function parsed(text: string): Expression {
  const result = parseExpression(text);
  if (result.kind === 'error') throw new Error(`${result.error.at}: ${result.error.message}`);
  return result.expression;
}

const nobody: UserFacts = { tags: new Set(), services: new Set(), locales: [], zone: 'UTC', registeredAtMs: null };
const NO_SEGMENTS: Segments = new Map();

describe('an expression', () => {
  it.each<[string, Expression]>([
    ['beta', tag('beta')],
    [' plan:pro/eu ', tag('plan:pro/eu')],
    ['a && b || c', { kind: 'or', of: [{ kind: 'and', of: [tag('a'), tag('b')] }, tag('c')] }],
    ['a && (b || c)', { kind: 'and', of: [tag('a'), { kind: 'or', of: [tag('b'), tag('c')] }] }],
    ['!a && b', { kind: 'and', of: [{ kind: 'not', of: tag('a') }, tag('b')] }],
    ['!!a', tag('a')],
    [
      'beta&&!(trial||churned)',
      { kind: 'and', of: [tag('beta'), { kind: 'not', of: { kind: 'or', of: [tag('trial'), tag('churned')] } }] },
    ],
    ['#vip', { kind: 'segment', key: 'vip' }],
    ['@service:apple', { kind: 'service', service: 'apple' }],
    ['@locale:pt-BR', { kind: 'locale', locale: 'pt-BR' }],
    ['@zone:europe/berlin', { kind: 'zone', zone: 'Europe/Berlin' }],
    ['@idle:60d', { kind: 'idle', days: 60 }],
  ])('%j is read', (text, expression) => {
    expect(parsed(text)).toEqual(expression);
  });

  it.each<[string, number, string]>([
    ['', 0, 'the end'],
    ['a b', 2, '“b”'],
    ['a &&', 4, 'the end'],
    ['a & b', 2, '“&”'],
    ['a | b', 2, '“|”'],
    ['(a', 2, '“)”'],
    ['a)', 1, '“)”'],
    ['()', 1, '“)”'],
    ['&& a', 0, '“&&”'],
    ['a && || b', 5, '“||”'],
    ['größe', 0, 'no tag'],
    ['a && @service:nokia', 5, 'nokia'],
    ['@zone:Mars/Phobos', 0, 'Mars/Phobos'],
    ['@idle:0d', 0, '0d'],
    ['@idle:60', 0, '60'],
    ['@locale:', 0, 'language tag'],
    ['@tag:x', 0, '@tag'],
    ['#', 0, 'segment'],
    ['x'.repeat(65), 0, '64 characters'],
    [Array.from({ length: 33 }, (_, n) => `t${n}`).join(' && '), 32 * 4 + 32 * 2 + 22 - 32, '32 terms'],
    [`${'('.repeat(33)}a${')'.repeat(33)}`, 32, 'parentheses'],
  ])('%j points at character %i', (text, at, words) => {
    const result = parseExpression(text);
    expect(result.kind).toBe('error');
    if (result.kind !== 'error') return;
    expect(result.error.message).toContain(words);
    if (!words.includes('32 terms')) expect(result.error.at).toBe(at);
  });

  it('may have 32 terms, and thousands of “!” in a row', () => {
    expect(parseExpression(Array.from({ length: 32 }, (_, n) => `t${n}`).join('||')).kind).toBe('parsed');
    expect(parsed(`${'!'.repeat(4000)}a`)).toEqual(tag('a'));
  });

  it('is never read with an exception, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a',
        'b:c',
        '&&',
        '||',
        '!',
        '(',
        ')',
        '#s',
        '@idle:3d',
        '@zone:UTC',
        '@',
        ' ',
        '&',
        '|',
        '\u{1F600}',
        '\ud800',
      ),
      fc.string({ maxLength: 5, unit: 'binary' }),
    );
    const text = fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const result = parseExpression(given);
        if (result.kind !== 'error') return;
        expect(result.error.at).toBeGreaterThanOrEqual(0);
        expect(result.error.at).toBeLessThanOrEqual(Math.min(given.length, MAX_EXPRESSION_LENGTH));
      }),
      { numRuns: 500 },
    );
  });
});

const TAGS = ['a', 'b', 'c', 'd'] as const;

/** Random trees, as text and as a plain predicate over a set of tags. */
type Node = { readonly text: string; readonly has: (tags: ReadonlySet<string>) => boolean };
const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...TAGS).map((name): Node => ({ text: name, has: (tags) => tags.has(name) })),
    tie('tree').map((inner): Node => ({ text: `!(${inner.text})`, has: (tags) => !inner.has(tags) })),
    fc.tuple(tie('tree'), tie('tree')).map(
      ([one, other]): Node => ({
        text: `(${one.text}) && (${other.text})`,
        has: (tags) => one.has(tags) && other.has(tags),
      }),
    ),
    fc.tuple(tie('tree'), tie('tree')).map(
      ([one, other]): Node => ({
        text: `(${one.text}) || (${other.text})`,
        has: (tags) => one.has(tags) || other.has(tags),
      }),
    ),
  ),
}));

describe('whom an expression has', () => {
  it('is what the plain predicate has, and all of them are on the way', () => {
    fc.assert(
      fc.property(tree, fc.subarray([...TAGS]), (node, of) => {
        const read = parseExpression(node.text);
        if (read.kind === 'error') return;
        const tags = new Set(of);
        const isHad = hasUser(read.expression, { ...nobody, tags }, NO_SEGMENTS, 0);
        expect(isHad).toBe(node.has(tags));
        const way = tagsOnTheWay(read.expression, NO_SEGMENTS, () => 1);
        if (isHad && way !== null) expect(way.some((on) => (of as string[]).includes(on))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('knows devices, locale, zone and idleness', () => {
    const day = 86_400_000;
    const facts: UserFacts = {
      tags: new Set(),
      services: new Set(['apple']),
      locales: ['de-AT'],
      zone: 'Europe/Vienna',
      registeredAtMs: 0,
    };
    const has = (text: string, nowMs = 0): boolean => hasUser(parsed(text), facts, NO_SEGMENTS, nowMs);
    expect([has('@service:apple'), has('@service:fcm')]).toEqual([true, false]);
    expect([has('@locale:de'), has('@locale:DE-at'), has('@locale:at')]).toEqual([true, true, false]);
    expect([has('@zone:Europe/Vienna'), has('@zone:Europe/Berlin')]).toEqual([true, false]);
    expect([has('@idle:60d', 60 * day), has('@idle:60d', 60 * day - 1)]).toEqual([true, false]);
  });

  it('asks segments, and has nobody where the answer hangs on one that is gone', () => {
    const segments: Segments = new Map([['vip', parsed('paid || staff')]]);
    const has = (text: string, ...tags: string[]): boolean =>
      hasUser(parsed(text), { ...nobody, tags: new Set(tags) }, segments, 0);
    expect([has('#vip', 'paid'), has('!#vip', 'paid'), has('#vip && a', 'staff', 'a')]).toEqual([true, false, true]);
    expect([has('#gone'), has('!#gone'), has('#gone || a', 'a'), has('#gone && a', 'a')]).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });

  it('is told at once where each segment names the next one thirty times', () => {
    const segments = new Map<string, Expression>();
    for (let n = 0; n < 30; n += 1)
      segments.set(`s${n}`, parsed(Array.from({ length: 30 }, () => `#s${n + 1}`).join('&&')));
    segments.set('s30', parsed('a'));
    expect(hasUser(parsed('#s0'), { ...nobody, tags: new Set(['a']) }, segments, 0)).toBe(true);
    expect(tagsOnTheWay(parsed('#s0'), segments, () => 1)).toEqual(['a']);
    expect(circleOf('s30', parsed('#s0'), segments)?.at(-1)).toBe('s30');
  });
});

describe('the way to an audience', () => {
  it.each<[string, readonly string[] | null]>([
    ['big && small', ['small']],
    ['big || small', ['big', 'small']],
    ['!big', null],
    ['big || !small', null],
    ['!small && big', ['big']],
    ['@service:apple && big', ['big']],
    ['(small || big) && middle', ['middle']],
  ])('of %s is along %j', (text, tags) => {
    const users: Record<string, number> = { small: 1, middle: 10, big: 100 };
    expect(tagsOnTheWay(parsed(text), NO_SEGMENTS, (name) => users[name] ?? 0)).toEqual(tags);
  });
});

describe('a circle of segments', () => {
  it('is told as the way back', () => {
    const segments: Segments = new Map([
      ['b', parsed('#c')],
      ['c', parsed('x || #a')],
    ]);
    expect(circleOf('a', parsed('y && #b'), segments)).toEqual(['a', 'b', 'c', 'a']);
    expect(circleOf('a', parsed('#a'), segments)).toEqual(['a', 'a']);
    expect(circleOf('d', parsed('#b'), segments)).toBeNull();
  });
});
