import type { WalkReads } from './audience-walk.ts';

/** A walk takes thousands of pages, and which of two tags fewer have changes slowly. */
const KEPT_MS = 60_000;
/** More than a hundred expressions name. */
const MOST_TAGS = 4000;

/**
 * Counts of tags as they were within the last minute. They choose the way of a walk, and whichever it takes it comes past the same users.
 */
export function keptCounts(read: WalkReads['usersOfTags'], now: () => number): WalkReads['usersOfTags'] {
  const kept = new Map<string, { readonly users: number; readonly atMs: number }>();
  return async (tags) => {
    const nowMs = now();
    const isKept = (tag: string): boolean => (kept.get(tag)?.atMs ?? -KEPT_MS) > nowMs - KEPT_MS;
    const missing = tags.filter((tag) => !isKept(tag));
    const found = new Map(missing.length === 0 ? [] : await read(missing));
    if (kept.size + found.size > MOST_TAGS) kept.clear();
    const counts = tags.map((tag) => [tag, found.get(tag) ?? kept.get(tag)?.users ?? 0] as const);
    for (const [tag, users] of found) kept.set(tag, { users, atMs: nowMs });
    return new Map(counts);
  };
}
