import { toPage } from './cursor.ts';
import type { Page } from './page.ts';

/** Read in one turn of the event loop, where not all that is read is asked for. */
export const READ_AT_ONCE = 200;

/** A piece of a listing, and where the next one begins; null where this was the last. */
export type Piece<Item, From> = { readonly items: readonly Item[]; readonly next: From | null };

/**
 * Reads a listing on from a place, piece by piece, until a page is full. The pieces leave room for others between them: where
 * few of many are asked for, that takes long.
 */
export async function filteredPage<Item, From>(options: {
  readonly from: From;
  readonly limit: number;
  readonly read: (from: From) => Promise<Piece<Item, From>>;
  readonly toCursor: (item: Item) => string;
}): Promise<Page<Item>> {
  const { limit, read, toCursor } = options;
  const items: Item[] = [];
  let from: From | null = options.from;
  while (from !== null && items.length <= limit) {
    const piece: Piece<Item, From> = await read(from);
    items.push(...piece.items);
    from = piece.next;
    if (from !== null && items.length <= limit) await new Promise(setImmediate);
  }
  return toPage(items, limit, (item) => item, toCursor);
}
