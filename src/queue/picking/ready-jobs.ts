import { subscriptionPartOf } from '../../domain/ids.ts';
import type { Job } from '../job-queue.ts';
import { type Asked, InOrder, Turns } from './turns.ts';

type Waiting = Pick<Job, 'kind' | 'id' | 'origin' | 'userId'>;

/** The name of the line that deliveries to an origin wait in: that of its push service, where several origins are one. */
export type LineOf = (origin: string) => string;

/** So many deliveries begin between two pages of fan-out. A page makes more of them, so that deliveries never run out. */
const DELIVERIES_PER_FAN_OUT = 15;
/** The name of the line of fan-outs. No push service is called so. */
const FAN_OUTS = '*';

/**
 * Due jobs of one priority: a line for each push service, and one for the fan-outs. The lines take turns; in a line the users
 * take turns, however many jobs each has; and of a user the subscriptions. So whoever has one job waits for one of each other
 * user at most, beside those that run. The fan-outs have their turn after fifteen deliveries, or when no delivery may run: if
 * they had it as often as a push service, they would make far more deliveries than can be sent, and all other work would wait.
 */
export class ReadyJobs<Item extends Waiting = Job> {
  private readonly lineOfOrigin: LineOf;
  private readonly lines = new Map<string, Turns<Item>>();
  private deliveriesSinceFanOut = 0;
  /** How many jobs wait in all lines. */
  size = 0;

  constructor(lineOf: LineOf) {
    this.lineOfOrigin = lineOf;
  }

  /** How many jobs wait in the line that this job belongs to. */
  sizeOf(job: Waiting): number {
    return this.lines.get(this.lineOf(job))?.size ?? 0;
  }

  push(job: Item): void {
    this.size += 1;
    const name = this.lineOf(job);
    const line = this.lines.get(name) ?? makeLine<Item>();
    line.push(job);
    if (line.size === 1) this.lines.set(name, line);
  }

  all(): readonly Item[] {
    return [...this.lines.values()].flatMap((line) => line.all());
  }

  /** Takes a late job of the user who has the most in the line of this one. Null where its own user has as many. */
  giveWayTo(job: Item): Item | null {
    const given = this.lines.get(this.lineOf(job))?.giveWayTo(job) ?? null;
    if (given !== null) this.size -= 1;
    return given;
  }

  /** Whether any job may run. */
  has(waitsFor: Asked<Item>): boolean {
    for (const line of this.lines.values()) if (typeof line.find(waitsFor) !== 'string') return true;
    return false;
  }

  /** Takes the next job that may run, null where none may. */
  take(waitsFor: Asked<Item>): Item | null {
    const isFanOutsTurn = this.deliveriesSinceFanOut >= DELIVERIES_PER_FAN_OUT;
    const hasTurn = (name: string): boolean => (name === FAN_OUTS) === isFanOutsTurn;
    return this.takeFrom(hasTurn, waitsFor) ?? this.takeFrom(() => true, waitsFor);
  }

  private takeFrom(hasTurn: (name: string) => boolean, waitsFor: Asked<Item>): Item | null {
    for (const [name, line] of this.lines) {
      if (!hasTurn(name)) continue;
      const job = line.find(waitsFor);
      if (typeof job === 'string') continue;
      line.takeFound();
      this.size -= 1;
      this.deliveriesSinceFanOut = name === FAN_OUTS ? 0 : this.deliveriesSinceFanOut + 1;
      this.lines.delete(name);
      if (line.size > 0) this.lines.set(name, line);
      return job;
    }
    return null;
  }

  private lineOf({ kind, origin }: Waiting): string {
    return kind === 'fan_out' ? FAN_OUTS : this.lineOfOrigin(origin);
  }
}

function makeLine<Item extends Waiting>(): Turns<Item> {
  return new Turns<Item>({
    // Jobs that an earlier Bellhop left in Redis have no user.
    keyOf: ({ userId = '' }) => userId,
    allWaitFor: ['line'],
    makeGroup: () =>
      new Turns<Item>({
        keyOf: ({ id }) => subscriptionPartOf(id),
        allWaitFor: ['line', 'user'],
        makeGroup: () => new InOrder<Item>(),
      }),
  });
}
