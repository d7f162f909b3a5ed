import type { Clock } from '../../../src/clock.ts';
import type { Coordination } from '../../../src/coordination/coordination.ts';
import { createOriginPauses, type OriginPauses } from '../../../src/coordination/origin-pauses.ts';
import { createSpending } from '../../../src/coordination/spending.ts';
import type { Life, WorldTime } from './world-time.ts';

/** So long after it asked last, a process leads no more. */
const LED_FOR_MS = 10_000;

/** What several processes agree on, as with Redis: who leads a loop, which origins are paused, and who has spent what. */
export class CoordinationLink {
  private readonly leaders = new Map<string, { readonly life: Life; readonly untilMs: number }>();
  private readonly pauses = new Set<OriginPauses>();
  private readonly spending = createSpending();
  private readonly time: WorldTime;

  constructor(time: WorldTime) {
    this.time = time;
  }

  join(life: Life, clock: Clock): Coordination {
    const { spending, leaders, time } = this;
    const own = createOriginPauses();
    this.pauses.add(own);
    return {
      async lead(loop) {
        const leader = leaders.get(loop);
        if (leader !== undefined && leader.life !== life && leader.untilMs > time.nowMs) return false;
        leaders.set(loop, { life, untilMs: time.nowMs + LED_FOR_MS });
        return true;
      },
      pauseOrigin: async (pause) => {
        for (const each of this.pauses) each.add(pause);
      },
      pausedUntilMs: (origin, nowMs) => own.untilMs(origin, nowMs),
      spend: async (spender, limit) => spending.spend(spender, limit, clock.now()),
      announce: async () => {},
      announcements: async () => [],
      close: async () => {
        this.pauses.delete(own);
        for (const [loop, leader] of leaders) if (leader.life === life) leaders.delete(loop);
      },
    };
  }
}
