import type { Coordination } from './coordination.ts';
import { createOriginPauses } from './origin-pauses.ts';
import { createSpending } from './spending.ts';

/** The coordination of a process that shares nothing: it leads everything. */
export function createLoneCoordination(): Coordination {
  const pauses = createOriginPauses();
  const spending = createSpending();
  let announced: readonly string[] = [];
  return {
    lead: async () => true,
    pauseOrigin: async (pause) => pauses.add(pause),
    pausedUntilMs: (origin, nowMs) => pauses.untilMs(origin, nowMs),
    spend: async (spender, limit, nowMs) => spending.spend(spender, limit, nowMs),
    announce: async (words) => {
      announced = [words];
    },
    announcements: async () => announced,
    close: async () => {},
  };
}
