import { PRIORITY_WEIGHTS, type Priority } from '../../domain/notification/priority.ts';
import type { Job, JobHandler, StartOptions, WaitsFor } from '../job-queue.ts';
import { type LineOf, ReadyJobs } from '../picking/ready-jobs.ts';
import { weightedRoundRobin } from '../picking/weighted-round-robin.ts';
import { WorkLimit } from '../picking/work-limit.ts';
import type { RedisPriority, Taken } from './redis-priority.ts';

export type PriorityPickerOptions = StartOptions & {
  readonly handler: JobHandler;
  readonly onError: (error: unknown) => void;
  readonly lineOf: LineOf;
};

/**
 * Runs the jobs of all priorities. Which priority comes next is decided before a job is fetched from Redis, so that no job
 * waits in this process but those that wait for something that `waitsFor` names.
 */
export interface PriorityPicker {
  begin(priorities: ReadonlyMap<Priority, RedisPriority>): void;
  /** To be called when jobs that had to wait may run. */
  look(): void;
  /** Keeps jobs that wait in this process from counting as stalled, and being handed out again. To be called now and then. */
  tend(): Promise<void>;
  /** To be called when jobs of this priority were added. */
  notice(priority: Priority): void;
  /** Hands out nothing more; resolves when what runs has ended. Harmless when repeated. */
  stop(): Promise<void>;
}

/** How long a stop waits for jobs that have ended to be removed from Redis. */
const REMOVAL_LIMIT_MS = 2000;
const LOOK_AGAIN_MS = 500;
const ASK_AGAIN_MS = 5;
/** Of each priority: many jobs set aside in one must leave room for those of another. */
const MOST_SET_ASIDE = 1000;

/*
 * What the picker knows of a priority:
 *
 *   state    | mayHaveJobs | isWatched | what the picker does with it
 *   has jobs | true        | false     | plans jobs of it, and fetches as many as it planned
 *   empty    | false       | false     | fetches again after ASK_AGAIN_MS; watches it as soon as a job of it may begin
 *   watched  | false       | true      | waits on the blocking connection for the next job to come
 *
 *   has jobs -> empty       a fetch failed, or brought fewer jobs than were planned
 *   empty    -> has jobs    `notice`, or a fetch brought as many jobs as were planned
 *   empty    -> watched     nothing is left to plan, and the limit admits a job of it
 *   watched  -> has jobs    a job came; it is kept as `arrived` until a job of this priority is planned
 *   watched  -> empty       no job came for some seconds, or Redis was lost: it is watched again at once
 */
type PriorityState = {
  readonly priority: Priority;
  readonly redis: RedisPriority;
  mayHaveJobs: boolean;
  /** When jobs were last fetched, on a clock that only goes forward. */
  askedAtMs: number;
  isWatched: boolean;
  /** Jobs that were fetched, and then had to wait. */
  readonly setAside: ReadyJobs<SetAside>;
  /** The job that came while the priority was watched. */
  arrived: Taken | null;
};

type SetAside = Job & { readonly taken: Taken };

export function createPriorityPicker(options: PriorityPickerOptions): PriorityPicker {
  return new Picker(options);
}

class Picker implements PriorityPicker {
  private readonly options: PriorityPickerOptions;
  private readonly pick = weightedRoundRobin(PRIORITY_WEIGHTS);
  private readonly pickSetAside = weightedRoundRobin(PRIORITY_WEIGHTS);
  /** Jobs that have begun, until they are gone from Redis; and until their handlers have ended. */
  private readonly running = new Set<Promise<void>>();
  private readonly handling = new Set<Promise<void>>();
  private readonly limit: WorkLimit;
  private states: ReadonlyMap<Priority, PriorityState> = new Map();
  private isOpen = true;
  private filling: Promise<void> | null = null;
  private mustFillAgain = false;

  constructor(options: PriorityPickerOptions) {
    this.options = options;
    this.limit = new WorkLimit(options, () => performance.now());
  }

  begin(priorities: ReadonlyMap<Priority, RedisPriority>): void {
    const setAside = () => new ReadyJobs<SetAside>(this.options.lineOf);
    this.states = new Map(
      [...priorities].map(([priority, redis]) => [priority, initialState(priority, redis, setAside())]),
    );
    this.fill();
  }

  look(): void {
    this.fill();
  }

  async tend(): Promise<void> {
    await Promise.all(
      [...this.states.values()].map(async ({ redis, setAside, arrived }) => {
        const kept = [...setAside.all().map(({ taken }) => taken), ...(arrived === null ? [] : [arrived])];
        await redis.keep(kept).catch((error: unknown) => this.report(error));
      }),
    );
  }

  notice(priority: Priority): void {
    const state = this.states.get(priority);
    // The watch of a watched priority sees the new job by itself.
    if (state === undefined || state.isWatched) return;
    state.mayHaveJobs = true;
    this.fill();
  }

  async stop(): Promise<void> {
    this.isOpen = false;
    await this.filling;
    await Promise.all(this.handling);
    const limit = new Promise((resolve) => setTimeout(resolve, REMOVAL_LIMIT_MS).unref());
    await Promise.race([Promise.all(this.running), limit]);
    await Promise.all([...this.states.values()].map((state) => this.putBackArrived(state)));
    await Promise.all([...this.states.values()].map((state) => this.putBackSetAside(state)));
  }

  private fill(): void {
    this.mustFillAgain = true;
    if (this.filling !== null || !this.isOpen) return;
    this.filling = this.fillSlots().finally(() => {
      this.filling = null;
      if (this.mustFillAgain) this.fill();
    });
  }

