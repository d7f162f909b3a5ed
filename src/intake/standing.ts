import type { Clock } from '../clock.ts';
import { readSending, SENDING_FACT } from '../domain/sending/sending.ts';
import type { Standing } from '../domain/tally/standing.ts';
import type { Store } from '../store/store.ts';

export type StandingOptions = {
  readonly store: Pick<Store, 'tallies' | 'pruneHolds' | 'facts' | 'sizeOctets'>;
  readonly clock: Clock;
};

/** What monitoring asks of the store: counts alone, however much there is. */
export async function readStanding({ store, clock }: StandingOptions): Promise<Standing> {
  const atMs = clock.now();
  const [{ tallies }, oldestDueAtMs, holds, sending, storeOctets] = await Promise.all([
    store.tallies.read(),
    store.tallies.oldestDue(atMs),
    store.pruneHolds.list('open'),
    store.facts.find(SENDING_FACT),
    store.sizeOctets(),
  ]);
  const isPaused = readSending(sending).state === 'paused';
  return { atMs, tallies, oldestDueAtMs, openHolds: holds.length, isPaused, storeOctets };
}
