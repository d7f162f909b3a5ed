import { type DeliveryState, isFinal } from '../delivery/delivery.ts';
import type { Settlement } from '../delivery/settlement.ts';
import type { OutcomeKind } from '../push-service/push-outcome.ts';
import type { PushService } from '../push-service/push-service.ts';
import { serviceOfOrigin } from '../push-service/push-target.ts';

/** The stretches of time that settlements are counted by, in milliseconds. */
export const ROLLUP_SPANS = { minute: 60_000, hour: 3_600_000 } as const;
export type RollupSpan = keyof typeof ROLLUP_SPANS;

/** How long they are kept. */
export const ROLLUPS_KEPT_MS: Readonly<Record<RollupSpan, number>> = { minute: 8 * 86_400_000, hour: 92 * 86_400_000 };

/** What settlements came to. `none`: the delivery ended without an attempt. */
export type RollupKey = {
  readonly service: PushService;
  /** What the delivery became: it ended, or is to be tried again. */
  readonly state: DeliveryState;
  readonly outcome: OutcomeKind | 'none';
};

/** How many there were, and how long their requests took together: those that have an outcome but `interrupted`. */
type RollupSums = { readonly count: number; readonly latencyMs: number };

/** Of the stretch that begins at `atMs`. */
export type Rollup = RollupKey & RollupSums & { readonly atMs: number };

/** What a settlement adds, and when it counts. Null: nothing was tried, and nothing ended. */
export function rolledUp({
  after,
  attempt,
}: Pick<Settlement, 'after' | 'attempt'>):
  | (RollupKey & { readonly endedAtMs: number; readonly latencyMs: number })
  | null {
  const { state, origin, endedAtMs } = after;
  if (attempt === null && !isFinal(state)) return null;
  return {
    service: serviceOfOrigin(origin),
    state,
    outcome: attempt?.outcome ?? 'none',
    endedAtMs: attempt?.endedAtMs ?? endedAtMs ?? 0,
    latencyMs: attempt?.latencyMs ?? 0,
  };
}

/** The beginning of the stretch that an instant is in. */
export function stretchOf(span: RollupSpan, atMs: number): number {
  return Math.floor(atMs / ROLLUP_SPANS[span]) * ROLLUP_SPANS[span];
}
