import { createServiceNames } from '../../../src/domain/push-service/service-name.ts';
import type { Job, StartOptions } from '../../../src/queue/job-queue.ts';
import { demand } from './violation.ts';

type Waiting = { readonly job: Job; readonly passedBy: Map<string, number> };

/** So many jobs of one other user may begin while a job waits that might run: that of the turn, and one or two that were picked before. */
const MOST_OF_ONE_USER = 3;

const lineOf = createServiceNames([]);

/**
 * Watches the order in which one real queue begins jobs. A queue that drops jobs for want of room cannot be watched: nobody outside knows
 * which wait.
 */
export class FairnessWatch {
  private readonly waiting = new Map<string, Waiting>();
  private readonly now: () => number;
  private waitsFor: NonNullable<StartOptions['waitsFor']> = () => null;

  constructor(now: () => number) {
    this.now = now;
  }

  started({ waitsFor }: StartOptions): void {
    if (waitsFor !== undefined) this.waitsFor = waitsFor;
  }

  came(job: Job): void {
    if (job.kind === 'deliver' && !this.waiting.has(keyOf(job)))
      this.waiting.set(keyOf(job), { job, passedBy: new Map() });
  }

  began(begun: Job): void {
    const { job } = this.waiting.get(keyOf(begun)) ?? { job: begun };
    this.waiting.delete(keyOf(begun));
    if (job.kind !== 'deliver') return;
    for (const { job: other, passedBy } of this.waiting.values()) {
      if (other.priority !== job.priority || lineOf(other.origin) !== lineOf(job.origin)) continue;
      const isDue = other.runAtMs <= this.now() && !isOver(other, this.now());
      const mayRun = isDue && other.userId !== job.userId && this.waitsFor(other) === null;
      if (!mayRun) {
        passedBy.clear();
        continue;
      }
      const times = (passedBy.get(job.userId) ?? 0) + 1;
      passedBy.set(job.userId, times);
      const message = () =>
        `${times} jobs of ${job.userId} began while ${other.id} of ${other.userId} waited and might have run`;
      demand('fairness', times <= MOST_OF_ONE_USER, message);
    }
  }
}

/** What is past its deadline waits for no place, and yet stands behind others of its user who do: it only ends a little later. */
function isOver({ deadlineAtMs }: Job, nowMs: number): boolean {
  return deadlineAtMs !== null && deadlineAtMs <= nowMs;
}

function keyOf({ kind, id, step }: Job): string {
  return `${kind} ${id} ${step}`;
}
