import { describe, expect, it } from 'vitest';
import { CLOSES_AFTER } from '../../../src/domain/push-service/lane.ts';
import { ask, closedLane, isIn, leave, makeLane, run } from './lane-fixture.ts';

const HOUR_MS = 3_600_000;

/** Found by a simulated world whose clock was set back: pushes to a service with a rate stood still for as long. */
describe('a lane whose clock is set back by an hour', () => {
  it('lets the next push go when its rate does, and not an hour later', () => {
    const lane = makeLane(10, 5);
    for (let push = 0; push < 6; push += 1) isIn(lane, HOUR_MS);
    expect(isIn(lane, HOUR_MS)).toBe(false);
    expect(lane.rateAllowsAtMs(0)).toBeLessThanOrEqual(200);
    expect(isIn(lane, 200)).toBe(true);
  });

  it('tries a closed lane in a second', () => {
    const lane = closedLane('trouble', HOUR_MS);
    expect(ask(lane, 0)).toMatchObject({ kind: 'wait', untilMs: 750 });
    expect(ask(lane, 750)).toMatchObject({ kind: 'go', isProbe: true });
  });

  it('heeds failures of pushes that began after it had opened', () => {
    const lane = closedLane('trouble', HOUR_MS);
    isIn(lane, HOUR_MS + 750);
    expect(leave(lane, 'fine', HOUR_MS + 800, { isProbe: true })).toEqual({ kind: 'opened' });
    expect([run(lane, 1, 'fine', 1000), run(lane, CLOSES_AFTER, 'trouble', 1100)].flat()).toMatchObject([
      { kind: 'closed' },
    ]);
  });

  it('narrows with throttling', () => {
    const lane = makeLane(100);
    run(lane, 1, 'throttled', HOUR_MS);
    run(lane, 1, 'throttled', 1000);
    expect(lane.limit).toBe(49);
  });
});
