import { type RateLimit, spendOne } from '../domain/rate-limit.ts';

/** What this process remembers of who spent how much. */
export type Spending = {
  /** Takes one of what the limit allows to this spender: 0, or how many milliseconds until there is one again. */
  spend(spender: string, limit: RateLimit, nowMs: number): number;
};

/** Who has spent nothing for longest is forgotten first: to be forgotten early takes that many others. */
const MOST_KEPT = 10_000;

export function createSpending(mostKept = MOST_KEPT): Spending {
  const fullAtMs = new Map<string, number>();
  return {
    spend(spender, limit, nowMs) {
      const spent = spendOne(limit, fullAtMs.get(spender) ?? null, nowMs);
      if (spent.kind === 'refused') return spent.waitMs;
      fullAtMs.delete(spender);
      fullAtMs.set(spender, spent.fullAtMs);
      const [longest] = fullAtMs.keys();
      if (fullAtMs.size > mostKept && longest !== undefined) fullAtMs.delete(longest);
      return 0;
    },
  };
}
