import { describe, expect, it } from 'vitest';
import { isTypePattern, patternsOf } from '../../../src/domain/notification-type/type-pattern.ts';
import { policyOf, type TypeRule } from '../../../src/domain/notification-type/type-policy.ts';

describe('a pattern of types', () => {
  it('matches from the longest to the shortest', () => {
    expect(patternsOf('a.b.c')).toEqual(['a.b.c', 'a.b.*', 'a.*', '*']);
    expect(patternsOf('digest')).toEqual(['digest', '*']);
    expect(patternsOf('.x')).toEqual(['.x', '*']);
  });

  it.each(['*', 'digest.*', 'order.shipped', 'a:b/c-d_e.f', 'a.b.*'])('%j is one', (text) => {
    expect(isTypePattern(text)).toBe(true);
  });

  it.each(['', '.*x', '**', 'digest*', '*.digest', 'a b', 'ä.*', `${'x'.repeat(63)}.*`, 'x'.repeat(65)])(
    '%j is none',
    (text) => {
      expect(isTypePattern(text)).toBe(false);
    },
  );
});

describe('what holds for a type', () => {
  const rules = new Map<string, TypeRule>([
    ['*', { cap: { limit: 5, perSeconds: 60 }, onQuiet: 'drop', urgency: 'low' }],
    ['digest.*', { cap: { limit: 1, perSeconds: 3600 }, preference: 'opted_out' }],
    ['digest.urgent', { preference: 'required', overrides: ['quiet_hours'] }],
  ]);

  it('is said by the longest pattern, field by field', () => {
    expect(policyOf(rules, 'digest.urgent')).toEqual({
      ttlSeconds: null,
      urgency: 'low',
      tracking: null,
      priority: null,
      preference: 'required',
      overrides: ['quiet_hours'],
      cap: { limit: 1, perSeconds: 3600, pattern: 'digest.*' },
      onQuiet: 'drop',
    });
    expect(policyOf(rules, 'order')).toMatchObject({ preference: 'opted_in', cap: { limit: 5, pattern: '*' } });
  });

  it('is the default where nothing was said', () => {
    expect(policyOf(new Map(), 'order')).toMatchObject({
      preference: 'opted_in',
      overrides: [],
      cap: null,
      onQuiet: 'hold',
    });
  });
});
