import { expect, it } from 'vitest';
import type { Rollup } from '../../../src/domain/tally/rollup.ts';
import { byService, requestsIn, settledIn, stretchesOf } from '../../../src/domain/tally/settled.ts';
import { NOW_MS } from '../../support/samples.ts';

const rollup = (overrides: Partial<Rollup>): Rollup => ({
  atMs: NOW_MS,
  service: 'fcm',
  state: 'delivered',
  outcome: 'delivered',
  count: 1,
  latencyMs: 0,
  ...overrides,
});
const NOUGHT = { delivered: 0, pruned: 0, failed: 0, expired: 0, cancelled: 0, retrying: 0 };

it.each([
  ['hour', NOW_MS - 59 * 60_000, NOW_MS + 60_000],
  ['day', NOW_MS - 23 * 3_600_000, NOW_MS + 3_600_000],
  ['week', NOW_MS - 167 * 3_600_000, NOW_MS + 3_600_000],
] as const)('a %s ends with the stretch under way', (period, fromMs, untilMs) => {
  expect(stretchesOf(period, NOW_MS + 59_999)).toEqual({ fromMs, untilMs });
});

it('tells what deliveries came to', () => {
  expect(settledIn([])).toEqual(NOUGHT);
  const some = [rollup({ count: 3 }), rollup({ service: 'wns', count: 2 }), rollup({ state: 'retrying', count: 7 })];
  expect(settledIn(some)).toEqual({ ...NOUGHT, delivered: 5, retrying: 7 });
});

it('tells how many requests there were, and how long one took that has an end', () => {
  expect(requestsIn([])).toEqual({ attempts: 0, meanLatencyMs: null });
  const some = [
    rollup({ count: 3, latencyMs: 60 }),
    rollup({ count: 1, latencyMs: 40, outcome: 'throttled' }),
    rollup({ count: 5, outcome: 'interrupted' }),
    rollup({ count: 9, outcome: 'none' }),
  ];
  expect(requestsIn(some)).toEqual({ attempts: 9, meanLatencyMs: 25 });
});

it('tells both by stretch and push service, in order', () => {
  const some = [
    rollup({ atMs: NOW_MS + 60_000 }),
    rollup({ service: 'wns' }),
    rollup({ service: 'fcm', state: 'failed', outcome: 'rejected', latencyMs: 8 }),
    rollup({ service: 'fcm', latencyMs: 2 }),
  ];
  expect(byService(some)).toEqual([
    { ...NOUGHT, atMs: NOW_MS, service: 'fcm', delivered: 1, failed: 1, attempts: 2, meanLatencyMs: 5 },
    { ...NOUGHT, atMs: NOW_MS, service: 'wns', delivered: 1, attempts: 1, meanLatencyMs: 0 },
    { ...NOUGHT, atMs: NOW_MS + 60_000, service: 'fcm', delivered: 1, attempts: 1, meanLatencyMs: 0 },
  ]);
});
