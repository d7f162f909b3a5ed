import { FINAL_STATES, type FinalState } from '../delivery/delivery.ts';
import { PUSH_SERVICES, type PushService } from '../push-service/push-service.ts';
import { ROLLUP_SPANS, type Rollup, type RollupSpan, stretchOf } from './rollup.ts';

/** The times that charts show, and the stretches in each. */
export const PERIODS = {
  hour: { span: 'minute', stretches: 60 },
  day: { span: 'hour', stretches: 24 },
  week: { span: 'hour', stretches: 168 },
} as const satisfies Record<string, { readonly span: RollupSpan; readonly stretches: number }>;
export type Period = keyof typeof PERIODS;

/** What deliveries came to: how many ended in each state, and how often one was to be tried again. */
export type Settled = Readonly<Record<FinalState | 'retrying', number>>;

/** Of requests to push services: how many, and how long one took on average; null where there were none. */
export type Requests = { readonly attempts: number; readonly meanLatencyMs: number | null };

/** What came of the deliveries to one push service within the stretch that begins at `atMs`. */
export type ServiceStretch = Settled & Requests & { readonly atMs: number; readonly service: PushService };

/** The stretches of a period that ends now: the one under way is the last. */
export function stretchesOf(period: Period, nowMs: number): { readonly fromMs: number; readonly untilMs: number } {
  const { span, stretches } = PERIODS[period];
  const untilMs = stretchOf(span, nowMs) + ROLLUP_SPANS[span];
  return { fromMs: untilMs - stretches * ROLLUP_SPANS[span], untilMs };
}

export function settledIn(rollups: readonly Pick<Rollup, 'state' | 'count'>[]): Settled {
  const sums = new Map<string, number>();
  for (const { state, count } of rollups) sums.set(state, (sums.get(state) ?? 0) + count);
  return Object.fromEntries(
    [...FINAL_STATES, 'retrying' as const].map((state) => [state, sums.get(state) ?? 0]),
  ) as Settled;
}

export function requestsIn(rollups: readonly Pick<Rollup, 'outcome' | 'count' | 'latencyMs'>[]): Requests {
  const tried = rollups.filter(({ outcome }) => outcome !== 'none');
  // An interrupted one has no end, so nobody knows how long it took.
  const timed = tried.filter(({ outcome }) => outcome !== 'interrupted');
  const [attempts, answers] = [tried, timed].map((some) => some.reduce((sum, { count }) => sum + count, 0)) as [
    number,
    number,
  ];
  const tookMs = timed.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
  return { attempts, meanLatencyMs: answers === 0 ? null : tookMs / answers };
}

/** In order of time, and of push services as they are known; only where there was something. */
export function byService(rollups: readonly Rollup[]): readonly ServiceStretch[] {
  const groups = new Map<string, Rollup[]>();
  for (const rollup of rollups) {
    const key = `${rollup.atMs} ${rollup.service}`;
    groups.set(key, [...(groups.get(key) ?? []), rollup]);
  }
  return [...groups.values()]
    .map((group) => {
      const { atMs, service } = group[0] as Rollup;
      return { atMs, service, ...settledIn(group), ...requestsIn(group) };
    })
    .sort((one, two) => one.atMs - two.atMs || PUSH_SERVICES.indexOf(one.service) - PUSH_SERVICES.indexOf(two.service));
}
