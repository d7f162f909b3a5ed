/** The events that are kept now, by number: none where `last` is 0. The last one ever written is always kept. */
export type EventBounds = { readonly first: number; readonly last: number };

/**
 * Whether a reader who has read up to `after` may have missed something: what came next is no longer kept, or the store is a backup
 * of before that number. Who begins at 0 has read nothing, and misses nothing.
 */
export function hasGap(after: number, { first, last }: EventBounds): boolean {
  return after > last || (after > 0 && after < first - 1);
}

/** Where such a reader goes on: before the oldest event that is kept. */
export function restartOf({ first }: EventBounds): number {
  return Math.max(0, first - 1);
}
