import type { Delivery } from '../delivery/delivery.ts';
import type { Settlement } from '../delivery/settlement.ts';
import { ROLLUP_SPANS, type Rollup, type RollupKey, type RollupSpan, rolledUp, stretchOf } from './rollup.ts';
import { type Counted, type TallyChange, type TallyName, talliesOf, tallyOf } from './tally.ts';

/** What is to be written: by how much each count changes, and what is added to each stretch of time. */
export type TallyEntries = {
  readonly changes: readonly TallyChange[];
  readonly rollups: readonly (Rollup & { readonly span: RollupSpan })[];
};

type Sum = RollupKey & { readonly minuteMs: number; count: number; latencyMs: number };

/** The sum that a settlement went to, and where its push did: the next is like it more often than not. */
type Latest = { readonly origin: string; readonly sum: Sum };

function isLike({ origin, sum }: Latest, { after, attempt }: Pick<Settlement, 'after' | 'attempt'>): boolean {
  if (attempt === null || attempt.outcome !== sum.outcome || after.state !== sum.state || after.origin !== origin)
    return false;
  return attempt.endedAtMs >= sum.minuteMs && attempt.endedAtMs < sum.minuteMs + ROLLUP_SPANS.minute;
}

/** Adds up what a commit or a batch changes, so that it is written once for all of it. */
export class TallyBook {
  private readonly changes = new Map<TallyName, number>();
  private readonly sums = new Map<string, Sum>();
  private latest: Latest | null = null;

  get isEmpty(): boolean {
    return this.changes.size === 0 && this.sums.size === 0;
  }

  add(name: TallyName, by: number): void {
    this.changes.set(name, (this.changes.get(name) ?? 0) + by);
  }

  made(delivery: Pick<Delivery, 'priority' | 'state'>): void {
    this.add(tallyOf(delivery), 1);
  }

  moved(priority: Delivery['priority'], from: Delivery['state'], to: Delivery['state']): void {
    if (from === to) return;
    this.add(tallyOf({ priority, state: from }), -1);
    this.add(tallyOf({ priority, state: to }), 1);
  }

  settled(settlement: Pick<Settlement, 'from' | 'after' | 'attempt'>): void {
    const { from, after } = settlement;
    this.moved(after.priority, from, after.state);
    const latest = this.latest;
    if (latest !== null && isLike(latest, settlement)) {
      latest.sum.count += 1;
      latest.sum.latencyMs += settlement.attempt?.latencyMs ?? 0;
      return;
    }
    const added = rolledUp(settlement);
    if (added === null) return;
    const { endedAtMs, latencyMs, ...key } = added;
    const minuteMs = stretchOf('minute', endedAtMs);
    const name = `${minuteMs} ${key.service} ${key.state} ${key.outcome}`;
    const sum = this.sums.get(name) ?? { ...key, minuteMs, count: 0, latencyMs: 0 };
    this.sums.set(name, sum);
    sum.count += 1;
    sum.latencyMs += latencyMs;
    this.latest = { origin: after.origin, sum };
  }

  /** Null: there was none before, or there is none any more. */
  subscription(before: Counted | null, after: Counted | null): void {
    for (const name of talliesOf(before)) this.add(name, -1);
    for (const name of talliesOf(after)) this.add(name, 1);
  }

  /** Gives all that was added up, and begins anew. */
  take(): TallyEntries {
    const changes = [...this.changes].filter(([, by]) => by !== 0);
    const rollups = [...this.sums.values()].flatMap(({ minuteMs, ...sum }) =>
      (Object.keys(ROLLUP_SPANS) as RollupSpan[]).map((span) => ({ ...sum, span, atMs: stretchOf(span, minuteMs) })),
    );
    this.forget();
    return { changes, rollups };
  }

  /** It was not written after all. */
  forget(): void {
    this.changes.clear();
    this.sums.clear();
    this.latest = null;
  }
}
