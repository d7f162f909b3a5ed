import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import { AGING_FACT, type AgingForecast, createAgingCount, readAging } from '../domain/subscription/aging.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Leads, type Loop } from './loop.ts';

export type AgerOptions = {
  readonly store: Pick<Store, 'subscriptions' | 'facts'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly leads?: Leads;
  readonly pageSize?: number;
  /** So few are counted at each turn. */
  readonly few?: number;
};

const INTERVAL_MS = 3_600_000;
const COUNTED_EVERY_MS = 24 * INTERVAL_MS;
const FEW = 10_000;
const DEFAULT_PAGE_SIZE = 500;
/** Between two pages: deliveries go first. */
const PAUSE_MS = 20;

/** Counts once a day, or each hour where there are few, how many subscriptions will go stale, and when: page by page, so that no page of the console counts. */
export function createAger(options: AgerOptions): Loop {
  const { store, events, clock, leads, few = FEW } = options;
  const tick = async (isStopped: () => boolean): Promise<void> => {
    const last = readAging(await store.facts.find(AGING_FACT));
    if (last !== null && totalOf(last) > few && clock.now() - last.countedAtMs < COUNTED_EVERY_MS) return;
    await countAges(options, isStopped);
  };
  return createLoop({ name: 'ager', intervalMs: INTERVAL_MS, clock, events, tick, leads });
}

function totalOf({ services }: AgingForecast): number {
  const counts = Object.values(services).flatMap((bands) => Object.values(bands));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Nothing is kept where it is stopped in the middle. */
async function countAges(
  { store, clock, pageSize = DEFAULT_PAGE_SIZE }: AgerOptions,
  isStopped: () => boolean,
): Promise<void> {
  const count = createAgingCount(clock.now());
  let cursor: string | null = null;
  do {
    const query = { cursor, limit: pageSize, userId: null, includeRetired: false };
    const { items, next } = await store.subscriptions.list(query);
    for (const subscription of items) count.add(subscription);
    cursor = next;
    if (cursor !== null) await new Promise<void>((resolve) => clock.wakeAt(clock.now() + PAUSE_MS, resolve));
    if (isStopped()) return;
  } while (cursor !== null);
  await store.facts.replace(AGING_FACT, JSON.stringify(count.forecast()));
}
