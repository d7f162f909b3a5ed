import type { CancelTimer, Clock } from '../clock.ts';
import { PRIORITIES, type Priority } from '../domain/notification/priority.ts';
import type { JobQueue } from '../queue/job-queue.ts';

export type RefillOptions = {
  readonly queue: Pick<JobQueue, 'depthOf'>;
  readonly clock: Clock;
  /** The most deliveries that one read of a priority finds. A priority runs low once the queue has half of that or less. */
  readonly pageSize: number;
  /** Has the caller's tick come at once. */
  readonly hurry: () => void;
};

/** What a read of a priority found: how many due deliveries, and the last of them. */
export type Found = { readonly count: number; readonly lastId: string | null };

/** Which priorities to read from the store, and when: a backlog is queued page by page, and each page once. */
export interface Refill {
  /** Has this priority read at once: the queue dropped jobs of it, and has room for them again. */
  ask(priority: Priority): void;
  /** The priorities to read in this tick. `noteRead` is to be called for each afterwards. */
  prioritiesToRead(): Promise<readonly Priority[]>;
  noteRead(priority: Priority, found: Found): void;
  /** Has a priority of which more may be due read again before the queue has no more of it. */
  watch(): void;
  /** Ends the watch, for good until `start`. */
  stop(): void;
  start(): void;
}

/** A job that was lost while many others wait is found after this long, too. */
const READ_ANYWAY_MS = 30_000;

/** At three thousand deliveries a second, half a page lasts eight times as long. */
const LOOK_AGAIN_MS = 200;

/*
 * What the refill knows of a priority, and when it is read next:
 *
 *   state    | isAsked | mayHaveMore | read next
 *   asked    | true    | either      | in the next tick, which comes at once
 *   watched  | false   | true        | when it runs low, which is looked at in each tick and every LOOK_AGAIN_MS
 *   read out | false   | false       | in a tick in which it is low, and READ_ANYWAY_MS after the last read
 *
 *   any      -> asked     the queue dropped jobs of it and has room again
 *   watched  -> asked     it runs low between two ticks
 *   any      -> watched   a read found a whole page
 *   any      -> read out  a read found less, or it was asked for and ends with the same delivery as the read before
 */
type PriorityState = {
  isAsked: boolean;
  /** Whether the read under way was asked for; if not, its time had come. */
  wasAsked: boolean;
  mayHaveMore: boolean;
  readAtMs: number;
  lastId: string | null;
};

export function createRefill(options: RefillOptions): Refill {
  return new PagedRefill(options);
}

class PagedRefill implements Refill {
  private readonly options: RefillOptions;
  private readonly states = new Map<Priority, PriorityState>(
    PRIORITIES.map((priority) => [
      priority,
      { isAsked: false, wasAsked: false, mayHaveMore: false, readAtMs: 0, lastId: null },
    ]),
  );
  private cancel: CancelTimer | null = null;
  private isStopped = false;

  constructor(options: RefillOptions) {
    this.options = options;
  }

  ask(priority: Priority): void {
    this.stateOf(priority).isAsked = true;
    this.options.hurry();
  }

  async prioritiesToRead(): Promise<readonly Priority[]> {
    const nowMs = this.options.clock.now();
    const isToBeRead = await Promise.all(
      PRIORITIES.map(async (priority) => {
        const state = this.stateOf(priority);
        state.wasAsked = state.isAsked;
        state.isAsked = false;
        return state.wasAsked || nowMs - state.readAtMs >= READ_ANYWAY_MS || (await this.isLow(priority, true));
      }),
    );
    return PRIORITIES.filter((_, index) => isToBeRead[index]);
  }

  noteRead(priority: Priority, { count, lastId }: Found): void {
    const state = this.stateOf(priority);
    // Where no job does anything, as with a store that takes no writes, reading the same page again at once is of no use.
    const isStuck = state.wasAsked && lastId === state.lastId;
    state.mayHaveMore = count >= this.options.pageSize && !isStuck;
    state.lastId = lastId;
    state.readAtMs = this.options.clock.now();
  }

  watch(): void {
    if (this.isStopped || this.cancel !== null) return;
    if (![...this.states.values()].some(({ mayHaveMore }) => mayHaveMore)) return;
    const { clock } = this.options;
    this.cancel = clock.wakeAt(clock.now() + LOOK_AGAIN_MS, () => void this.askForLow());
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
    this.cancel = null;
  }

  start(): void {
    this.isStopped = false;
  }

  private async askForLow(): Promise<void> {
    const watched = PRIORITIES.filter((priority) => this.stateOf(priority).mayHaveMore);
    const isLow = await Promise.all(watched.map((priority) => this.isLow(priority, false)));
    this.cancel = null;
    if (!isLow.includes(true)) return this.watch();
    watched.forEach((priority, index) => {
      if (isLow[index]) this.stateOf(priority).isAsked = true;
    });
    return this.options.hurry();
  }

  /** `ifUnknown` is the answer where the queue cannot tell. */
  private async isLow(priority: Priority, ifUnknown: boolean): Promise<boolean> {
    try {
      return (await this.options.queue.depthOf(priority)) <= this.options.pageSize / 2;
    } catch {
      return ifUnknown;
    }
  }

  private stateOf(priority: Priority): PriorityState {
    const state = this.states.get(priority);
    if (state === undefined) throw new Error(`there is no priority ${priority}`);
    return state;
  }
}
