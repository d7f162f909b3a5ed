import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../src/http/kit/in-order.ts';

const numbers = async function* (count: number, onRead: (at: number) => void = () => {}) {
  for (let at = 0; at < count; at += 1) {
    onRead(at);
    yield at;
  }
};
/** Work that ends when the test says so. */
const byHand = () => {
  const ends = new Map<number, () => void>();
  const work = (item: number) => new Promise<number>((resolve) => void ends.set(item, () => resolve(item)));
  return { work, begun: () => [...ends.keys()], end: (item: number) => ends.get(item)?.() };
};
const turns = async (): Promise<void> => {
  for (let count = 0; count < 5; count += 1) await turn();
};

describe('work in order', () => {
  it('gives each answer as soon as it and those before it are there', async () => {
    const { work, begun, end } = byHand();
    const answers = inOrder(numbers(4), 3, work);
    const first = answers.next();
    await turns();
    expect(begun()).toEqual([0, 1, 2]);
    end(1);
    end(2);
    let isThere = false;
    void first.then(() => {
      isThere = true;
    });
    await turns();
    expect(isThere).toBe(false);
    end(0);
    expect((await first).value).toBe(0);
    expect((await answers.next()).value).toBe(1);
    expect((await answers.next()).value).toBe(2);
    const last = answers.next();
    await turns();
    end(3);
    expect((await last).value).toBe(3);
    expect((await answers.next()).done).toBe(true);
  });

  it('reads nothing while nobody takes answers', async () => {
    let read = 0;
    const answers = inOrder(
      numbers(1000, () => {
        read += 1;
      }),
      4,
      async (item) => item,
    );
    await answers.next();
    await turns();
    const before = read;
    await turns();
    expect([read, before <= 5]).toEqual([before, true]);
    await answers.return(0);
  });

  it('gives an answer while the next item is yet to come', async () => {
    const never = new Promise<number>(() => {});
    const items = async function* () {
      yield 1;
      yield await never;
    };
    expect((await inOrder(items(), 4, async (item) => item).next()).value).toBe(1);
  });

  it('answers what was begun before it tells that reading failed', async () => {
    const items = async function* () {
      yield 1;
      yield 2;
      throw new Error('broken');
    };
    const given: number[] = [];
    const run = async () => {
      for await (const one of inOrder(items(), 8, async (item) => item)) given.push(one);
    };
    await expect(run()).rejects.toThrow('broken');
    expect(given).toEqual([1, 2]);
  });
});
