import { PRIORITIES, type Priority } from '../../domain/notification/priority.ts';
import type { StartOptions } from '../job-queue.ts';

/** Priorities that each had a job begin within this time come side by side. */
const SIDE_BY_SIDE_MS = 1000;

/** Room to plan with: whether one more job of a priority may begin, and that it is to begin. */
export type Room = {
  admits(priority: Priority): boolean;
  take(priority: Priority): void;
};

type Counts = Record<Priority, number>;

/** Counts the jobs that run, and tells whether another may begin. `nowMs` need only go forward. */
export class WorkLimit {
  private readonly limits: StartOptions;
  private readonly nowMs: () => number;
  private readonly begunAtMs = new Map<Priority, number>();
  private running = 0;
  private readonly atWork: Counts = { high: 0, normal: 0, low: 0 };

  constructor(limits: StartOptions, nowMs: () => number) {
    this.limits = limits;
    this.nowMs = nowMs;
  }

  /** Whether a job of this priority may begin. */
  admits(priority: Priority): boolean {
    return admits(this.limits, this.mostNow(), { running: this.running, atWork: this.atWork }, priority);
  }

  /** The room that there is now. What is taken of it counts in the plan alone. */
  room(): Room {
    const [limits, most] = [this.limits, this.mostNow()];
    const planned = { running: this.running, atWork: { ...this.atWork } };
    return {
      admits: (priority) => admits(limits, most, planned, priority),
      take: (priority) => {
        planned.running += 1;
        planned.atWork[priority] += 1;
      },
    };
  }

  /** A job begins. From `onPosted` on it is not at work, from `onEnded` on it does not run. Each counts once. */
  begin(priority: Priority): { readonly onPosted: () => void; readonly onEnded: () => void } {
    this.begunAtMs.set(priority, this.nowMs());
    this.running += 1;
    this.atWork[priority] += 1;
    const onPosted = once(() => {
      this.atWork[priority] -= 1;
    });
    const onEnded = once(() => {
      this.running -= 1;
      onPosted();
    });
    return { onPosted, onEnded };
  }

  private mostNow(): number {
    const { concurrency, mostAtWork = concurrency, mostAtWorkWhenMixed = mostAtWork } = this.limits;
    return this.isMixed() ? mostAtWorkWhenMixed : mostAtWork;
  }

  private isMixed(): boolean {
    const nowMs = this.nowMs();
    let recent = 0;
    for (const begunAtMs of this.begunAtMs.values()) {
      // Later than now: the clock was set back since.
      if (begunAtMs >= nowMs - SIDE_BY_SIDE_MS && begunAtMs <= nowMs) recent += 1;
    }
    return recent > 1;
  }
}

type Load = { readonly running: number; readonly atWork: Readonly<Counts> };

/** Only few jobs overtake: else a priority that overtakes all the time would keep the others from their turns. */
function admits(limits: StartOptions, most: number, { running, atWork }: Load, priority: Priority): boolean {
  if (running >= limits.concurrency) return false;
  const asUrgent = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1);
  const sum = (priorities: readonly Priority[]) => priorities.reduce((total, each) => total + atWork[each], 0);
  return sum(PRIORITIES) < most || sum(asUrgent) < (limits.mostOvertaking ?? 0);
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
