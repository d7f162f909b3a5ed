type Next<Item> = { readonly kind: 'item'; readonly read: IteratorResult<Item> };
type Done<Answer> = { readonly kind: 'answer'; readonly answer: Answer };

/**
 * Works on items as they come, on so many at once, and gives the answers in the order of the items, each as soon as it and those before
 * it are there. Nothing is read while nobody takes answers. `work` does not reject. Where reading fails, what was begun is answered first.
 */
export async function* inOrder<Item, Answer>(
  items: AsyncIterable<Item>,
  mostAtOnce: number,
  work: (item: Item) => Promise<Answer>,
): AsyncGenerator<Answer> {
  const iterator = items[Symbol.asyncIterator]();
  const begun: Promise<Done<Answer>>[] = [];
  let reading: Promise<Next<Item>> | null = null;
  let isRead = false;
  let failure: { readonly error: unknown } | null = null;
  const read = async (): Promise<Next<Item>> => {
    try {
      return { kind: 'item', read: await iterator.next() };
    } catch (error) {
      failure = { error };
      return { kind: 'item', read: { done: true, value: undefined } };
    }
  };
  try {
    while (!isRead || begun.length > 0) {
      if (!isRead && begun.length < mostAtOnce) reading ??= read();
      const next = await Promise.race([...begun.slice(0, 1), ...(reading === null ? [] : [reading])]);
      if (next.kind === 'answer') {
        begun.shift();
        yield next.answer;
        continue;
      }
      reading = null;
      if (next.read.done) isRead = true;
      else begun.push(work(next.read.value).then((answer) => ({ kind: 'answer', answer })));
    }
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
  } finally {
    // Not waited for: it may be in the middle of a read that takes long.
    void iterator.return?.()?.catch(() => {});
  }
}
