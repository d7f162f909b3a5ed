import type { Coordination } from './coordination.ts';
import { createOriginPauses } from './origin-pauses.ts';

/** The coordination of a process that shares nothing: it leads everything. */
export function createLoneCoordination(): Coordination {
  const pauses = createOriginPauses();
  return {
    lead: async () => true,
    pauseOrigin: async (pause) => pauses.add(pause),
    pausedUntilMs: (origin, nowMs) => pauses.untilMs(origin, nowMs),
    close: async () => {},
  };
}
