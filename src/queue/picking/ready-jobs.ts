import type { Job } from '../job-queue.ts';

type Waiting = Pick<Job, 'kind' | 'origin'>;

/** So many deliveries begin between two pages of fan-out. A page makes more of them, so that deliveries never run out. */
const DELIVERIES_PER_FAN_OUT = 15;
/** The name of the line of fan-outs. No origin reads so. */
const FAN_OUTS = '*';

/**
 * Due jobs of one priority: a line for each origin, and one for the fan-outs. The lines take turns. The fan-outs have their
 * turn after fifteen deliveries, or when no delivery may run: if they had it as often as an origin, they would make far more
 * deliveries than can be sent, and all other work would wait for them.
 */
export class ReadyJobs<Item extends Waiting = Job> {
  private readonly lines = new Map<string, Fifo<Item>>();
  private deliveriesSinceFanOut = 0;
  /** How many jobs wait in all lines. */
  size = 0;

  /** How many jobs wait in the line that this job belongs to. */
  sizeOf(job: Waiting): number {
    return this.lines.get(lineOf(job))?.size ?? 0;
  }

  push(job: Item): void {
    this.size += 1;
    const name = lineOf(job);
    const known = this.lines.get(name);
    if (known !== undefined) {
      known.push(job);
      return;
    }
    const line = new Fifo<Item>();
    line.push(job);
    this.lines.set(name, line);
  }

  /** Whether the first job of any line may run. */
  has(mustWait: (job: Item) => boolean): boolean {
    for (const line of this.lines.values()) if (!mustWait(line.first)) return true;
    return false;
  }

  /** Takes the next job that may run, null where none may. The line that it came from has its next turn after the others. */
  take(mustWait: (job: Item) => boolean): Item | null {
    const isFanOutsTurn = this.deliveriesSinceFanOut >= DELIVERIES_PER_FAN_OUT;
    const hasTurn = (name: string): boolean => (name === FAN_OUTS) === isFanOutsTurn;
    return this.takeFrom(hasTurn, mustWait) ?? this.takeFrom(() => true, mustWait);
  }

  private takeFrom(hasTurn: (name: string) => boolean, mustWait: (job: Item) => boolean): Item | null {
    for (const [name, line] of this.lines) {
      if (!hasTurn(name) || mustWait(line.first)) continue;
      const job = line.shift();
      this.size -= 1;
      this.deliveriesSinceFanOut = name === FAN_OUTS ? 0 : this.deliveriesSinceFanOut + 1;
      this.lines.delete(name);
      if (line.size > 0) this.lines.set(name, line);
      return job;
    }
    return null;
  }
}

/** The name of the line that a job waits in. */
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
