import { describe, expect, it } from 'vitest';
import { weightedRoundRobin } from '../../../src/queue/picking/weighted-round-robin.ts';

const WEIGHTS = { high: 6, normal: 3, low: 1 };

function picks(count: number, hasWork: (name: keyof typeof WEIGHTS) => boolean): string[] {
  const pick = weightedRoundRobin(WEIGHTS);
  return Array.from({ length: count }, () => pick(hasWork) ?? 'none');
}

describe('weightedRoundRobin', () => {
  it('gives 6, 3 and 1 of every ten, spread out', () => {
    const order = picks(20, () => true);
    for (const ten of [order.slice(0, 10), order.slice(10)]) {
      expect(ten.filter((name) => name === 'high')).toHaveLength(6);
      expect(ten.filter((name) => name === 'normal')).toHaveLength(3);
      expect(ten.filter((name) => name === 'low')).toHaveLength(1);
    }
    expect(order.join(' ')).not.toContain('normal normal');
  });

  it('wastes no turn on a name without work', () => {
    expect(picks(5, (name) => name === 'low')).toEqual(['low', 'low', 'low', 'low', 'low']);
    expect(picks(8, (name) => name !== 'high').filter((name) => name === 'normal')).toHaveLength(6);
  });

  it('gives a name that was idle no credit for it', () => {
    const pick = weightedRoundRobin(WEIGHTS);
    for (let turn = 0; turn < 100; turn += 1) pick((name) => name === 'low');
    const order = Array.from({ length: 10 }, () => pick(() => true));
    expect(order.filter((name) => name === 'high')).toHaveLength(6);
  });

  it('picks none where nothing waits', () => {
    expect(picks(2, () => false)).toEqual(['none', 'none']);
  });
});
