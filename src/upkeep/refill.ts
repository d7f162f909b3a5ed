import type { CancelTimer, Clock } from '../clock.ts';
import { PRIORITIES, type Priority } from '../domain/notification/priority.ts';
import type { JobQueue } from '../queue/job-queue.ts';

export type RefillOptions = {
  readonly queue: Pick<JobQueue, 'depthOf'>;
  readonly clock: Clock;
  /** The most that one look into the store finds for a lane. A lane that has half of it is not read again yet. */
  readonly pageSize: number;
  /** Has lanes that run low read now. */
  readonly hurry: () => void;
};

/** What a look into the store found for a lane. */
export type Found = { readonly count: number; readonly lastId: string | null };

/** Which lanes are worth reading from the store, and when: a backlog is queued page by page, and each page once. */
export interface Refill {
  /** Has this lane read now: the queue dropped some of it, and has room again. */
  ask(lane: Priority): void;
  /** The lanes to read now. Each is to be noted afterwards. */
  lanesToRead(): Promise<readonly Priority[]>;
  noteRead(lane: Priority, found: Found): void;
  /** Sees to it that a lane of which more may be due is read again before it runs dry. */
  watch(): void;
  /** Ends the watch, for good until `start`. */
  stop(): void;
  start(): void;
}

/** A job that was lost while many others wait is found after this long, too. */
const READ_ANYWAY_MS = 30_000;

/** At three thousand deliveries a second, half a page lasts eight times as long. */
const LOOK_AGAIN_MS = 200;

type Lane = {
  readAtMs: number;
  isAsked: boolean;
  /** It is read now because it was asked for, not because its turn has come. */
  isRefilling: boolean;
  mayHaveMore: boolean;
  lastId: string | null;
};

export function createRefill(options: RefillOptions): Refill {
  return new LaneRefill(options);
}

class LaneRefill implements Refill {
  private readonly options: RefillOptions;
  private readonly lanes = new Map<Priority, Lane>(
    PRIORITIES.map((lane) => [
      lane,
      { readAtMs: 0, isAsked: false, isRefilling: false, mayHaveMore: false, lastId: null },
    ]),
  );
  private cancel: CancelTimer | null = null;
  private isStopped = false;

  constructor(options: RefillOptions) {
    this.options = options;
  }

  ask(lane: Priority): void {
    this.stateOf(lane).isAsked = true;
    this.options.hurry();
  }

  async lanesToRead(): Promise<readonly Priority[]> {
    const nowMs = this.options.clock.now();
    const worth = await Promise.all(
      PRIORITIES.map(async (lane) => {
        const state = this.stateOf(lane);
        state.isRefilling = state.isAsked;
        state.isAsked = false;
        return state.isRefilling || nowMs - state.readAtMs >= READ_ANYWAY_MS || (await this.isLow(lane, true));
      }),
    );
    return PRIORITIES.filter((_, index) => worth[index]);
  }

  noteRead(lane: Priority, { count, lastId }: Found): void {
    const state = this.stateOf(lane);
    // Where no job does anything, as with a store that takes no writes, reading them again at once is of no use.
    const isStuck = state.isRefilling && lastId === state.lastId;
    state.mayHaveMore = count >= this.options.pageSize && !isStuck;
    state.lastId = lastId;
    state.readAtMs = this.options.clock.now();
  }

  watch(): void {
    if (this.isStopped || this.cancel !== null) return;
    if (![...this.lanes.values()].some(({ mayHaveMore }) => mayHaveMore)) return;
    const { clock } = this.options;
    this.cancel = clock.wakeAt(clock.now() + LOOK_AGAIN_MS, () => void this.look());
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
    this.cancel = null;
  }

  start(): void {
    this.isStopped = false;
  }

  private async look(): Promise<void> {
    const lanes = PRIORITIES.filter((lane) => this.stateOf(lane).mayHaveMore);
    const low = await Promise.all(lanes.map((lane) => this.isLow(lane, false)));
    this.cancel = null;
    if (!low.includes(true)) return this.watch();
    lanes.forEach((lane, index) => {
      if (low[index]) this.stateOf(lane).isAsked = true;
    });
    return this.options.hurry();
  }

  /** `unless`: the answer where the queue cannot tell. */
  private async isLow(lane: Priority, unless: boolean): Promise<boolean> {
    try {
      return (await this.options.queue.depthOf(lane)) <= this.options.pageSize / 2;
    } catch {
      return unless;
    }
  }

  private stateOf(lane: Priority): Lane {
    const state = this.lanes.get(lane);
    if (state === undefined) throw new Error(`no lane is called ${lane}`);
    return state;
  }
}
