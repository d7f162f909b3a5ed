import { expect, it } from 'vitest';
import { createSecureRandom } from '../../src/service/secure-random.ts';

it('gives numbers in [0, 1), evenly, and no two alike, beyond what it draws at once', () => {
  const random = createSecureRandom();
  const drawn = Array.from({ length: 20_000 }, random);
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(drawn).size).toBe(drawn.length);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  // Twelve standard deviations: what fails here is no accident.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.025);
});
