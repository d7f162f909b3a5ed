import type { Job } from '../job-queue.ts';

type Waiting = Pick<Job, 'kind' | 'origin'>;

/** A page of fan-out makes more deliveries than this, so that they never run out for want of its turn. */
const DELIVERIES_PER_FAN_OUT = 15;
/** Where fan-outs wait: no origin reads so. */
const FAN_OUTS = '*';

/**
 * Jobs of one priority that could run, in order within each origin; the origins take turns. A fan-out has its turn after
 * fifteen deliveries, or when none may run: as often as an origin, it would make far more of them than can be sent, and
 * they and whatever else is to be done would wait for it.
 */
export class ReadyJobs<Item extends Waiting = Job> {
  private readonly byOrigin = new Map<string, Fifo<Item>>();
  private sinceFanOut = 0;
  /** How many wait in all. */
  size = 0;

  /** How many wait in the same line: those of its origin, or the fan-outs. */
  sizeOf(job: Waiting): number {
    return this.byOrigin.get(lineOf(job))?.size ?? 0;
  }

  push(job: Item): void {
    this.size += 1;
    const key = lineOf(job);
    const fifo = this.byOrigin.get(key);
    if (fifo !== undefined) {
      fifo.push(job);
      return;
    }
    const first = new Fifo<Item>();
    first.push(job);
    this.byOrigin.set(key, first);
  }

  /** Whether any may run. */
  has(mustWait: (job: Item) => boolean): boolean {
    for (const fifo of this.byOrigin.values()) if (!mustWait(fifo.first)) return true;
    return false;
  }

  /** Takes the next that may run; the origin it came from has its next turn after the others. */
  take(mustWait: (job: Item) => boolean): Item | null {
    const isFanOutsTurn = this.sinceFanOut >= DELIVERIES_PER_FAN_OUT;
    return (
      this.takeWhere((key) => (key === FAN_OUTS) === isFanOutsTurn, mustWait) ?? this.takeWhere(() => true, mustWait)
    );
  }

  private takeWhere(isMeant: (key: string) => boolean, mustWait: (job: Item) => boolean): Item | null {
    for (const [key, fifo] of this.byOrigin) {
      if (!isMeant(key) || mustWait(fifo.first)) continue;
      const job = fifo.shift();
      this.size -= 1;
      this.sinceFanOut = key === FAN_OUTS ? 0 : this.sinceFanOut + 1;
      this.byOrigin.delete(key);
      if (fifo.size > 0) this.byOrigin.set(key, fifo);
      return job;
    }
    return null;
  }
}

/** A name for the line that a job of its lane waits in. */
function lineOf({ kind, origin }: Waiting): string {
  return kind === 'fan_out' ? FAN_OUTS : origin;
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
