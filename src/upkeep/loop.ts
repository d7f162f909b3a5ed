import type { CancelTimer, Clock } from '../clock.ts';
import type { Events, PartName } from '../domain/events.ts';

/** An agent that does one thing again and again. Stopping before starting, or twice, is harmless. */
export interface Loop {
  /** Runs the first tick, and resolves when it is done; later ones follow by themselves. */
  start(): Promise<void>;
  /** Begins no further tick; resolves when the one under way is done. */
  stop(): Promise<void>;
  /** Has the next tick happen now, or right after the one under way. */
  hurry(): void;
}

export type LoopOptions = {
  readonly name: PartName;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly events: Events;
  /** `isStopped`: whether it is to begin no further piece of its work. */
  readonly tick: (isStopped: () => boolean) => Promise<void>;
  /** Asked before each tick: false where another process runs this loop. */
  readonly leads?: Leads | undefined;
};

/** Whether this process is the one that should run the loop of this name. */
export type Leads = (loop: string) => Promise<boolean>;

/** A loop whose ticks never overlap. A tick that fails is told as `part.failed` and tried again at the next turn. */
export function createLoop({ name, intervalMs, clock, events, tick, leads = async () => true }: LoopOptions): Loop {
  let running = false;
  let hurried = false;
  let cancel: CancelTimer = () => {};
  let underWay: Promise<void> | null = null;

  const runTick = async (): Promise<void> => {
    if (await leads(name)) await tick(() => !running);
  };

  const turn = async (): Promise<void> => {
    do {
      hurried = false;
      await runTick().catch((error: unknown) => events.publish({ type: 'part.failed', part: name, error }));
    } while (hurried && running);
    underWay = null;
    if (running) cancel = clock.wakeAt(clock.now() + intervalMs, begin);
  };

  const begin = (): void => {
    cancel();
    hurried = true;
    if (running && underWay === null) underWay = turn();
  };

  return {
    async start() {
      if (running) return;
      running = true;
      begin();
      await underWay;
    },
    async stop() {
      running = false;
      cancel();
      await underWay;
    },
    hurry: begin,
  };
}
