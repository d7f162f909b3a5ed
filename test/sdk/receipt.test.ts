import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSettled, receiptOf } from '../../src/sdk/worker/receipt.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00Z');

it('tells what a payload asks for, and nothing else, whatever it holds', () => {
  const payload = { receipt: { token: 'r1.x', events: ['shown', 'clicked'] } };
  expect(receiptOf(payload, 'clicked', 'open', NOW_MS)).toEqual({
    token: 'r1.x',
    event: 'clicked',
    action: 'open',
    at: '2026-01-31T12:00:00.000Z',
  });
  expect(receiptOf(payload, 'shown', '', NOW_MS)).not.toHaveProperty('action');
  expect(receiptOf(payload, 'closed', '', NOW_MS)).toBeNull();
  for (const receipt of [
    { token: '', events: ['shown'] },
    { token: 5, events: ['shown'] },
    { token: 'x', events: 'shown' },
  ])
    expect(receiptOf({ receipt }, 'shown', '', NOW_MS)).toBeNull();
  fc.assert(fc.property(fc.jsonValue(), (receipt) => receiptOf({ receipt }, 'shown', '', NOW_MS) !== undefined));
});

it('tells again after what may pass, and no more after what will not', () => {
  expect([200, 400, 404, 413].map(isSettled)).toEqual([true, true, true, true]);
  expect([408, 429, 500, 503].map(isSettled)).toEqual([false, false, false, false]);
});
