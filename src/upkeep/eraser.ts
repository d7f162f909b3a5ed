import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type EraserOptions = {
  /** Does what is due, a person or a walk at a time. False: there was nothing to do. */
  readonly eraseDue: (isStopped: () => boolean) => Promise<boolean>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

/** What another process left is gone on with after so long at most, once nobody has it to themselves. */
const DEFAULT_INTERVAL_MS = 2000;

/** Goes on with erasures that took too long for their callers, or whose process is gone; and erases again what a restored store has. */
export function createEraser(options: EraserOptions): Loop {
  const { eraseDue, clock, events, leads, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const tick = async (isStopped: () => boolean): Promise<void> => {
    while (!isStopped() && (await eraseDue(isStopped)));
  };
  return createLoop({ name: 'erasures', intervalMs, clock, events, tick, leads });
}
