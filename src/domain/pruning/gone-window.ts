import type { PruneGuardPolicy } from './prune-hold.ts';

/** The latest answers of one origin or key, and how many of them called a subscription gone. */
export type GoneWindow = {
  note(isGone: boolean, subscriptionId: string): void;
  /** More gone than the policy allows. */
  hasTripped(): boolean;
  readonly goneCount: number;
  readonly answerCount: number;
  /** The subscriptions called gone within the window, oldest first. */
  goneIds(): readonly string[];
  clear(): void;
};

/** A ring of the latest `windowSize` answers: what is older falls out. */
export function createGoneWindow(policy: PruneGuardPolicy): GoneWindow {
  const ring: (string | null)[] = [];
  let next = 0;
  let goneCount = 0;
  return {
    note(isGone, subscriptionId) {
      if (ring[next] != null) goneCount -= 1;
      if (isGone) goneCount += 1;
      ring[next] = isGone ? subscriptionId : null;
      next = (next + 1) % policy.windowSize;
    },
    hasTripped: () => goneCount > policy.maxCount && goneCount > policy.maxShare * ring.length,
    get goneCount() {
      return goneCount;
    },
    get answerCount() {
      return ring.length;
    },
    goneIds: () => [...ring.slice(next), ...ring.slice(0, next)].filter((id) => id !== null),
    clear() {
      ring.length = 0;
      next = 0;
      goneCount = 0;
    },
  };
}
