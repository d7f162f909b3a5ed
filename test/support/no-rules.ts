import { createStandingRules } from '../../src/store/standing-rules.ts';

/** Of operators who said nothing. */
export const NO_RULES = createStandingRules({
  store: { typeRules: { all: async () => new Map() }, segments: { all: async () => new Map() } },
  clock: { now: () => 0 },
});
