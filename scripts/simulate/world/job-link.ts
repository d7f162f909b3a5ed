import type { Clock } from '../../../src/clock.ts';
import { createServiceNames } from '../../../src/domain/push-service/service-name.ts';
import { createInProcessQueue } from '../../../src/queue/in-process/in-process-queue.ts';
import type { Job, JobQueue } from '../../../src/queue/job-queue.ts';
import { FairnessWatch } from '../checks/fairness.ts';
import type { Dice } from './random.ts';
import { type Life, never, type WorldTime } from './world-time.ts';

/** What becomes of jobs on their way: shares from 0 to 1. */
export type JobWeather = { forgets: number; duplicates: number; delays: number };

const LONGEST_DELAY_MS = 20_000;

type Member = { readonly life: Life; readonly queue: JobQueue; readonly watch: FairnessWatch | null };

type JobLinkOptions = {
  readonly time: WorldTime;
  readonly dice: Dice;
  readonly judge: (check: () => void) => void;
  /** What a planted defect makes of a job. */
  readonly change: (job: Job) => Job;
};

/** Fewer jobs than this never fill a line, so that none is dropped for want of room. */
export const ROOMY = 10_000;

/**
 * One queue of several processes: a job goes to any of them, as with Redis, into a real queue in that process. It forgets, duplicates and
 * delays as the weather has it, and what is in a process that dies is lost.
 */
export class JobLink {
  readonly weather: JobWeather = { forgets: 0, duplicates: 0, delays: 0 };
  private readonly members = new Set<Member>();
  private readonly options: JobLinkOptions;

  constructor(options: JobLinkOptions) {
    this.options = options;
  }

  /** The queue of one process, for as long as it lives. `capacityPerLine`: small ones drop jobs. */
  join(life: Life, clock: Clock, capacityPerLine: number): JobQueue {
    const queue = createInProcessQueue({ clock, capacityPerLine, lineOf: createServiceNames([]) });
    const watch = capacityPerLine >= ROOMY ? new FairnessWatch(() => clock.now()) : null;
    const member = { life, queue, watch };
    this.members.add(member);
    return {
      enqueueMany: (jobs) => (life.isAlive ? this.spread(jobs) : never()),
      start: (handler, options) => {
        watch?.started(options);
        return queue.start((job, onPosted) => {
          this.options.judge(() => watch?.began(job));
          return handler(job, onPosted);
        }, options);
      },
      stop: () => queue.stop(),
      wake: (origin) => {
        for (const one of this.living()) one.queue.wake(origin);
      },
      onRoom: (listener) => queue.onRoom(listener),
      depthOf: (priority) => queue.depthOf(priority),
      ping: () => queue.ping(),
      close: async () => {
        this.members.delete(member);
        await queue.close();
      },
    };
  }

  calm(): void {
    Object.assign(this.weather, { forgets: 0, duplicates: 0, delays: 0 });
  }

  private living(): readonly Member[] {
    for (const member of this.members) if (!member.life.isAlive) this.members.delete(member);
    return [...this.members];
  }

  private async spread(jobs: readonly Job[]): Promise<void> {
    const { weather } = this;
    const { dice } = this.options;
    for (const job of jobs) {
      if (dice.isTrue(weather.forgets)) continue;
      const times = dice.isTrue(weather.duplicates) ? 2 : 1;
      for (let copy = 0; copy < times; copy += 1) this.give(job);
    }
  }

  private give(job: Job): void {
    const { weather } = this;
    const { dice, time } = this.options;
    const living = this.living();
    if (living.length === 0) return;
    const to = dice.pick(living);
    if (!dice.isTrue(weather.delays)) {
      this.put(to, job);
      return;
    }
    time.wakeIn(dice.between(1, LONGEST_DELAY_MS), () => {
      if (to.life.isAlive) this.put(to, job);
    });
  }

  private put({ queue, watch }: Member, job: Job): void {
    watch?.came(job);
    void queue.enqueueMany([this.options.change(job)]);
  }
}
