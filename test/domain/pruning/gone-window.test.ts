import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGoneWindow } from '../../../src/domain/pruning/gone-window.ts';

const POLICY = { windowSize: 500, maxShare: 0.2, maxCount: 50 };

const after = (answers: readonly boolean[], policy = POLICY) => {
  const window = createGoneWindow(policy);
  answers.forEach((isGone, index) => {
    window.note(isGone, `sub_${index}`);
  });
  return window;
};
const many = (count: number, isGone: boolean) => Array.from({ length: count }, () => isGone);

it.each([
  ['fifty are not many', [...many(50, true)], false],
  ['fifty-one of fifty-one', [...many(51, true)], true],
  ['a hundred of five hundred are a fifth', [...many(400, false), ...many(100, true)], false],
  ['a hundred and one of five hundred', [...many(399, false), ...many(101, true)], true],
  ['sixty of three hundred', [...many(240, false), ...many(60, true)], false],
  ['sixty-one of three hundred', [...many(239, false), ...many(61, true)], true],
  ['what is older than five hundred answers counts no more', [...many(200, true), ...many(500, false)], false],
])('%s', (_, answers, hasTripped) => {
  expect(after(answers).hasTripped()).toBe(hasTripped);
});

it('counts the latest answers, whatever they are', () => {
  const policy = { windowSize: 7, maxShare: 0.5, maxCount: 2 };
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (answers) => {
      const window = after(answers, policy);
      const latest = answers.map((isGone, index) => ({ isGone, id: `sub_${index}` })).slice(-7);
      const gone = latest.filter(({ isGone }) => isGone);
      expect(window.answerCount).toBe(latest.length);
      expect(window.goneCount).toBe(gone.length);
      expect(window.goneIds()).toEqual(gone.map(({ id }) => id));
      expect(window.hasTripped()).toBe(gone.length > 2 && gone.length > latest.length / 2);
      window.clear();
      expect([window.goneCount, window.answerCount, window.goneIds()]).toEqual([0, 0, []]);
    }),
  );
});
