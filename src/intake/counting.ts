import type { Clock } from '../clock.ts';
import type { SuppressionCounts } from '../domain/audience/suppression.ts';
import type { DeliveryCounts } from '../domain/delivery/delivery-counts.ts';
import type { Store } from '../store/store.ts';

type Counts = { readonly deliveries: DeliveryCounts; readonly suppressed: SuppressionCounts };

/** `countedAtMs`: when. `isAtLeast`: nobody has counted them all yet. */
export type Counted = Counts & { readonly isAtLeast: boolean; readonly countedAtMs: number };

export type CountingOptions = {
  readonly store: Pick<Store, 'deliveries' | 'suppressions'>;
  readonly clock: Clock;
};

/** Whoever asks waits so long for a count to the end; then they get what is known. */
const PATIENCE_MS = 50;

/** A count is good for so long, and for so many times as long as counting took: at most a twentieth of the time goes into it. */
const GOOD_FOR_MS = 1000;
const GOOD_FOR_TIMES = 20;

/** Large notifications whose counts are remembered: those that people look at. */
const REMEMBERED = 100;

type Known = Counts & { readonly startedAtMs: number; readonly countedAtMs: number; readonly goodUntilMs: number };

/**
 * How many deliveries and suppressions a notification has, in a time that does not grow with them. Up to ten thousand of a kind they are
 * counted as one asks. Of more, the last count to the end is given while the next is made in the background, one notification at a time.
 * Of one whose deliveries have all ended by now, no count is given that was begun before: some would be told to be under way still.
 */
export function createCounting(options: CountingOptions) {
  const { store, clock } = options;
  const known = new Map<string, Known>();
  const running = new Map<string, Promise<void>>();
  let last: Promise<void> = Promise.resolve();

  const countAll = async (id: string): Promise<void> => {
    const startedAtMs = clock.now();
    const [deliveries, suppressed] = await Promise.all([
      store.deliveries.countByState(id),
      store.suppressions.countByReason(id),
    ]);
    const countedAtMs = clock.now();
    const goodForMs = Math.max(GOOD_FOR_MS, GOOD_FOR_TIMES * (countedAtMs - startedAtMs));
    known.delete(id);
    known.set(id, { deliveries, suppressed, startedAtMs, countedAtMs, goodUntilMs: countedAtMs + goodForMs });
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED) break;
      known.delete(oldest);
    }
  };

  /** A store that does not answer, or is being closed, has told whoever asked; the next one has it counted again. */
  const count = (id: string): Promise<void> => {
    const under = running.get(id);
    if (under !== undefined) return under;
    const run = last
      .then(() => countAll(id))
      .catch(() => {})
      .finally(() => running.delete(id));
    running.set(id, run);
    last = run;
    return run;
  };

  /** What is known, unless it was begun before all had ended. */
  const knownOf = (id: string, completedAtMs: number | null): Known | null => {
    const one = known.get(id);
    return one === undefined || one.startedAtMs <= (completedAtMs ?? 0) ? null : one;
  };

  /** The count under way may have begun before all had ended: then another follows it. */
  const countAnew = async (id: string, completedAtMs: number | null): Promise<void> => {
    await count(id);
    if (knownOf(id, completedAtMs) === null) await count(id);
  };

  return async (id: string, completedAtMs: number | null): Promise<Counted> => {
    const [deliveries, suppressed] = await Promise.all([
      store.deliveries.countSome(id),
      store.suppressions.countSome(id),
    ]);
    const some = { deliveries: deliveries.counts, suppressed: suppressed.counts, countedAtMs: clock.now() };
    if (!deliveries.isAtLeast && !suppressed.isAtLeast) {
      known.delete(id);
      return { ...some, isAtLeast: false };
    }
    const before = knownOf(id, completedAtMs);
    if (before === null || before.goodUntilMs <= clock.now()) await patiently(clock, countAnew(id, completedAtMs));
    const last = knownOf(id, completedAtMs);
    if (last === null) return { ...some, isAtLeast: true };
    return { ...countsIn(last), countedAtMs: last.countedAtMs, isAtLeast: false };
  };
}

function countsIn({ deliveries, suppressed }: Counts): Counts {
  return { deliveries, suppressed };
}

function patiently(clock: Clock, run: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.wakeAt(clock.now() + PATIENCE_MS, resolve);
    void run.then(() => {
      cancel();
      resolve();
    });
  });
}
