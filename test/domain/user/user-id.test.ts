import { describe, expect, it } from 'vitest';
import { isUserId } from '../../../src/domain/user/user-id.ts';

describe('a user id', () => {
  it.each(['u', 'user-42', 'ü "1"', '注文', '🔔', 'a\u202eb', 'u'.repeat(128)])('may be %j', (text) => {
    expect(isUserId(text)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['longer than 128 units', 'u'.repeat(129)],
    ['a control character', 'a\u0085b'],
    ['a line feed', 'a\n'],
    ['the first half of a surrogate pair', 'a\ud83d'],
    ['the second half', '\udd14b'],
    ['both, the wrong way round', '\udd14\ud83d'],
    ['a number', 42],
    ['null', null],
  ])('is not %s', (_, value) => {
    expect(isUserId(value)).toBe(false);
  });
});
