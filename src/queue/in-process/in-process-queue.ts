import TinyQueue from 'tinyqueue';
import type { CancelTimer, Clock } from '../../clock.ts';
import { PRIORITY_WEIGHTS, type Priority } from '../../domain/notification/priority.ts';
import type { Job, JobHandler, JobQueue, StartOptions } from '../job-queue.ts';
import { type LineOf, ReadyJobs } from '../picking/ready-jobs.ts';
import type { Asked } from '../picking/turns.ts';
import { weightedRoundRobin } from '../picking/weighted-round-robin.ts';
import { WorkLimit } from '../picking/work-limit.ts';

export type InProcessQueueOptions = {
  readonly clock: Clock;
  /**
   * The most due jobs kept for each priority and push service, and the most of all jobs that are not due yet. A job beyond
   * that is dropped: the store has them all, memory need not. It is one of the user who has the most in that line.
   */
  readonly capacityPerLine?: number;
  /** Which origins are one push service. Unless given, each is one of its own. */
  readonly lineOf?: LineOf;
};

const DEFAULT_CAPACITY_PER_LINE = 10_000;

/** The embedded queue: jobs of three priorities in memory, and one timer. It writes nothing to disk, because it need not. */
export function createInProcessQueue(options: InProcessQueueOptions): JobQueue {
  return new InProcessQueue(options);
}

class InProcessQueue implements JobQueue {
  private readonly clock: Clock;
  private readonly capacityPerLine: number;
  private readonly pick = weightedRoundRobin(PRIORITY_WEIGHTS);
  private readonly ready: Readonly<Record<Priority, ReadyJobs>>;
  private later = laterJobs([]);
  private readonly waiting = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private willPump = false;
  private handler: JobHandler | null = null;
  private limit: WorkLimit | null = null;
  private waitsFor: Asked<Job> = () => null;
  private timer: { readonly atMs: number; readonly cancel: CancelTimer } | null = null;
  /** A job of each line that dropped some, by priority and line: the listener is to hear when that line has room. */
  private readonly dropped = new Map<string, Job>();
  private tellOfRoom: (priority: Priority) => void = () => {};

  constructor({
    clock,
    capacityPerLine = DEFAULT_CAPACITY_PER_LINE,
    lineOf = (origin) => origin,
  }: InProcessQueueOptions) {
    this.clock = clock;
    this.capacityPerLine = capacityPerLine;
    this.ready = { high: new ReadyJobs(lineOf), normal: new ReadyJobs(lineOf), low: new ReadyJobs(lineOf) };
  }

  async enqueueMany(jobs: readonly Job[]): Promise<void> {
    const nowMs = this.clock.now();
    for (const job of jobs) this.add(job, nowMs);
    this.pump();
  }

  async start(handler: JobHandler, options: StartOptions): Promise<void> {
    this.handler = handler;
    this.limit = new WorkLimit(options, () => this.clock.now());
    if (options.waitsFor !== undefined) this.waitsFor = options.waitsFor;
    this.pump();
  }

  async stop(): Promise<void> {
    this.handler = null;
    this.timer?.cancel();
    this.timer = null;
    await Promise.all(this.underWay);
  }

  wake(origin: string): void {
    const isWoken = (job: Job): boolean => job.waitsForLane === true && job.origin === origin;
    const woken = this.later.data.filter(isWoken);
    if (woken.length > 0) this.later = laterJobs(this.later.data.filter((job) => !isWoken(job)));
    for (const job of woken.sort(byTime)) this.ready[job.priority].push(job);
    this.pumpSoon();
  }

  onRoom(listener: (priority: Priority) => void): void {
    this.tellOfRoom = listener;
  }

  async depthOf(priority: Priority): Promise<number> {
    return this.ready[priority].size;
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    await this.stop();
  }

  private add(job: Job, nowMs: number): void {
    const key = keyOf(job);
    if (this.waiting.has(key)) return;
    const isDue = job.runAtMs <= nowMs;
    if (isDue && !this.makesRoomFor(job)) return;
    // The listener is not told of these: the rescuer's tick finds them when they are due.
    if (!isDue && this.later.length >= this.capacityPerLine) return;
    this.waiting.add(key);
    if (isDue) this.ready[job.priority].push(job);
    else this.later.push(job);
  }

  /** A line that is full drops a job of the user who has the most in it: that may be the job that comes. */
  private makesRoomFor(job: Job): boolean {
    const ready = this.ready[job.priority];
    if (ready.sizeOf(job) < this.capacityPerLine) return true;
    const given = ready.giveWayTo(job);
    if (given !== null) this.waiting.delete(keyOf(given));
    this.dropped.set(`${job.priority} ${job.kind} ${job.origin}`, job);
    return given !== null;
  }

  /** Runs jobs while the limit admits any, then sets the timer for the next job that is not due yet. */
  private pump(): void {
    const { handler, limit } = this;
    if (handler === null || limit === null) return;
    this.moveDue();
    for (;;) {
      const priority = this.pick((candidate) => limit.admits(candidate) && this.ready[candidate].has(this.waitsFor));
      const job = priority === null ? null : this.ready[priority].take(this.waitsFor);
      if (job === null) break;
      this.run(job, handler, limit);
    }
    this.setTimer();
    this.tellOfRoomAgain();
  }

  /** A line that dropped jobs has room again once it is half empty. */
  private tellOfRoomAgain(): void {
    if (this.dropped.size === 0) return;
    const enough = this.capacityPerLine / 2;
    const withRoom = [...this.dropped].filter(([, job]) => this.ready[job.priority].sizeOf(job) <= enough);
    for (const [key] of withRoom) this.dropped.delete(key);
    for (const priority of new Set(withRoom.map(([, job]) => job.priority))) this.tellOfRoom(priority);
  }

  private run(job: Job, handler: JobHandler, limit: WorkLimit): void {
    this.waiting.delete(keyOf(job));
    const { onPosted, onEnded } = limit.begin(job.priority);
    const work: Promise<void> = handler(job, () => {
      onPosted();
      this.pumpSoon();
    })
      // The handler announces its own failures. A failure that escapes costs this reminder, and the rescuer makes another.
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

function laterJobs(jobs: Job[]): TinyQueue<Job> {
  return new TinyQueue(jobs, byTime);
}

function byTime(a: Job, b: Job): number {
  return a.runAtMs - b.runAtMs;
}

function keyOf(job: Job): string {
  return `${job.kind} ${job.id} ${job.step}`;
}
