import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGoneWindow } from '../../../src/domain/pruning/gone-window.ts';

const POLICY = { windowSize: 500, maxShare: 0.2, maxCount: 50 };
const NOW_MS = 1_767_225_600_000;
const DAY_MS = 86_400_000;

type Said = { readonly userId: string; readonly subscriptionId: string; readonly isGone: boolean };

const windowAfter = (answers: readonly Said[], policy = POLICY) => {
  const window = createGoneWindow(policy);
  for (const answer of answers) window.note(answer, NOW_MS);
  return window;
};
let made = 0;
/** An answer to each of so many users, who have no other. */
const users = (count: number, isGone: boolean): Said[] =>
  Array.from({ length: count }, () => {
    made += 1;
    return { userId: `user-${made}`, subscriptionId: `sub_${made}`, isGone };
  });
/** So many answers to one user. */
const ofOne = (count: number, isGone: boolean, userId = 'ada'): Said[] =>
  Array.from({ length: count }, (_, index) => ({ userId, subscriptionId: `${userId}-${index}`, isGone }));

it.each([
  ['fifty are not many', [...users(50, true)], false],
  ['fifty-one of fifty-one', [...users(51, true)], true],
  ['a hundred of five hundred are a fifth', [...users(400, false), ...users(100, true)], false],
  ['a hundred and one of five hundred', [...users(399, false), ...users(101, true)], true],
  ['sixty of three hundred', [...users(240, false), ...users(60, true)], false],
  ['sixty-one of three hundred', [...users(239, false), ...users(61, true)], true],
  [
    'who was answered for before five hundred others counts no more',
    [...users(200, true), ...users(500, false)],
    false,
  ],
  ['fifty-one subscriptions of one user', ofOne(51, true), false],
  ['ten thousand subscriptions of one user', ofOne(10_000, true), false],
  ['fifty users, one of whom has 400 that are gone', [...users(49, true), ...ofOne(400, true)], false],
  ['fifty-one users behind 10 000 good answers of another', [...users(51, true), ...ofOne(10_000, false)], true],
  ['fifty-one users before 10 000 good answers of another', [...ofOne(10_000, false), ...users(51, true)], true],
])('%s', (_, answers, hasTripped) => {
  expect(windowAfter(answers).hasTripped(NOW_MS)).toBe(hasTripped);
});

it('never goes by one user alone, whatever the policy', () => {
  const policy = { windowSize: 500, maxShare: 0, maxCount: 0 };
  expect(windowAfter(ofOne(60, true), policy).hasTripped(NOW_MS)).toBe(false);
  expect(windowAfter([...ofOne(60, true), ...users(1, true)], policy).hasTripped(NOW_MS)).toBe(true);
});

describe('what is remembered', () => {
  it('is a week: what was gone before does not count with what is gone now', () => {
    const window = windowAfter(users(40, true));
    for (const answer of users(40, true)) window.note(answer, NOW_MS + 7 * DAY_MS - 1);
    expect(window.counts(NOW_MS + 7 * DAY_MS - 1)).toEqual({ goneCount: 80, answerCount: 80 });
    expect(window.counts(NOW_MS + 7 * DAY_MS)).toEqual({ goneCount: 40, answerCount: 40 });
    expect(window.hasTripped(NOW_MS + 7 * DAY_MS)).toBe(false);
    expect(window.goneIds(NOW_MS + 7 * DAY_MS)).toHaveLength(40);
  });

  it('of a user who is answered for every day ends a week after the subscription was gone', () => {
    const [answer] = users(1, true);
    const window = windowAfter([answer!]);
    for (let day = 1; day < 10; day += 1) {
      window.note({ ...answer!, subscriptionId: 'another', isGone: false }, NOW_MS + day * DAY_MS);
      expect(window.counts(NOW_MS + day * DAY_MS)).toEqual({ goneCount: day < 7 ? 1 : 0, answerCount: 1 });
    }
  });

  it('of a subscription ends with its success', () => {
    const window = windowAfter(ofOne(2, true));
    window.note({ userId: 'ada', subscriptionId: 'ada-0', isGone: false }, NOW_MS);
    expect(window.goneIds(NOW_MS)).toEqual(['ada-1']);
    window.note({ userId: 'ada', subscriptionId: 'ada-1', isGone: false }, NOW_MS);
    expect(window.counts(NOW_MS)).toEqual({ goneCount: 0, answerCount: 1 });
  });

  it('is 20 subscriptions of a user, and 500 in all: the latest', () => {
    const mine = ofOne(60, true);
    const others = Array.from({ length: 40 }, (_, index) => ofOne(15, true, `user-${index}`)).flat();
    expect(windowAfter(mine).goneIds(NOW_MS)).toEqual(mine.slice(-20).map(({ subscriptionId }) => subscriptionId));
    expect(windowAfter([...mine, ...others]).goneIds(NOW_MS)).toEqual(
      others.slice(-500).map(({ subscriptionId }) => subscriptionId),
    );
  });
});

it('counts the latest users once each, whatever the answers are', () => {
  const policy = { windowSize: 7, maxShare: 0.5, maxCount: 2 };
  const answers = fc.array(
    fc.record({
      userId: fc.integer({ min: 0, max: 11 }).map((id) => `user-${id}`),
      device: fc.nat(2),
      isGone: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(answers, (given) => {
      const said = given.map(({ userId, device, isGone }) => ({
        userId,
        subscriptionId: `${userId}/${device}`,
        isGone,
      }));
      const window = windowAfter(said, policy);
      const latest = [...new Set(said.toReversed().map(({ userId }) => userId))].slice(0, 7);
      // One that falls out begins anew when it comes back, so only those of few users are told here.
      if (new Set(said.map(({ userId }) => userId)).size > 7) {
        expect(window.counts(NOW_MS).answerCount).toBe(7);
        return;
      }
      const isLastGone = new Map(said.map(({ subscriptionId, isGone }) => [subscriptionId, isGone]));
      const goneIds = [...isLastGone].filter(([, isGone]) => isGone).map(([id]) => id);
      const goneUsers = new Set(goneIds.map((id) => id.split('/')[0]));
      expect(window.counts(NOW_MS)).toEqual({ goneCount: goneUsers.size, answerCount: latest.length });
      expect(window.goneIds(NOW_MS).toSorted()).toEqual(goneIds.toSorted());
      expect(window.hasTripped(NOW_MS)).toBe(goneUsers.size > 2 && goneUsers.size > latest.length / 2);
      window.clear();
      expect(window.counts(NOW_MS)).toEqual({ goneCount: 0, answerCount: 0 });
      expect(window.goneIds(NOW_MS)).toEqual([]);
    }),
  );
});