  /** Plans which jobs may begin, fetches so many of each priority, and runs them, until nothing is left to plan. */
  private async fillSlots(): Promise<void> {
    this.mustFillAgain = false;
    while (this.isOpen) {
      this.runSetAside();
      const picks = this.plan();
      if (picks.length === 0) break;
      const taken = new Map<Priority, Taken[]>();
      await Promise.all(
        [...this.states].map(async ([priority, state]) => {
          const count = picks.filter((pick) => pick === priority).length;
          if (count > 0) taken.set(priority, await this.take(state, count));
        }),
      );
      for (const pick of picks) {
        const next = taken.get(pick)?.shift();
        const state = this.states.get(pick);
        if (next !== undefined && state !== undefined) this.runOrSetAside(state, next);
      }
    }
    for (const state of this.states.values()) this.watch(state);
  }

  /** The priorities of the jobs that may begin now, in the order in which they take turns. */
  private plan(): Priority[] {
    const picks: Priority[] = [];
    const room = this.limit.room();
    for (;;) {
      const pick = this.pick((priority) => room.admits(priority) && this.isWorthAsking(priority));
      if (pick === null) return picks;
      room.take(pick);
      picks.push(pick);
    }
  }

  /**
   * An empty priority is watched only while the limit admits a job of it, and a flood of another priority takes all that the
   * limit admits. So an empty priority is asked again now and then, in the round trip that fetches the others.
   */
  private isWorthAsking(priority: Priority): boolean {
    const state = this.states.get(priority);
    if (state === undefined) return false;
    return state.mayHaveJobs || (!state.isWatched && performance.now() - state.askedAtMs >= ASK_AGAIN_MS);
  }

  private async take(state: PriorityState, count: number): Promise<Taken[]> {
    const arrived = state.arrived === null ? [] : [state.arrived];
    state.arrived = null;
    if (arrived.length === count) return arrived;
    try {
      const taken = await state.redis.take(count - arrived.length);
      state.mayHaveJobs = taken.length === count - arrived.length;
      return [...arrived, ...taken];
    } catch (error) {
      this.report(error);
      state.mayHaveJobs = false;
      return arrived;
    } finally {
      // Also where it fails: a Redis that is away refuses at once, and to ask again at once would be a loop without end.
      state.askedAtMs = performance.now();
    }
  }

  private runOrSetAside(state: PriorityState, taken: Taken): void {
    const job = jobOf(taken.data);
    // Jobs behind this one must be reached, too: with no room to set it aside it is run, and its handler postpones it.
    if (state.setAside.size < MOST_SET_ASIDE && this.waitsFor(job) !== null) state.setAside.push({ ...job, taken });
    else this.run(state, taken);
  }

  /** A job set aside that need not wait any longer begins before all that are fetched later. The priorities take turns. */
  private runSetAside(): void {
    const waitsFor = (job: Job): WaitsFor | null => this.waitsFor(job);
    for (;;) {
      const picked = this.pickSetAside(
        (priority) => this.limit.admits(priority) && (this.states.get(priority)?.setAside.has(waitsFor) ?? false),
      );
      const state = picked === null ? undefined : this.states.get(picked);
      const next = state?.setAside.take(waitsFor) ?? null;
      if (state === undefined || next === null) return;
      this.run(state, next.taken);
    }
  }

  private waitsFor(job: Job): WaitsFor | null {
    return this.options.waitsFor?.(job) ?? null;
  }

  private run({ redis, priority }: PriorityState, taken: Taken): void {
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
    // Another job may take its place once this one is gone from Redis: only then can the same job be added again.
    const run: Promise<void> = redis
      .run(taken, handler)
      .catch((error: unknown) => this.report(error))
      .finally(() => {
        this.running.delete(run);
        onEnded();
        this.fill();
      });
    this.running.add(run);
  }

  /** Waits for the next job of a priority that had none, while the limit admits it. */
  private watch(state: PriorityState): void {
    if (!this.isOpen || state.mayHaveJobs || state.isWatched || !this.limit.admits(state.priority)) return;
    state.isWatched = true;
    void state.redis
      .next()
      .catch(async (error: unknown) => {
        this.report(error);
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS).unref());
        return null;
      })
      .then((next) => {
        state.isWatched = false;
        state.arrived = next;
        state.mayHaveJobs = next !== null;
        if (!this.isOpen) return this.putBackArrived(state);
        if (next === null) this.watch(state);
        else this.fill();
        return undefined;
      });
  }

  /** Not after a stop: then the connections are cut on purpose. */
  private report(error: unknown): void {
    if (this.isOpen) this.options.onError(error);
  }

  private async putBackArrived(state: PriorityState): Promise<void> {
    const { arrived } = state;
    state.arrived = null;
    if (arrived !== null) await this.putBack(state.redis, arrived);
  }

  private async putBackSetAside({ redis, setAside }: PriorityState): Promise<void> {
    const all: Promise<void>[] = [];
    const takeAny = (): SetAside | null => setAside.take(() => null);
    for (let next = takeAny(); next !== null; next = takeAny()) all.push(this.putBack(redis, next.taken));
    await Promise.all(all);
  }

  private async putBack(redis: RedisPriority, taken: Taken): Promise<void> {
    await redis.putBack(taken).catch((error: unknown) => this.report(error));
  }
}

function initialState(priority: Priority, redis: RedisPriority, setAside: ReadyJobs<SetAside>): PriorityState {
  return { priority, redis, mayHaveJobs: true, askedAtMs: 0, isWatched: false, setAside, arrived: null };
}

/** The job in bee-queue's own record of it. */
function jobOf(data: string): Job {
  return (JSON.parse(data) as { data: Job }).data;
}
