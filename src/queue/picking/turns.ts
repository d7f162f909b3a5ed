import type { WaitsFor } from '../job-queue.ts';
import { Fifo } from './fifo.ts';

/** What keeps a job from running now, or null. */
export type Asked<Item> = (item: Item) => WaitsFor | null;

/** Waiting jobs that belong together. */
interface Group<Item> {
  readonly size: number;
  push(item: Item): void;
  /** All that wait. */
  all(): readonly Item[];
  /** The job that runs next, or what the jobs here wait for. Nothing changes until `takeFound`. */
  find(waitsFor: Asked<Item>): Item | WaitsFor;
  /** Takes the job that `find` gave, before anything else is done here. */
  takeFound(): void;
  /** Takes a job that came late. */
  takeNewest(): Item;
}

/** Jobs that run in the order in which they came. */
export class InOrder<Item extends object> extends Fifo<Item> implements Group<Item> {
  find(waitsFor: Asked<Item>): Item | WaitsFor {
    return waitsFor(this.first) ?? this.first;
  }

  takeFound(): void {
    this.shift();
  }

  takeNewest(): Item {
    return this.pop();
  }
}

/** Most have one job waiting, which is kept as it is. */
type Member<Item> = {
  readonly key: string;
  jobs: Item | Group<Item>;
  before: Member<Item> | null;
  after: Member<Item> | null;
};

export type TurnsOptions<Item> = {
  readonly keyOf: (item: Item) => string;
  /** What several jobs of one key are kept in. */
  readonly makeGroup: () => Group<Item>;
  /** What one job waits for and all others here do, too, so that they need not be asked. */
  readonly allWaitFor: readonly WaitsFor[];
};

/**
 * Groups of jobs, by key, that take turns: each that gave a job has its next turn after all others. One that must wait is
 * passed over, and keeps its place. A list of its own: the front of a Map with many deleted entries is slow to find.
 */
export class Turns<Item extends object> implements Group<Item> {
  private readonly options: TurnsOptions<Item>;
  private readonly members = new Map<string, Member<Item>>();
  private first: Member<Item> | null = null;
  private last: Member<Item> | null = null;
  private found: Member<Item> | null = null;
  /** The member with the most jobs, as far as was seen when jobs came. */
  private largest: Member<Item> | null = null;
  size = 0;

  constructor(options: TurnsOptions<Item>) {
    this.options = options;
  }

  push(item: Item): void {
    this.size += 1;
    const key = this.options.keyOf(item);
    const member = this.members.get(key);
    if (member === undefined) this.start(key, item);
    else this.join(member, item);
  }

  find(waitsFor: Asked<Item>): Item | WaitsFor {
    let wait: WaitsFor = 'line';
    for (let member = this.first; member !== null; member = member.after) {
      const { jobs } = member;
      const next = isGroup(jobs) ? jobs.find(waitsFor) : (waitsFor(jobs) ?? jobs);
      if (typeof next !== 'string') {
        this.found = member;
        return next;
      }
      wait = next;
      if (this.options.allWaitFor.includes(next)) break;
    }
    return wait;
  }

  takeFound(): void {
    const { found } = this;
    if (found === null) throw new RangeError('no job was found here');
    this.found = null;
    this.size -= 1;
    if (isGroup(found.jobs)) found.jobs.takeFound();
    if (isGroup(found.jobs) && found.jobs.size > 0) {
      this.unlink(found);
      this.link(found);
    } else this.remove(found);
  }

  all(): readonly Item[] {
    return [...this.members.values()].flatMap(({ jobs }) => (isGroup(jobs) ? jobs.all() : [jobs]));
  }

  takeNewest(): Item {
    if (this.last === null) throw new RangeError('nothing waits here');
    return this.takeNewestOf(this.last);
  }

  /** Takes a late job of the member with the most jobs, to make room for this one; null where its own has as many. */
  giveWayTo(item: Item): Item | null {
    const { largest } = this;
    const own = this.members.get(this.options.keyOf(item));
    if (largest === null || sizeOf(largest) <= 1 + (own === undefined ? 0 : sizeOf(own))) return null;
    return this.takeNewestOf(largest);
  }

  private takeNewestOf(member: Member<Item>): Item {
    const { jobs } = member;
    this.size -= 1;
    if (!isGroup(jobs)) {
      this.remove(member);
      return jobs;
    }
    const item = jobs.takeNewest();
    if (jobs.size === 0) this.remove(member);
    return item;
  }

  private start(key: string, item: Item): void {
    const member: Member<Item> = { key, jobs: item, before: null, after: null };
    this.members.set(key, member);
    this.link(member);
  }

  private join(member: Member<Item>, item: Item): void {
    const group = isGroup(member.jobs) ? member.jobs : this.options.makeGroup();
    if (!isGroup(member.jobs)) group.push(member.jobs);
    group.push(item);
    member.jobs = group;
    if (this.largest === null || group.size > sizeOf(this.largest)) this.largest = member;
  }

  private remove(member: Member<Item>): void {
    this.members.delete(member.key);
    if (this.largest === member) this.largest = null;
    this.unlink(member);
  }

  /** Its turn is after all others'. */
  private link(member: Member<Item>): void {
    member.before = this.last;
    member.after = null;
    if (this.last === null) this.first = member;
    else this.last.after = member;
    this.last = member;
  }

  private unlink({ before, after }: Member<Item>): void {
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
  }
}

function isGroup<Item extends object>(jobs: Item | Group<Item>): jobs is Group<Item> {
  return jobs instanceof Turns || jobs instanceof InOrder;
}

function sizeOf<Item extends object>({ jobs }: Member<Item>): number {
  return isGroup(jobs) ? jobs.size : 1;
}
