import { expect, test } from 'vitest';
import { TimeShare } from '../../../src/push/encryption/time-share.ts';

/** `perSecond` of them, one at a time, for two seconds. */
function steady(share: TimeShare, perSecond: number, fromMs: number): number {
  let last = 0;
  for (let index = 0; index < 2 * perSecond; index += 1) last = share.with(1, fromMs + (index * 1000) / perSecond);
  return last;
}

test('the share is the rate times what one takes', () => {
  const share = new TimeShare();
  expect(share.with(10, 0)).toBe(0);
  share.measured(10, 2);
  expect(steady(share, 1000, 0)).toBeCloseTo(0.2, 2);
  expect(steady(share, 2500, 5000)).toBeCloseTo(0.5, 2);
});

test('what was a while ago counts no more', () => {
  const share = new TimeShare();
  share.measured(1, 0.2);
  steady(share, 2000, 0);
  expect(share.with(0, 5000)).toBeLessThan(0.001);
});

test('one measurement far off changes little', () => {
  const share = new TimeShare();
  share.measured(1, 0.2);
  share.measured(1, 20);
  expect(steady(share, 1000, 0)).toBeLessThan(0.3);
});
