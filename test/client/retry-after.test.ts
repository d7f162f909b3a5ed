import { expect, it } from 'vitest';
import { retryAfterSeconds } from '../../src/client/retry.ts';
import { NOW_MS } from '../support/samples.ts';

it.each([
  [null, null],
  ['', null],
  ['soon', null],
  ['-5', null],
  ['Mondrian 2030', null],
  ['120', 120],
  ['0', 0],
  [' +60 ', 60],
  ['299.997', 300],
  ['60.0', 60],
  ['1e2', 100],
  ['60s', 60],
  ['"60"', 60],
  ['120, 240', 240],
  ['soon, 7', 7],
  ['1e400', Number.POSITIVE_INFINITY],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
  ['"Thu, 01 Jan 2026 00:01:00 GMT"', 60],
  ['Thursday, 01-Jan-26 00:00:30 GMT', 30],
  ['Thu Jan  1 00:00:10 2026', 10],
  ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ['5, Thu, 01 Jan 2026 00:01:00 GMT', 60],
])('the client waits for a Retry-After of %j: %j s', (header, seconds) => {
  expect(retryAfterSeconds(header, NOW_MS)).toBe(seconds);
});
