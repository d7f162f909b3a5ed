import { createComposer } from '../../src/domain/content/compose.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { buildAcceptance } from '../../src/service/acceptance.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createScheduler } from '../../src/upkeep/scheduler.ts';
import type { FakeClock } from './fake-clock.ts';

/** What the scheduler of one process is made of, as in production, but that its queue forgets all. */
export function scheduleProcess(store: Store, clock: FakeClock) {
  const events = createEvents((error) => {
    throw error;
  });
  const told: BellhopEvent[] = [];
  events.subscribe((event) => told.push(event));
  const acceptance = buildAcceptance(
    {
      store,
      events,
      clock,
      queue: { enqueueMany: async () => {} },
      random: Math.random,
      compose: createComposer(null),
      rules: createStandingRules({ store, clock }),
      wordings: createWordings(store.templates),
    },
    { serverZone: 'UTC', defaultTtlSeconds: 3600 },
  );
  const { settle } = acceptance.occurrences;
  return { ...acceptance, told, scheduler: createScheduler({ store: store.schedules, events, clock, settle }) };
}
