import { type DeadLetterFacts, type DeadLetterFilter, isMeant } from '../delivery/dead-letter-filter.ts';
import { serviceOfOrigin } from '../push-service/push-target.ts';

/** What a bulk action would look at: how many dead letters, why they failed, and whose push services they were for. */
export type BulkPlan = {
  readonly count: number;
  /** There are more, which could not be counted in time. */
  readonly isAtLeast: boolean;
  readonly byReason: Readonly<Record<string, number>>;
  readonly byService: Readonly<Record<string, number>>;
};

/** Counts what is shown to it, page by page. */
export function countBulk(filter: DeadLetterFilter) {
  const [byReason, byService] = [new Map<string, number>(), new Map<string, number>()];
  let count = 0;
  return {
    add(deadLetters: readonly DeadLetterFacts[]): void {
      for (const deadLetter of deadLetters) {
        if (!isMeant(filter, deadLetter)) continue;
        count += 1;
        addOne(byReason, deadLetter.reason ?? 'unknown');
        addOne(byService, serviceOfOrigin(deadLetter.origin));
      }
    },
    plan: (isAtLeast: boolean): BulkPlan => ({
      count,
      isAtLeast,
      byReason: Object.fromEntries(byReason),
      byService: Object.fromEntries(byService),
    }),
  };
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
