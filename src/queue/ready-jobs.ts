import type { Job } from './job-queue.ts';

/** Jobs of one priority that could run, in order within each origin; the origins take turns. */
export class ReadyJobs<Item extends Pick<Job, 'origin'> = Job> {
  private readonly byOrigin = new Map<string, Fifo<Item>>();
  /** How many wait in all. */
  size = 0;

  /** How many of this origin wait. */
  sizeOf(origin: string): number {
    return this.byOrigin.get(origin)?.size ?? 0;
  }

  push(job: Item): void {
    this.size += 1;
    const fifo = this.byOrigin.get(job.origin);
    if (fifo !== undefined) {
      fifo.push(job);
      return;
    }
    const first = new Fifo<Item>();
    first.push(job);
    this.byOrigin.set(job.origin, first);
  }

  /** Whether any may run. */
  has(isHeld: (job: Item) => boolean): boolean {
    for (const fifo of this.byOrigin.values()) if (!isHeld(fifo.first)) return true;
    return false;
  }

  /** Takes the next that may run; the origin it came from has its next turn after the others. */
  take(isHeld: (job: Item) => boolean): Item | null {
    for (const [origin, fifo] of this.byOrigin) {
      if (isHeld(fifo.first)) continue;
      const job = fifo.shift();
      this.size -= 1;
      this.byOrigin.delete(origin);
      if (fifo.size > 0) this.byOrigin.set(origin, fifo);
      return job;
    }
    return null;
  }
}

/** An array whose front moves: `Array.shift` copies, which shows with thousands waiting. */
class Fifo<Item> {
  private items: Item[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  get first(): Item {
    const item = this.items[this.head];
    if (item === undefined) throw new RangeError('nothing waits here');
    return item;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item {
    const item = this.first;
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
