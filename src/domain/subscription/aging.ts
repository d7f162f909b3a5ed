import { PUSH_SERVICES, type PushService } from '../push-service/push-service.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import type { Subscription } from './subscription.ts';

/** Google forgets a device that it has not seen for so long, and answers 404 from then on. Others do not say theirs. */
export const STALE_AFTER_DAYS = 270;

/** When subscriptions go stale, from the instant of counting; each has those that are in none before it. */
export const AGING_BANDS = ['overdue', 'within_30_days', 'within_90_days', 'within_180_days', 'later'] as const;
type AgingBand = (typeof AGING_BANDS)[number];

type OfService = Readonly<Record<AgingBand, number>>;

/** How many active subscriptions will go stale, and when, by push service. */
export type AgingForecast = {
  readonly countedAtMs: number;
  readonly services: Readonly<Record<PushService, OfService>>;
};

/** The fact (`store/fact-store.ts`) under which it is kept. */
export const AGING_FACT = 'aging_forecast';

const DAY_MS = 86_400_000;
const BAND_ENDS_DAYS: readonly (readonly [AgingBand, number])[] = [
  ['overdue', 0],
  ['within_30_days', 30],
  ['within_90_days', 90],
  ['within_180_days', 180],
  ['later', Number.POSITIVE_INFINITY],
];

/** When one that its browser does not register again can go stale: where it names an end itself that is earlier, then. */
function staleAtMs({ updatedAtMs, expirationAtMs }: Pick<Subscription, 'updatedAtMs' | 'expirationAtMs'>): number {
  return Math.min(updatedAtMs + STALE_AFTER_DAYS * DAY_MS, expirationAtMs ?? Number.POSITIVE_INFINITY);
}

/** Counts active subscriptions as they come. */
export function createAgingCount(countedAtMs: number) {
  const services = Object.fromEntries(
    PUSH_SERVICES.map((service) => [service, Object.fromEntries(AGING_BANDS.map((band) => [band, 0]))]),
  ) as Record<PushService, Record<AgingBand, number>>;
  return {
    add(subscription: Pick<Subscription, 'endpoint' | 'updatedAtMs' | 'expirationAtMs'>): void {
      const days = (staleAtMs(subscription) - countedAtMs) / DAY_MS;
      const [band] = BAND_ENDS_DAYS.find(([, endDays]) => days <= endDays) ?? ['later' as const];
      services[pushTargetOf(subscription.endpoint).service][band] += 1;
    },
    forecast: (): AgingForecast => ({ countedAtMs, services }),
  };
}

/** As the fact has it; null where nothing was counted yet. */
export function readAging(fact: string | null): AgingForecast | null {
  return fact === null ? null : (JSON.parse(fact) as AgingForecast);
}
