import { expect, it } from 'vitest';
import { createSpending } from '../../src/coordination/spending.ts';

const ONE = { burst: 1, refillMs: 1000 };

it('remembers a bounded number of spenders, those who spent last', () => {
  const spending = createSpending(3);
  for (const spender of ['a', 'b', 'c']) expect(spending.spend(spender, ONE, 0)).toBe(0);
  expect(spending.spend('a', ONE, 0)).toBe(1000);
  expect(spending.spend('d', ONE, 0)).toBe(0);
  // The first is forgotten; nobody else is.
  expect(spending.spend('b', ONE, 0)).toBe(1000);
  expect(spending.spend('d', ONE, 0)).toBe(1000);
  expect(spending.spend('a', ONE, 0)).toBe(0);
});
