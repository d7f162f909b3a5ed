import type { PruneGuardPolicy } from './prune-hold.ts';

/** What a push service said of one subscription. */
type WindowAnswer = { readonly userId: string; readonly subscriptionId: string; readonly isGone: boolean };

/** `answerCount` users were answered for, and a subscription of `goneCount` of them was called gone. */
type WindowCounts = { readonly goneCount: number; readonly answerCount: number };

/**
 * The users that an origin or key was last answered for, each counted once, whatever many subscriptions a user has and
 * whatever is done with them: nobody alone makes the guard trip, or keeps it from tripping.
 */
export type GoneWindow = {
  note(answer: WindowAnswer, nowMs: number): void;
  counts(nowMs: number): WindowCounts;
  /** More users with a subscription that is gone than the policy allows, and more than one. */
  hasTripped(nowMs: number): boolean;
  /** The subscriptions called gone within the window, those of the user last answered for at the end. */
  goneIds(nowMs: number): readonly string[];
  clear(): void;
};

/** A push service that is wrong is so for a day or a few. What is older is the ordinary loss of subscriptions. */
const REMEMBERED_MS = 7 * 24 * 60 * 60 * 1000;
/** As many as the pages of a user may register, unless they are told otherwise. */
const MOST_GONE_OF_ONE_USER = 20;
const MOST_GONE_IDS = 500;

type OfUser = { readonly goneAtMs: Map<string, number>; readonly atMs: number };

/** The latest `windowSize` users, those answered for last at the end: the first falls out. */
export function createGoneWindow(policy: PruneGuardPolicy): GoneWindow {
  const users = new Map<string, OfUser>();
  const goneIds = (nowMs: number): readonly string[] => [...users.values()].flatMap((user) => goneOf(user, nowMs));
  const counts = (nowMs: number): WindowCounts => {
    const remembered = [...users.values()].filter(({ atMs }) => isRemembered(atMs, nowMs));
    const gone = remembered.filter(({ goneAtMs }) => [...goneAtMs.values()].some((atMs) => isRemembered(atMs, nowMs)));
    return { goneCount: gone.length, answerCount: remembered.length };
  };
  return {
    note({ userId, subscriptionId, isGone }, nowMs) {
      const goneAtMs = users.get(userId)?.goneAtMs ?? new Map<string, number>();
      goneAtMs.delete(subscriptionId);
      if (isGone) goneAtMs.set(subscriptionId, nowMs);
      forgetFirst(goneAtMs, MOST_GONE_OF_ONE_USER);
      users.delete(userId);
      users.set(userId, { goneAtMs, atMs: nowMs });
      forgetFirst(users, policy.windowSize);
    },
    counts,
    hasTripped(nowMs) {
      const { goneCount, answerCount } = counts(nowMs);
      return goneCount > Math.max(policy.maxCount, 1) && goneCount > policy.maxShare * answerCount;
    },
    goneIds: (nowMs) => goneIds(nowMs).slice(-MOST_GONE_IDS),
    clear: () => users.clear(),
  };
}

function goneOf({ goneAtMs }: OfUser, nowMs: number): readonly string[] {
  return [...goneAtMs].filter(([, atMs]) => isRemembered(atMs, nowMs)).map(([id]) => id);
}

function isRemembered(atMs: number, nowMs: number): boolean {
  return nowMs - atMs < REMEMBERED_MS;
}

/** A Map keeps the order in which its entries were made. */
function forgetFirst<Key>(entries: Map<Key, unknown>, most: number): void {
  const [first] = entries.keys();
  if (entries.size > most && first !== undefined) entries.delete(first);
}
