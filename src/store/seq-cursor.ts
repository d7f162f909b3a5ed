import { AppError } from '../domain/app-error.ts';
import type { Page } from './page.ts';

/** The number that a page begins below; above all numbers for the first page. Throws `invalid_cursor`. */
export function parseSeqCursor(cursor: string | null): number {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new AppError('invalid_cursor', 'The cursor is not one that this listing gave. Start again without it.');
}

/** A page of numbered items, newest first, of which one more was read than it has room for. */
export function seqPage<Item extends { readonly seq: number }>(read: readonly Item[], limit: number): Page<Item> {
  const items = read.slice(0, limit);
  const last = items.at(-1);
  return { items, next: read.length > limit && last !== undefined ? String(last.seq) : null };
}
