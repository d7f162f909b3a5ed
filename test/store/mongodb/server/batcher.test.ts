import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batched } from '../../../../src/store/mongodb/server/batcher.ts';

describe('batched', () => {
  it('takes what is asked within one turn together, and gives each its own answers', async () => {
    const sizes: number[] = [];
    const double = batched(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([[1], [2, 3], [], [4]].map(double))).toEqual([[2], [4, 6], [], [8]]);
    expect(await double([7])).toEqual([14]);
    expect(sizes).toEqual([4, 1]);
  });

  it('splits what is too much for one call, but never what one caller asked for', async () => {
    const sizes: number[] = [];
    const same = batched(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items;
    });
    const singles = Array.from({ length: 300 }, (_, index) => [index]);
    expect(await Promise.all(singles.map(same))).toEqual(singles);
    expect(sizes).toEqual([128, 128, 44]);
    const many = singles.flat();
    expect(await Promise.all([same([1]), same(many), same([2])])).toEqual([[1], many, [2]]);
    expect(sizes.slice(3)).toEqual([1, 300, 1]);
  });

  it('tells everyone in a batch that failed, and nobody else', async () => {
    let calls = 0;
    const ask = batched(async (items: readonly string[]) => {
      calls += 1;
      if (calls === 1) throw new Error('away');
      return items;
    });
    const first = await Promise.allSettled([ask(['a']), ask(['b'])]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask(['c'])).toEqual(['c']);
  });

  describe('after a crowd', () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const many = Array.from({ length: 20 }, (_, index) => index + 100);

    it('waits for more, each with its own answers, until none come', async () => {
      const sizes: number[] = [];
      const double = batched(async (items: readonly number[]) => {
        sizes.push(items.length);
        return items.map((item) => item * 2);
      });
      const first = double(many);
      await vi.advanceTimersByTimeAsync(1);
      const later = [double([1, 2]), double([]), double([3])];
      await vi.advanceTimersByTimeAsync(1);
      expect(sizes).toEqual([20]);
      await vi.advanceTimersByTimeAsync(20);
      expect(sizes).toEqual([20, 3]);
      expect(await Promise.all([first, ...later])).toEqual([many.map((item) => item * 2), [2, 4], [], [6]]);
      const alone = double([5]);
      await vi.advanceTimersByTimeAsync(1);
      expect(await alone).toEqual([10]);
      await vi.advanceTimersByTimeAsync(100);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('waits longer after a smaller one', async () => {
      const sizes: number[] = [];
      const ask = batched(async (items: readonly number[]) => {
        sizes.push(items.length);
        return items;
      });
      void ask(many.slice(0, 9));
      await vi.advanceTimersByTimeAsync(1);
      void ask([1]);
      await vi.advanceTimersByTimeAsync(25);
      expect(sizes).toEqual([9]);
      await vi.advanceTimersByTimeAsync(5);
      expect(sizes).toEqual([9, 1]);
    });

    it('does not wait for a batch that is not answered', async () => {
      const sizes: number[] = [];
      const ask = batched((items: readonly number[]) => {
        sizes.push(items.length);
        return new Promise<readonly number[]>(() => {});
      });
      void ask(many);
      await vi.advanceTimersByTimeAsync(1);
      void ask([1]);
      await vi.advanceTimersByTimeAsync(20);
      expect(sizes).toEqual([20, 1]);
    });
  });
});
