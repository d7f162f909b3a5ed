import type { Coordination } from './coordination.ts';

/** The coordination of a process that shares nothing: it leads everything. */
export const alone: Coordination = {
  lead: async () => true,
  close: async () => {},
};
