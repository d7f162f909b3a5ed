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

type Known = Counts & { readonly countedAtMs: number; readonly goodUntilMs: number };

/**
 * How many deliveries and suppressions a notification has, in a time that does not grow with them. Up to ten thousand of a kind they are
 * counted as one asks. Of more, the last count to the end is given while the next is made in the background, one notification at a time.
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
    known.set(id, { deliveries, suppressed, countedAtMs, goodUntilMs: countedAtMs + goodForMs });
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

  return async (id: string): Promise<Counted> => {
    const [deliveries, suppressed] = await Promise.all([
      store.deliveries.countSome(id),
      store.suppressions.countSome(id),
    ]);
    const some = { deliveries: deliveries.counts, suppressed: suppressed.counts, countedAtMs: clock.now() };
    if (!deliveries.isAtLeast && !suppressed.isAtLeast) {
      known.delete(id);
      return { ...some, isAtLeast: false };
    }
    const before = known.get(id);
    if (before === undefined || before.goodUntilMs <= clock.now()) await patiently(clock, count(id));
    const { goodUntilMs: _, ...counted } = known.get(id) ?? { ...some, goodUntilMs: 0 };
    return { ...counted, isAtLeast: !known.has(id) };
  };
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
