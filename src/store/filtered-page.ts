import { toPage } from './cursor.ts';
import type { Page } from './page.ts';

/** Read in one turn of the event loop, where not all that is read is asked for. */
export const READ_AT_ONCE = 200;

/** Looked through for one page: where fewer are asked for, the page is short, and the next one goes on from there. */
const MOST_PIECES = 5;

/** A piece of a listing, and the id that the next one begins after; null where this was the last. */
export type Piece<Item> = { readonly items: readonly Item[]; readonly next: string | null };

/**
 * Reads a listing on from a place, piece by piece, until a page is full or enough was looked through. The pieces leave room for others
 * between them.
 */
export async function filteredPage<Item>(options: {
  readonly from: string;
  readonly limit: number;
  readonly read: (from: string) => Promise<Piece<Item>>;
  readonly toCursor: (item: Item) => string;
  /** The cursor of a place that no item marks. */
  readonly cursorAt: (from: string) => string;
}): Promise<Page<Item>> {
  const { limit, read, toCursor, cursorAt } = options;
  const items: Item[] = [];
  let from: string | null = options.from;
  for (let pieces = 0; from !== null && items.length <= limit; pieces += 1) {
    if (pieces === MOST_PIECES) return { items, next: cursorAt(from) };
    if (pieces > 0) await new Promise(setImmediate);
    const piece: Piece<Item> = await read(from);
    items.push(...piece.items);
    from = piece.next;
  }
  return toPage(items, limit, (item) => item, toCursor);
}
