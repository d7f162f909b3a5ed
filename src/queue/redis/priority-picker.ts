import { PRIORITY_WEIGHTS, type Priority } from '../../domain/notification/priority.ts';
import type { Job, JobHandler, StartOptions } from '../job-queue.ts';
import { ReadyJobs } from '../picking/ready-jobs.ts';
import { weightedRoundRobin } from '../picking/weighted-round-robin.ts';
import { WorkLimit } from '../picking/work-limit.ts';
import type { RedisLane, Taken } from './redis-priority.ts';

export type LanePickerOptions = StartOptions & {
  readonly handler: JobHandler;
  readonly onError: (error: unknown) => void;
};

/** Runs the jobs of three lanes: which comes next is decided before it is fetched, so that only held jobs wait here. */
export interface LanePicker {
  begin(lanes: ReadonlyMap<Priority, RedisLane>): void;
  /** Something was added to this lane. */
  notice(lane: Priority): void;
  /** Hands out nothing more; resolves when what runs has ended. Harmless when repeated. */
  stop(): Promise<void>;
}

/** What a stop waits for Redis to be told of jobs that have ended. */
const REMOVAL_LIMIT_MS = 2000;
const LOOK_AGAIN_MS = 500;
const ASK_AGAIN_MS = 5;
/** Of each lane: many that are held in one must leave room for those of another. */
const MOST_SET_ASIDE = 1000;

type LaneState = {
  readonly priority: Priority;
  readonly lane: RedisLane;
  /** Whether a job may be waiting: so until a fetch came back with less than was asked. */
  mayHave: boolean;
  /** When it was last asked, on a clock that only goes forward. */
  askedAtMs: number;
  isWatched: boolean;
  /** Fetched and held by the handler's word. */
  readonly aside: ReadyJobs<SetAside>;
  /** One that came while the lane was watched. */
  held: Taken | null;
};

type SetAside = Pick<Job, 'kind' | 'origin'> & { readonly job: Job; readonly taken: Taken };

const nobody = (): boolean => false;

export function createLanePicker(options: LanePickerOptions): LanePicker {
  return new Picker(options);
}

class Picker implements LanePicker {
  private readonly options: LanePickerOptions;
  private readonly pick = weightedRoundRobin(PRIORITY_WEIGHTS);
  private readonly pickAside = weightedRoundRobin(PRIORITY_WEIGHTS);
  private readonly running = new Set<Promise<void>>();
  private readonly handling = new Set<Promise<void>>();
  private readonly limit: WorkLimit;
  private readonly watches = new Set<Promise<void>>();
  private lanes: ReadonlyMap<Priority, LaneState> = new Map();
  private isOpen = true;
  private filling: Promise<void> | null = null;
  private mustFillAgain = false;

  constructor(options: LanePickerOptions) {
    this.options = options;
    this.limit = new WorkLimit(options, () => performance.now());
  }

  begin(lanes: ReadonlyMap<Priority, RedisLane>): void {
    const entries = [...lanes].map(
      ([priority, lane]) =>
        [
          priority,
          {
            priority,
            lane,
            mayHave: true,
            askedAtMs: 0,
            isWatched: false,
            aside: new ReadyJobs<SetAside>(),
            held: null,
          },
        ] as const,
    );
    this.lanes = new Map(entries);
    this.fill();
  }

  notice(lane: Priority): void {
    const state = this.lanes.get(lane);
    // One that is watched tells by itself.
    if (state === undefined || state.isWatched) return;
    state.mayHave = true;
    this.fill();
  }

  async stop(): Promise<void> {
    this.isOpen = false;
    await this.filling;
    await Promise.all(this.handling);
    const impatience = new Promise((resolve) => setTimeout(resolve, REMOVAL_LIMIT_MS).unref());
    await Promise.race([Promise.all(this.running), impatience]);
    await Promise.all([...this.lanes.values()].map((state) => this.putBackHeld(state)));
    await Promise.all([...this.lanes.values()].map((state) => this.putBackAside(state)));
  }

  private fill(): void {
    this.mustFillAgain = true;
    if (this.filling !== null || !this.isOpen) return;
    this.filling = this.fillSlots().finally(() => {
      this.filling = null;
      if (this.mustFillAgain) this.fill();
    });
  }

  /** One round: asks each lane for as many jobs as the picker gives it of the free slots, until none has more. */
  private async fillSlots(): Promise<void> {
    this.mustFillAgain = false;
    while (this.isOpen) {
      this.runSetAside();
      const picks = this.plan();
      if (picks.length === 0) break;
      const taken = new Map<Priority, Taken[]>();
      await Promise.all(
        [...this.lanes].map(async ([priority, state]) => {
          const count = picks.filter((pick) => pick === priority).length;
          if (count > 0) taken.set(priority, await this.take(state, count));
        }),
      );
      for (const pick of picks) {
        const next = taken.get(pick)?.shift();
        const state = this.lanes.get(pick);
        if (next !== undefined && state !== undefined) this.runOrHold(state, next);
      }
    }
    for (const state of this.lanes.values()) this.watch(state);
  }

