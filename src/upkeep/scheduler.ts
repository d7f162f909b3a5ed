import type { CancelTimer, Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';
import type { ScheduleStore } from '../store/schedule-store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type SchedulerOptions = {
  readonly store: Pick<ScheduleStore, 'due' | 'nextDueMs'>;
  readonly events: Events;
  readonly clock: Clock;
  /** Deals with all moments of a schedule that have come. */
  readonly settle: (schedule: Schedule) => Promise<void>;
  readonly leads?: Leads;
  readonly intervalMs?: number;
};

export type Scheduler = Loop & { tick(): Promise<void> };

/**
 * An earlier time that another process was told of is known after so long at most. What was changed otherwise needs no telling: a
 * schedule is read when its time has come.
 */
const DEFAULT_INTERVAL_MS = 2000;

/** Schedules found by one read, and settled side by side. */
const PAGE_SIZE = 100;
const AT_ONCE = 10;

/**
 * Has the notifications of schedules made when their time has come: at the very instant, since it is woken for the next one, and on
 * a tick, since another process may have been told of an earlier one. It decides nothing: were two processes to run it, each
 * notification would be made once.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { store, clock, events, leads, intervalMs = DEFAULT_INTERVAL_MS } = options;
  let cancel: CancelTimer = () => {};
  let isStopped = false;
  const wakeForNext = async (): Promise<void> => {
    cancel();
    const nextMs = await store.nextDueMs();
    // What is due and could not be settled waits for the next tick; what is later than that is looked for then.
    if (nextMs === null || nextMs <= clock.now() || nextMs > clock.now() + intervalMs || isStopped) return;
    cancel = clock.wakeAt(nextMs, () => loop.hurry());
  };
  const tick = async (): Promise<void> => {
    await settleDue(options);
    await wakeForNext();
  };
  const loop = createLoop({ name: 'scheduler', intervalMs, clock, events, tick, leads });
  return {
    ...loop,
    start() {
      isStopped = false;
      return loop.start();
    },
    stop() {
      isStopped = true;
      cancel();
      return loop.stop();
    },
    tick,
  };
}

/** One that cannot be settled now keeps no other from it. */
async function settleDue({ store, clock, events, settle }: SchedulerOptions): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    const found = await store.due(clock.now(), PAGE_SIZE + tried.size);
    const untried = found.filter(({ key }) => !tried.has(key)).slice(0, PAGE_SIZE);
    if (untried.length === 0) return;
    for (let start = 0; start < untried.length; start += AT_ONCE) {
      const some = untried.slice(start, start + AT_ONCE);
      await Promise.all(
        some.map(async (schedule) => {
          tried.add(schedule.key);
          await settle(schedule).catch((error: unknown) =>
            events.publish({ type: 'part.failed', part: 'scheduler', error }),
          );
        }),
      );
    }
  }
}
