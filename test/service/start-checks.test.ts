import { expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config.ts';
import { checkClock } from '../../src/service/start-checks.ts';

it('refuses a clock that cannot be right, and says what to do', () => {
  expect(() => checkClock(0)).toThrow(ConfigError);
  expect(() => checkClock(0)).toThrow(/clock says 1970-01-01T00:00:00.000Z: set it right \(NTP\)/);
  expect(() => checkClock(Date.now())).not.toThrow();
});
