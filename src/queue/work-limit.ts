import type { Priority } from '../domain/notification.ts';
import type { StartOptions } from './job-queue.ts';

/** Two priorities that both had a job begun within this time come side by side. */
const SIDE_BY_SIDE_MS = 1000;

/** Counts the jobs that run, and tells how many more may begin. `nowMs` need only go forward. */
export class WorkLimit {
  private readonly limits: StartOptions;
  private readonly nowMs: () => number;
  private readonly begunAtMs = new Map<Priority, number>();
  private running = 0;
  private atWork = 0;

  constructor(limits: StartOptions, nowMs: () => number) {
    this.limits = limits;
    this.nowMs = nowMs;
  }

  get free(): number {
    const { concurrency, mostAtWork = concurrency, mostAtWorkWhenMixed = mostAtWork } = this.limits;
    const mostNow = this.isMixed() ? mostAtWorkWhenMixed : mostAtWork;
    return Math.min(concurrency - this.running, mostNow - this.atWork);
  }

  /** One begins. `rest`: it is no longer at work. `end`: it no longer runs. Each counts once. */
  begin(priority: Priority): { readonly rest: () => void; readonly end: () => void } {
    this.begunAtMs.set(priority, this.nowMs());
    this.running += 1;
    this.atWork += 1;
    const rest = once(() => {
      this.atWork -= 1;
    });
    const end = once(() => {
      this.running -= 1;
      rest();
    });
    return { rest, end };
  }

  private isMixed(): boolean {
    const sinceMs = this.nowMs() - SIDE_BY_SIDE_MS;
    let recent = 0;
    for (const begunAtMs of this.begunAtMs.values()) if (begunAtMs >= sinceMs) recent += 1;
    return recent > 1;
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
