import type { QuietHours } from './quiet-hours.ts';

/** Whether a person wants types of a pattern, and since when they say so. */
type Wish = { readonly isWanted: boolean; readonly sinceMs: number };

/** By pattern of types; the longest that matches a type decides. */
export type Preferences = Readonly<Record<string, Wish>>;

/** `[A-Za-z0-9_.:/-]`, at most 64. */
export const TAG = /^[A-Za-z0-9_.:/-]{1,64}$/;
export const MAX_TAGS = 200;
/** Patterns in a person's preferences. */
export const MAX_PREFERENCES = 200;

/** What has been said about whoever a caller's `user_id` names. A user of whom nothing was said has none of this. */
export type User = {
  readonly id: string;
  /** Chosen, for example `Europe/Berlin`; null: that of the newest device counts. */
  readonly timeZone: string | null;
  readonly locale: string | null;
  /** Sorted, each once. */
  readonly tags: readonly string[];
  readonly preferences: Preferences;
  readonly quietHours: QuietHours | null;
  /** Nothing is shown before this instant. */
  readonly pausedUntilMs: number | null;
  /** When the pause that is kept was asked for. */
  readonly pausedSinceMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/**
 * What is to change (JSON merge patch, RFC 7396, once it is read): absent fields stay, null takes away. Preferences are
 * merged pattern by pattern, `quietHours` field by field; `tags` are taken whole.
 */
export type UserPatch = {
  readonly timeZone?: string | null;
  readonly locale?: string | null;
  readonly tags?: readonly string[] | null;
  readonly preferences?: Readonly<Record<string, boolean | null>> | null;
  readonly quietHours?: Partial<QuietHours> | null;
  readonly pausedUntilMs?: number | null;
};

/** A user of whom nothing was said. */
export function newUser(id: string, nowMs: number): User {
  return {
    id,
    timeZone: null,
    locale: null,
    tags: [],
    preferences: {},
    quietHours: null,
    pausedUntilMs: null,
    pausedSinceMs: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** The user as the patch leaves them. A wish that is said again keeps its age. */
export function patched(user: User, patch: UserPatch, nowMs: number): User {
  const { timeZone, locale, tags, quietHours, pausedUntilMs } = patch;
  return {
    ...user,
    ...(timeZone !== undefined && { timeZone }),
    ...(locale !== undefined && { locale }),
    ...(tags !== undefined && { tags: sortedTags(tags ?? []) }),
    ...(quietHours !== undefined && { quietHours: patchedQuietHours(user.quietHours, quietHours) }),
    ...(pausedUntilMs !== undefined && pauseOf(user, pausedUntilMs, nowMs)),
    preferences: patchedPreferences(user.preferences, patch.preferences, nowMs),
    updatedAtMs: nowMs,
  };
}

/** The tags with some more and some fewer, sorted. One that is both added and removed is removed. */
export function changedTags(
  tags: readonly string[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): readonly string[] {
  const removed = new Set(remove);
  return sortedTags([...tags, ...add].filter((tag) => !removed.has(tag)));
}

function sortedTags(tags: readonly string[]): readonly string[] {
  return [...new Set(tags)].sort();
}

function pauseOf({ pausedUntilMs, pausedSinceMs }: User, untilMs: number | null, nowMs: number) {
  if (untilMs === null) return { pausedUntilMs: null, pausedSinceMs: null };
  const goesOn = pausedUntilMs !== null && pausedUntilMs > nowMs;
  return { pausedUntilMs: untilMs, pausedSinceMs: goesOn ? (pausedSinceMs ?? nowMs) : nowMs };
}

/** Null where that leaves them without a beginning or an end, or with both at the same time: `faultOfQuietHours` says so beforehand. */
function patchedQuietHours(before: QuietHours | null, patch: Partial<QuietHours> | null): QuietHours | null {
  if (patch === null) return null;
  const { fromMinute, untilMinute, days = null } = { ...before, ...patch };
  if (fromMinute === undefined || untilMinute === undefined || fromMinute === untilMinute) return null;
  return { fromMinute, untilMinute, days };
}

/** Why the quiet hours of this patch come to none for this user: a field that is missing, or the same time twice; null where they do. */
export function faultOfQuietHours(
  { quietHours: before }: User,
  { quietHours }: UserPatch,
): { readonly field: 'from' | 'until'; readonly isMissing: boolean } | null {
  if (quietHours === undefined || quietHours === null) return null;
  const { fromMinute, untilMinute } = { ...before, ...quietHours };
  if (fromMinute === undefined) return { field: 'from', isMissing: true };
  if (untilMinute === undefined) return { field: 'until', isMissing: true };
  return fromMinute === untilMinute ? { field: 'until', isMissing: false } : null;
}

function patchedPreferences(before: Preferences, patch: UserPatch['preferences'], nowMs: number): Preferences {
  if (patch === undefined) return before;
  if (patch === null) return {};
  const after = new Map(Object.entries(before));
  for (const [pattern, isWanted] of Object.entries(patch)) {
    if (isWanted === null) after.delete(pattern);
    else if (after.get(pattern)?.isWanted !== isWanted) after.set(pattern, { isWanted, sinceMs: nowMs });
  }
  return Object.fromEntries([...after].sort(([one], [other]) => (one < other ? -1 : 1)));
}
