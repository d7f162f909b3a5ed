import { createStandingRules } from '../../src/store/standing-rules.ts';
import { createWordings } from '../../src/store/wordings.ts';

/** Of operators who said nothing. */
export const NO_RULES = createStandingRules({
  store: { typeRules: { all: async () => new Map() }, segments: { all: async () => new Map() } },
  clock: { now: () => 0 },
});

/** Of callers who keep no template. */
export const NO_WORDINGS = createWordings({ get: async () => null });