  private plan(): Priority[] {
    const picks: Priority[] = [];
    const room = this.limit.room();
    for (;;) {
      const pick = this.pick((lane) => room.admits(lane) && this.isWorthAsking(lane));
      if (pick === null) return picks;
      room.take(pick);
      picks.push(pick);
    }
  }

  /**
   * A lane that had nothing is watched only while there is a slot to spare, and one that floods leaves none: so the others
   * are asked again now and then, in the same round trip.
   */
  private isWorthAsking(name: Priority): boolean {
    const state = this.lanes.get(name);
    if (state === undefined) return false;
    return state.mayHave || (!state.isWatched && performance.now() - state.askedAtMs >= ASK_AGAIN_MS);
  }

  private async take(state: LaneState, count: number): Promise<Taken[]> {
    const held = state.held === null ? [] : [state.held];
    state.held = null;
    if (held.length === count) return held;
    try {
      const taken = await state.lane.take(count - held.length);
      state.mayHave = taken.length === count - held.length;
      state.askedAtMs = performance.now();
      return [...held, ...taken];
    } catch (error) {
      this.tell(error);
      state.mayHave = false;
      return held;
    }
  }

  private runOrHold(state: LaneState, taken: Taken): void {
    // Those behind must be reached, too: what there is no room for is run, and its handler sends it away.
    const job = jobOf(taken.data);
    if (state.aside.size < MOST_SET_ASIDE && this.mustWait(job)) {
      const { kind, origin } = job;
      state.aside.push({ kind, origin, job, taken });
    } else this.run(state, taken);
  }

  /** What is no longer held goes before anything of its lane fetched after it; the lanes take turns as ever. */
  private runSetAside(): void {
    const mustWait = ({ job }: SetAside): boolean => this.mustWait(job);
    for (;;) {
      const name = this.pickAside(
        (lane) => this.limit.admits(lane) && (this.lanes.get(lane)?.aside.has(mustWait) ?? false),
      );
      const state = name === null ? undefined : this.lanes.get(name);
      const next = state?.aside.take(mustWait) ?? null;
      if (state === undefined || next === null) return;
      this.run(state, next.taken);
    }
  }

  private mustWait(job: Job): boolean {
    return this.options.mustWait?.(job) ?? false;
  }

  private run({ lane, priority }: LaneState, taken: Taken): void {
    const { onPosted, onEnded } = this.limit.begin(priority);
    const handler = (job: Job): Promise<void> => {
      const handled = this.options.handler(job, () => {
        onPosted();
        this.fill();
      });
      const ended: Promise<void> = handled.catch(() => {}).finally(() => this.handling.delete(ended));
      this.handling.add(ended);
      return handled;
    };
    // The slot is free once the job is gone from Redis: only then can the same one be added again.
    const run: Promise<void> = lane
      .run(taken, handler)
      .catch((error: unknown) => this.tell(error))
      .finally(() => {
        this.running.delete(run);
        onEnded();
        this.fill();
      });
    this.running.add(run);
  }

  /** Waits for the next job of a lane that had none, while there is a slot for it. */
  private watch(state: LaneState): void {
    if (!this.isOpen || state.mayHave || state.isWatched || !this.limit.admits(state.priority)) return;
    state.isWatched = true;
    const watch: Promise<void> = state.lane
      .next()
      .catch(async (error: unknown) => {
        this.tell(error);
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS).unref());
        return null;
      })
      .then((next) => {
        state.isWatched = false;
        this.watches.delete(watch);
        state.held = next;
        state.mayHave = next !== null;
        if (!this.isOpen) return this.putBackHeld(state);
        if (next === null) this.watch(state);
        else this.fill();
        return undefined;
      });
    this.watches.add(watch);
  }

  /** Connections that are cut at the end are no trouble. */
  private tell(error: unknown): void {
    if (this.isOpen) this.options.onError(error);
  }

  private async putBackHeld(state: LaneState): Promise<void> {
    const { held } = state;
    state.held = null;
    if (held !== null) await this.putBack(state.lane, held);
  }

  private async putBackAside({ lane, aside }: LaneState): Promise<void> {
    const all: Promise<void>[] = [];
    for (let next = aside.take(nobody); next !== null; next = aside.take(nobody)) {
      all.push(this.putBack(lane, next.taken));
    }
    await Promise.all(all);
  }

  private async putBack(lane: RedisLane, taken: Taken): Promise<void> {
    await lane.putBack(taken).catch((error: unknown) => this.tell(error));
  }
}

/** The job in bee-queue's own record of it. */
function jobOf(data: string): Job {
  return (JSON.parse(data) as { data: Job }).data;
}
