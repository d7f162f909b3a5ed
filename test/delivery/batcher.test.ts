import { describe, expect, it } from 'vitest';
import { batch } from '../../src/delivery/batcher.ts';

describe('batch', () => {
  it('takes what is asked within one turn together, and gives each its own answer', async () => {
    const sizes: number[] = [];
    const double = batch(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
    expect(await double(7)).toBe(14);
    expect(sizes).toEqual([3, 1]);
  });

  it('splits what is too much for one commit', async () => {
    const sizes: number[] = [];
    const same = batch(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items;
    });
    const items = Array.from({ length: 300 }, (_, index) => index);
    expect(await Promise.all(items.map(same))).toEqual(items);
    expect(sizes).toEqual([128, 128, 44]);
  });

  it('tells everyone in a batch that failed, and nobody else', async () => {
    let calls = 0;
    const ask = batch(async (items: readonly string[]) => {
      calls += 1;
      if (calls === 1) throw new Error('away');
      return items;
    });
    const first = await Promise.allSettled([ask('a'), ask('b')]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask('c')).toBe('c');
  });
});
