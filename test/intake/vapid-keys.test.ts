import { expect, it } from 'vitest';
import { talliesFrom } from '../../src/domain/tally/tally.ts';
import { createVapidKeys } from '../../src/intake/vapid-keys.ts';

/** As stores count: up to so many of each key. `active`: of all keys, as it is counted with every change. */
function keysWith(counts: Readonly<Record<string, number>>, active: number, isCounted = true) {
  return createVapidKeys({
    store: {
      subscriptions: {
        countByVapidKey: async (most) =>
          new Map(Object.entries(counts).map(([key, count]) => [key, Math.min(count, most)])),
      },
      tallies: { read: async () => ({ tallies: talliesFrom(new Map([['active fcm', active]])), isCounted }) },
    },
    publicKeys: () => ['new', 'old'],
    rotation: null,
  });
}

it('tells what the largest key has by what the others leave, without counting it', async () => {
  const { keys, movedPercent, movedIsAtLeast } = await keysWith({ new: 900_000, old: 100 }, 900_100).progress();
  expect(keys.map(({ activeSubscriptions, isAtLeast }) => [activeSubscriptions, isAtLeast])).toEqual([
    [900_000, false],
    [100, false],
  ]);
  expect([movedPercent, movedIsAtLeast]).toEqual([99, false]);
});

it('says “at least” where two have more than are counted, or all are yet to be counted', async () => {
  const both = await keysWith({ new: 60_000, old: 140_000 }, 200_000).progress();
  expect(both.keys.map(({ activeSubscriptions, isAtLeast }) => [activeSubscriptions, isAtLeast])).toEqual([
    [50_000, true],
    [50_000, true],
  ]);
  expect([both.movedPercent, both.movedIsAtLeast]).toEqual([25, true]);
  const early = await keysWith({ new: 60_000, old: 10 }, 5, false).progress();
  expect(early.keys[0]).toMatchObject({ activeSubscriptions: 50_000, isAtLeast: true });
});
