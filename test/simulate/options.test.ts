import { describe, expect, it } from 'vitest';
import { readSimulateOptions } from '../../scripts/simulate/options.ts';

const USUAL = { seed: null, days: 1, worlds: 20, hours: null, keep: null, defect: null };

describe('what is said behind npm run simulate', () => {
  it.each([
    ['', USUAL],
    ['--seed 7', { ...USUAL, seed: 7, worlds: 1 }],
    ['--seed 7 --worlds 3 --days 0.5', { ...USUAL, seed: 7, worlds: 3, days: 0.5 }],
    ['--hours 2', { ...USUAL, hours: 2 }],
    ['--seed 7 --keep 3,17', { ...USUAL, seed: 7, worlds: 1, keep: [3, 17] }],
    ['--defect lost-wake-up', { ...USUAL, defect: 'lost-wake-up' }],
  ])('is read: %s', (words, options) => {
    expect(readSimulateOptions(words.split(' ').filter((word) => word !== ''))).toEqual(options);
  });

  it.each([
    ['--seed x', '--seed takes whole numbers'],
    ['--days 0', '--days takes a number above 0'],
    ['--keep 3', '--keep goes with --seed'],
    ['--defect none', '--defect knows lost-wake-up'],
    ['--sed 1', "Unknown option '--sed'"],
  ])('is refused: %s', (words, message) => {
    expect(() => readSimulateOptions(words.split(' '))).toThrow(message);
  });
});
