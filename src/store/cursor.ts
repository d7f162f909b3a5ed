import { Buffer } from 'node:buffer';
import { AppError } from '../domain/app-error.ts';
import type { Page } from './page.ts';

/** Sorts after every id, and after every text that begins one. */
export const LAST_ID = '\u{10ffff}';

/** A place in a listing: the instant it is ordered by, and the id that settles ties. */
export type Place = { readonly atMs: number; readonly id: string };

export function encodePlace({ atMs, id }: Place): string {
  return Buffer.from(JSON.stringify([atMs, id])).toString('base64url');
}

/** Where a notification stands among those that are scheduled. */
export function placeOfComing({ dueAtMs, id }: { readonly dueAtMs: number | null; readonly id: string }): string {
  return encodePlace({ atMs: dueAtMs ?? 0, id });
}

/** Where a dead letter stands among those that are gone through: of one notification, by its id. */
export function placeOfDeadLetter(
  { notificationId }: { readonly notificationId: string | null },
  { id, endedAtMs }: { readonly id: string; readonly endedAtMs: number | null },
): string {
  return notificationId === null ? encodePlace({ atMs: endedAtMs ?? 0, id }) : id;
}

/** The place a cursor stands for, or AppError `invalid_cursor`. */
export function decodePlace(cursor: string): Place {
  const [atMs, id, ...rest] = parseList(cursor);
  if (!Number.isSafeInteger(atMs) || typeof id !== 'string' || rest.length > 0) throw invalidCursor();
  return { atMs: atMs as number, id };
}

/** A cursor of a listing whose places are texts that callers chose. */
export function encodeName(name: string): string {
  return Buffer.from(JSON.stringify([name])).toString('base64url');
}

/** The text a cursor stands for, or AppError `invalid_cursor`; empty for the first page. */
export function decodeName(cursor: string | null): string {
  if (cursor === null) return '';
  const [name, ...rest] = parseList(cursor);
  if (typeof name !== 'string' || rest.length > 0) throw invalidCursor();
  return name;
}

/** A cursor of a listing whose places have parts of their own. */
export function encodeParts(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts a cursor stands for, for the listing to look at; AppError `invalid_cursor` where it is none at all. */
export function decodeParts(cursor: string): readonly unknown[] {
  return parseList(cursor);
}

/** The id that a cursor is, where a listing's places are ids; AppError `invalid_cursor` where it cannot be one of its. */
export function decodeId(cursor: string | null, isOfListing: (id: string) => boolean): string | null {
  if (cursor !== null && !isOfListing(cursor)) throw invalidCursor();
  return cursor;
}

/** The page of one row more than asked for, which tells whether another follows. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  toCursor: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, limit).map(toItem);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? toCursor(last) : null };
}

/** A cursor that was not given by the listing that got it. */
export function invalidCursor(): AppError {
  return new AppError('invalid_cursor', 'The cursor is not one this listing gave: start again without it.');
}

function parseList(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(value)) return value;
  } catch {
    // Not JSON: no cursor of ours.
  }
  throw invalidCursor();
}
