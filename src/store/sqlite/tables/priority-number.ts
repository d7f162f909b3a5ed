import { PRIORITIES, type Priority } from '../../../domain/notification/priority.ts';

// The column is named `lane`, as in 0.1.0. SQLite would rename it in an instant, but a new schema version would keep 0.1.0
// from opening the file again: too much for a name that is read in this folder alone.

/** A priority as the column `lane` holds it and the due index orders it: 0 for high, 1 for normal, 2 for low. */
export function numberOfPriority(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

export function priorityOf(number: number): Priority {
  const priority = PRIORITIES[number];
  if (priority === undefined) throw new Error(`no priority has the number ${number}`);
  return priority;
}
