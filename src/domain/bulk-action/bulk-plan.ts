import { type DeadKind, factsOfKind } from '../delivery/dead-kind.ts';
import { serviceOfOrigin } from '../push-service/push-target.ts';

/** What a bulk action would look at: how many dead letters, why they failed, and whose push services they were for. */
export type BulkPlan = {
  readonly count: number;
  /** There are more, which were not counted. */
  readonly isAtLeast: boolean;
  readonly byReason: Readonly<Record<string, number>>;
  readonly byService: Readonly<Record<string, number>>;
};

/** What the counts of kinds come to. */
export function bulkPlanOf(counted: {
  readonly counts: ReadonlyMap<DeadKind, number>;
  readonly isAtLeast: boolean;
}): BulkPlan {
  const [byReason, byService] = [new Map<string, number>(), new Map<string, number>()];
  let total = 0;
  for (const [kind, count] of counted.counts) {
    const { reason, origin } = factsOfKind(kind);
    total += count;
    add(byReason, reason ?? 'unknown', count);
    add(byService, serviceOfOrigin(origin), count);
  }
  return {
    count: total,
    isAtLeast: counted.isAtLeast,
    byReason: Object.fromEntries(byReason),
    byService: Object.fromEntries(byService),
  };
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
