import TinyQueue from 'tinyqueue';
import type { CancelTimer, Clock } from '../../clock.ts';
import { PRIORITY_WEIGHTS, type Priority } from '../../domain/notification/priority.ts';
import type { Job, JobHandler, JobQueue, StartOptions } from '../job-queue.ts';
import { ReadyJobs } from '../picking/ready-jobs.ts';
import { weightedRoundRobin } from '../picking/weighted-round-robin.ts';
import { WorkLimit } from '../picking/work-limit.ts';

export type InProcessQueueOptions = {
  readonly clock: Clock;
  /**
   * Due reminders kept for each origin in a lane, and as many again in all that are not due yet. Beyond it they are
   * dropped: the store has them all, memory need not.
   */
  readonly capacityPerLane?: number;
};

const DEFAULT_CAPACITY_PER_LANE = 10_000;

/** The embedded queue: three lanes in memory and one timer. It keeps nothing, because it need not. */
export function createInProcessQueue(options: InProcessQueueOptions): JobQueue {
  return new InProcessQueue(options.clock, options.capacityPerLane ?? DEFAULT_CAPACITY_PER_LANE);
}

class InProcessQueue implements JobQueue {
  private readonly clock: Clock;
  private readonly capacityPerLane: number;
  private readonly pick = weightedRoundRobin(PRIORITY_WEIGHTS);
  private readonly ready: Readonly<Record<Priority, ReadyJobs>> = {
    high: new ReadyJobs(),
    normal: new ReadyJobs(),
    low: new ReadyJobs(),
  };
  private readonly later = new TinyQueue<Job>([], (a, b) => a.runAtMs - b.runAtMs);
  private readonly waiting = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private willPump = false;
  private handler: JobHandler | null = null;
  private limit: WorkLimit | null = null;
  private isHeld: (job: Job) => boolean = () => false;
  private timer: { readonly atMs: number; readonly cancel: CancelTimer } | null = null;
  private readonly starved = new Map<string, Pick<Job, 'kind' | 'priority' | 'origin'>>();
  private hungry: (lane: Priority) => void = () => {};

  constructor(clock: Clock, capacityPerLane: number) {
    this.clock = clock;
    this.capacityPerLane = capacityPerLane;
  }

  async enqueueMany(jobs: readonly Job[]): Promise<void> {
    const nowMs = this.clock.now();
    for (const job of jobs) this.add(job, nowMs);
    this.pump();
  }

  async start(handler: JobHandler, options: StartOptions): Promise<void> {
    this.handler = handler;
    this.limit = new WorkLimit(options, () => this.clock.now());
    if (options.isHeld !== undefined) this.isHeld = options.isHeld;
    this.pump();
  }

  async stop(): Promise<void> {
    this.handler = null;
    this.timer?.cancel();
    this.timer = null;
    await Promise.all(this.underWay);
  }

  onHungry(listener: (lane: Priority) => void): void {
    this.hungry = listener;
  }

  async depthOf(lane: Priority): Promise<number> {
    return this.ready[lane].size;
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    await this.stop();
  }

  private add(job: Job, nowMs: number): void {
    const key = keyOf(job);
    if (this.waiting.has(key)) return;
    const isDue = job.runAtMs <= nowMs;
    if (isDue && this.ready[job.priority].sizeOf(job) >= this.capacityPerLane) {
      this.starved.set(`${job.priority} ${job.kind} ${job.origin}`, job);
      return;
    }
    // No signal for these: the rescuer's tick finds them when they are due.
    if (!isDue && this.later.length >= this.capacityPerLane) return;
    this.waiting.add(key);
    if (isDue) this.ready[job.priority].push(job);
    else this.later.push(job);
  }

  /** Hands out jobs while there is room, then sets the timer for the next that is not due yet. */
  private pump(): void {
    const { handler, limit } = this;
    if (handler === null || limit === null) return;
    this.moveDue();
    for (;;) {
      const lane = this.pick((candidate) => limit.admits(candidate) && this.ready[candidate].has(this.isHeld));
      const job = lane === null ? null : this.ready[lane].take(this.isHeld);
      if (job === null) break;
      this.run(job, handler, limit);
    }
    this.setTimer();
    this.askForMore();
  }

  private askForMore(): void {
    if (this.starved.size === 0) return;
    const fed = [...this.starved].filter(([, job]) => this.ready[job.priority].sizeOf(job) <= this.capacityPerLane / 2);
    for (const [key] of fed) this.starved.delete(key);
    for (const lane of new Set(fed.map(([, { priority }]) => priority))) this.hungry(lane);
  }

  private run(job: Job, handler: JobHandler, limit: WorkLimit): void {
    this.waiting.delete(keyOf(job));
    const { onPosted, onEnded } = limit.begin(job.priority);
    const work: Promise<void> = handler(job, () => {
      onPosted();
      this.pumpSoon();
    })
      // The handler answers for its own failures; one that escapes costs this reminder, and the rescuer makes another.
      .catch(() => {})
      .finally(() => {
        this.underWay.delete(work);
        onEnded();
        this.pumpSoon();
      });
    this.underWay.add(work);
  }

  /**
   * One look for the next jobs after all that have posted or ended in a turn of the event loop. Not before that turn ends:
   * where all that a job needs is in this process, one job would follow the other, and no request be read meanwhile.
   */
  private pumpSoon(): void {
    if (this.willPump) return;
    this.willPump = true;
    setImmediate(() => {
      this.willPump = false;
      this.pump();
    });
  }

  private moveDue(): void {
    const nowMs = this.clock.now();
    for (let next = this.later.peek(); next !== undefined && next.runAtMs <= nowMs; next = this.later.peek()) {
      this.later.pop();
      this.ready[next.priority].push(next);
    }
  }

  private setTimer(): void {
    const atMs = this.later.peek()?.runAtMs;
    if (atMs === this.timer?.atMs) return;
    this.timer?.cancel();
    this.timer = null;
    if (atMs === undefined) return;
    const cancel = this.clock.wakeAt(atMs, () => {
      this.timer = null;
      this.pump();
    });
    this.timer = { atMs, cancel };
  }
}

function keyOf(job: Job): string {
  return `${job.kind} ${job.id} ${job.step}`;
}
