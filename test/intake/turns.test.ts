import { expect, it } from 'vitest';
import { createTurns } from '../../src/intake/turns.ts';

it('has work of one name done in turn, and other work at once', async () => {
  const turns = createTurns();
  const told: string[] = [];
  const ends: (() => void)[] = [];
  const work = (word: string) => () => {
    told.push(`${word} begins`);
    return new Promise<string>((resolve) => void ends.push(() => resolve(word)));
  };
  const a1 = turns('a', work('a1'));
  const a2 = turns('a', work('a2'));
  const b = turns('b', work('b'));
  const nameless = [turns(null, work('n1')), turns(null, work('n2'))];
  expect(told).toEqual(['a1 begins', 'b begins', 'n1 begins', 'n2 begins']);
  for (const end of ends.splice(0)) end();
  expect(await Promise.all([a1, b, ...nameless])).toEqual(['a1', 'b', 'n1', 'n2']);
  expect(told.at(-1)).toBe('a2 begins');
  ends[0]?.();
  expect(await a2).toBe('a2');
});

it('goes on after work that failed', async () => {
  const turns = createTurns();
  const failed = turns('a', () => Promise.reject(new Error('no')));
  const next = turns('a', async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
