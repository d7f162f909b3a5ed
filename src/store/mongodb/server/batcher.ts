/** The most that one call takes, as long as no single caller brings more. */
const MAX_BATCH = 128;

/** After so many at once, more are sure to come. */
const CROWD = 8;

/** About as long as MongoDB takes to confirm a write in a crowd. */
const PAUSE_MS = 15;
/** A crowd that has other processes to send it, too, comes here in smaller parts, and more slowly: then there is time for this. */
const LONGEST_PAUSE_MS = 30;
/** What a pause is to gather: twice as many halve what a call costs, beyond that little is to be had. */
const WORTH_A_CALL = 24;

/**
 * Turns the calls of many into batches: what is asked for within one turn of the event loop goes to `many` together, and
 * after a crowd, what is asked for in the next few milliseconds: to MongoDB and its driver each call has a price of its
 * own. With few about, nothing waits. `many` answers in the order asked. When it rejects, everyone in that batch is told.
 */
export function batched<Item, Answer>(
  many: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (items: readonly Item[]) => Promise<readonly Answer[]> {
  type Asked = {
    readonly items: readonly Item[];
    readonly resolve: (answers: readonly Answer[]) => void;
    readonly reject: (error: unknown) => void;
  };
  let asked: Asked[] = [];
  let isPausing = false;

  const flush = (): void => {
    const all = asked;
    asked = [];
    const count = all.reduce((sum, { items }) => sum + items.length, 0);
    isPausing = count >= CROWD;
    if (isPausing) setTimeout(flush, pauseAfter(count));
    let group: Asked[] = [];
    let size = 0;
    for (const one of all) {
      if (size > 0 && size + one.items.length > MAX_BATCH) {
        void run(group);
        [group, size] = [[], 0];
      }
      group.push(one);
      size += one.items.length;
    }
    if (group.length > 0) void run(group);
  };

  const run = async (group: readonly Asked[]): Promise<void> => {
    try {
      const answers = await many(group.flatMap(({ items }) => items));
      let start = 0;
      for (const { items, resolve } of group) {
        resolve(answers.slice(start, start + items.length));
        start += items.length;
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return (items) =>
    new Promise((resolve, reject) => {
      if (asked.push({ items, resolve, reject }) === 1 && !isPausing) setImmediate(flush);
    });
}

/** In milliseconds, after a call for so many. */
function pauseAfter(count: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, (PAUSE_MS * WORTH_A_CALL) / count));
}
