import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crowdOut, mostActiveRead } from '../../../src/domain/subscription/crowding.ts';

const idle = (...ids: string[]) => ids.map((id, index) => ({ id, updatedAtMs: index }));

it('retires as many as there are too many, the longest idle first', () => {
  expect(crowdOut('c', idle('a', 'b', 'c'), 3, 9)).toEqual([]);
  expect(crowdOut('d', idle('a', 'b', 'c', 'd'), 2, 9)).toEqual(
    ['a', 'b'].map((subscriptionId, notUpdatedSinceMs) => ({
      kind: 'retire',
      subscriptionId,
      reason: 'crowded_out',
      atMs: 9,
      deliveryId: null,
      notUpdatedSinceMs,
    })),
  );
});

it('never retires the row that was just registered, though it came in the same millisecond as others', () => {
  expect(crowdOut('a', idle('a', 'b', 'c'), 2, 9).map(({ subscriptionId }) => subscriptionId)).toEqual(['b']);
  expect(crowdOut('a', idle('a', 'b', 'c'), 1, 9).map(({ subscriptionId }) => subscriptionId)).toEqual(['b', 'c']);
});

it('leaves as many as are allowed, or as few as a read can bring it to', () => {
  const counts = fc.record({ count: fc.nat(300), maxActive: fc.integer({ min: 1, max: 50 }), place: fc.nat(300) });
  fc.assert(
    fc.property(counts, ({ count, maxActive, place }) => {
      const all = idle(...Array.from({ length: count }, (_, index) => `sub_${index}`));
      const read = all.slice(0, mostActiveRead(maxActive));
      const registered = `sub_${place % Math.max(1, count)}`;
      const retired = crowdOut(registered, read, maxActive, 9).map(({ subscriptionId }) => subscriptionId);
      expect(new Set(retired).size).toBe(Math.max(0, read.length - maxActive));
      expect(retired).not.toContain(registered);
      expect(retired).toEqual(
        all
          .map(({ id }) => id)
          .filter((id) => id !== registered)
          .slice(0, retired.length),
      );
    }),
  );
});
