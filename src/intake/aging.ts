import { AGING_FACT, type AgingForecast, readAging } from '../domain/subscription/aging.ts';
import type { FactStore } from '../store/fact-store.ts';

/** How many subscriptions will go stale, and when, as it was counted last; null where it was not counted yet. */
export type AgingReader = () => Promise<AgingForecast | null>;

export function createAgingReader(facts: Pick<FactStore, 'find'>): AgingReader {
  return async () => readAging(await facts.find(AGING_FACT));
}
