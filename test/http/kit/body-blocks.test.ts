import { describe, expect, it } from 'vitest';
import { type ArrivingBody, BLOCK_OCTETS, createBodyBlocks } from '../../../src/http/kit/body-blocks.ts';

/** Bodies by name, and those that gave way, in order. */
function stage(mostBlocks: number) {
  const blocks = createBodyBlocks(mostBlocks * BLOCK_OCTETS);
  const gaveWay: string[] = [];
  const kept = new Map<string, Uint8Array[]>();
  const bodies = new Map<string, ArrivingBody>();
  const bodyOf = (name: string, isUnverified: boolean): ArrivingBody => {
    const giveWay = (): void => {
      gaveWay.push(name);
      end(name);
    };
    const body = bodies.get(name) ?? { isUnverified, giveWay };
    bodies.set(name, body);
    return body;
  };
  const end = (name: string): void => blocks.giveBack(bodyOf(name, true), kept.get(name)?.splice(0) ?? []);
  const take = (name: string, count: number, isUnverified = true): boolean => {
    for (let taken = 0; taken < count; taken += 1) {
      const block = blocks.take(bodyOf(name, isUnverified));
      if (block === null) return false;
      kept.set(name, [...(kept.get(name) ?? []), block]);
    }
    return true;
  };
  return { blocks, take, end, gaveWay, kept, settle: (name: string) => blocks.settle(bodyOf(name, true)) };
}

describe('blocks of arriving bodies', () => {
  it('do not count the first of a body', () => {
    const { take, gaveWay } = stage(1);
    for (let body = 0; body < 100; body += 1) expect(take(`body ${body}`, 1)).toBe(true);
    expect(gaveWay).toEqual([]);
  });

  it('are taken from those who have had them longest', () => {
    const { take, gaveWay } = stage(4);
    take('a', 1);
    take('b', 3);
    take('a', 2);
    take('c', 2);
    expect(gaveWay).toEqual(['b']);
    take('d', 3);
    expect(gaveWay).toEqual(['b', 'a']);
  });

  it('are refused to a body that is too large for all of them', () => {
    const { take, gaveWay } = stage(4);
    take('a', 2);
    expect(take('b', 6)).toBe(false);
    expect(gaveWay).toEqual(['a', 'b']);
    expect(take('c', 5)).toBe(true);
  });

  it('count no more for a body that is complete, given back or of a known caller', () => {
    const { take, end, settle, gaveWay } = stage(4);
    take('complete', 5);
    settle('complete');
    take('given back', 5);
    end('given back');
    take('known', 50, false);
    take('new', 5);
    expect(gaveWay).toEqual([]);
  });

  it('are used again, and by one body at a time', () => {
    const { take, end, kept } = stage(3);
    take('a', 3);
    const first = new Set(kept.get('a'));
    end('a');
    take('b', 2);
    take('c', 2);
    const blocks = [...(kept.get('b') ?? []), ...(kept.get('c') ?? [])];
    expect(new Set(blocks).size).toBe(4);
    expect(blocks.filter((block) => first.has(block))).toHaveLength(3);
  });
});
