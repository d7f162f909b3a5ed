import type { Job, JobQueue } from '../../src/queue/job-queue.ts';

/** A queue that also lists what it was given. */
export function recorded(queue: JobQueue, jobs: Job[]): JobQueue {
  return {
    enqueueMany(more) {
      jobs.push(...more);
      return queue.enqueueMany(more);
    },
    start: (handler, options) => queue.start(handler, options),
    stop: () => queue.stop(),
    wake: (origin) => queue.wake(origin),
    onRoom: (listener) => queue.onRoom(listener),
    depthOf: (priority) => queue.depthOf(priority),
    ping: () => queue.ping(),
    close: () => queue.close(),
  };
}
