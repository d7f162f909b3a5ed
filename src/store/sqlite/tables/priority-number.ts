import { PRIORITIES, type Priority } from '../../../domain/notification/priority.ts';

/** A priority as the due index orders it: 0 for high, 1 for normal, 2 for low. */
export function laneOf(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

export function priorityOf(lane: number): Priority {
  const priority = PRIORITIES[lane];
  if (priority === undefined) throw new Error(`no priority has the lane ${lane}`);
  return priority;
}
