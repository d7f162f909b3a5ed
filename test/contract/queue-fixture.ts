import type { Clock } from '../../src/clock.ts';
import type { Job, JobQueue } from '../../src/queue/job-queue.ts';

/** One queue under test. `clock` is the one it reads; `pass` lets that much time go by, really or not. */
export type QueueUnderTest = {
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** The most jobs of one user that a job of another waits for, beside those that run. */
  readonly mostBefore: number;
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
};

/** A job that may run now. */
export function jobFor(clock: Clock, id: string, overrides: Partial<Job> = {}): Job {
  return {
    kind: 'deliver',
    id,
    step: 1,
    priority: 'normal',
    origin: '',
    userId: '',
    deadlineAtMs: null,
    runAtMs: clock.now(),
    ...overrides,
  };
}

/** A handler that keeps what it is given. `reached` resolves once there are so many, `all` with the first `count`. */
export function collect(count: number) {
  const jobs: Job[] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  const reached = (enough: number): Promise<void> =>
    new Promise((resolve) => {
      if (jobs.length >= enough) resolve();
      else waiters.push({ count: enough, resolve });
    });
  const handler = async (one: Job): Promise<void> => {
    jobs.push(one);
    for (const waiter of waiters) if (jobs.length >= waiter.count) waiter.resolve();
  };
  return { jobs, handler, reached, all: reached(count).then(() => jobs) };
}

/** What waits for `opened` goes on once it is opened. */
export function openable(): { open: () => void; opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
