import { describe, expect, it } from 'vitest';
import type { Plan } from '../../scripts/simulate/plan/plan.ts';
import { runWorld } from '../../scripts/simulate/world/world.ts';
import { device, EMBEDDED, type Moment, SHARED, send, worldOf } from './small-world.ts';

const HOUR_MS = 3_600_000;

function clockSet(byMs: number): Moment {
  return { fault: { kind: 'clock_jump', host: 0, byMs } };
}

const violationOf = async (plan: Plan) => (await runWorld(plan)).violation;

/** What worlds have found in Bellhop, each as little of a world as it takes. */
describe('what simulated worlds have found', () => {
  it('loops stood still for an hour where the clock was set back by one', async () => {
    const forgets = { kind: 'queue', forgets: 1, duplicates: 0, delays: 0, forSeconds: 60 } as const;
    const plan = worldOf(EMBEDDED, [
      [1, device('mozilla')],
      [5, clockSet(-HOUR_MS)],
      [10, { fault: forgets }],
      [11, send([0])],
    ]);
    expect(await violationOf(plan)).toBeNull();
  });

  it('pushes to a service with a rate did so, too', async () => {
    const devices = [0, 1, 2, 3, 4, 5].map((number) => [1, device('apple', 0, number)] as const);
    const plan = worldOf(EMBEDDED, [...devices, [4, send([0])], [5, clockSet(-HOUR_MS)], [6, send([0])]]);
    expect(await violationOf(plan)).toBeNull();
  });

  it('a push that was under way was sent again where the clock was set on by an hour', async () => {
    const slow = {
      kind: 'service',
      service: 'mozilla',
      trouble: { kind: 'slow', delayMs: 9000 },
      forSeconds: 60,
    } as const;
    const plan = worldOf(EMBEDDED, [
      [1, device('mozilla')],
      [5, { fault: slow }],
      [6, send([0])],
      [8, clockSet(HOUR_MS)],
    ]);
    expect(await violationOf(plan)).toBeNull();
  });

  it('quiet hours that began while the store was slow to answer a claim did not count', async () => {
    const { startMs } = worldOf(SHARED, []);
    const startMinute = new Date(startMs).getUTCHours() * 60 + new Date(startMs).getUTCMinutes();
    const quietHours = { fromMinute: (startMinute + 1) % 1440, untilMinute: (startMinute + 30) % 1440, days: null };
    const patch = { timeZone: 'UTC', quietHours };
    const plan = worldOf(SHARED, [
      [1, device('mozilla')],
      [3, { act: { kind: 'patch_user', user: 0, patch, pausedForSeconds: null } }],
      [50, { fault: { kind: 'slow_store', mostMs: 3000, forSeconds: 60 } }],
      [58.2, send([0])],
    ]);
    expect(await violationOf(plan)).toBeNull();
  });
});
