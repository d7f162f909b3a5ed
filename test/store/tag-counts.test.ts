import { expect, it } from 'vitest';
import { keptCounts } from '../../src/store/tag-counts.ts';

it('counts a tag once a minute, however many pages ask', async () => {
  const asked: (readonly string[])[] = [];
  let nowMs = 0;
  const counts = keptCounts(
    async (tags) => {
      asked.push(tags);
      return new Map(tags.map((tag) => [tag, tag.length + nowMs]));
    },
    () => nowMs,
  );
  expect([...(await counts(['a', 'bb']))]).toEqual([
    ['a', 1],
    ['bb', 2],
  ]);
  nowMs = 59_999;
  expect((await counts(['bb', 'ccc'])).get('bb')).toBe(2);
  expect((await counts(['a', 'bb', 'ccc'])).size).toBe(3);
  expect(asked).toEqual([['a', 'bb'], ['ccc']]);
  nowMs = 60_000;
  expect((await counts(['a'])).get('a')).toBe(60_001);
  expect(asked).toHaveLength(3);
});
