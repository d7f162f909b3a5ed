/** The most that one call to the store takes: a group commit of more blocks the event loop noticeably. */
const MAX_BATCH = 128;

/**
 * Turns single calls into batches: what is asked for within one turn of the event loop goes to `many` together.
 * `many` answers in the order asked. When it rejects, everyone in that batch is told.
 */
export function batch<Item, Answer>(
  many: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  type Asked = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  let asked: Asked[] = [];

  const flush = (): void => {
    const all = asked;
    asked = [];
    for (let start = 0; start < all.length; start += MAX_BATCH) void run(all.slice(start, start + MAX_BATCH));
  };

  const run = async (group: readonly Asked[]): Promise<void> => {
    try {
      const answers = await many(group.map(({ item }) => item));
      group.forEach(({ resolve }, index) => {
        resolve(answers[index] as Answer);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return (item) =>
    new Promise<Answer>((resolve, reject) => {
      if (asked.push({ item, resolve, reject }) === 1) setImmediate(flush);
    });
}
