import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Events } from '../domain/events.ts';
import { type ProcessView, processWords } from '../domain/process/process-view.ts';
import { createLoop, type Loop } from './loop.ts';

export type PresenceOptions = {
  readonly coordination: Pick<Coordination, 'announce'>;
  readonly events: Events;
  readonly clock: Clock;
  /** How this process stands now. */
  readonly view: () => ProcessView;
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 2000;
/** A process that was killed is seen for so many turns more. */
const TURNS_KEPT = 5;

/** Has the other processes know that this one is there, and how its lanes stand. */
export function createPresence({
  coordination,
  events,
  clock,
  view,
  intervalMs = DEFAULT_INTERVAL_MS,
}: PresenceOptions): Loop {
  const tick = (): Promise<void> => coordination.announce(processWords(view()), intervalMs * TURNS_KEPT);
  return createLoop({ name: 'presence', intervalMs, clock, events, tick });
}
