import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSES_AFTER, type LaneReport } from '../../../src/domain/push-service/lane.ts';
import { ask, isIn, leave, makeLane, run } from './lane-fixture.ts';

describe('a lane', () => {
  it('takes as many at once as it may, and says when it is full', () => {
    const lane = makeLane(3);
    for (const inFlight of [0, 1, 2]) {
      expect(lane.inFlight).toBe(inFlight);
      expect(lane.isFull()).toBe(false);
      expect(isIn(lane)).toBe(true);
    }
    expect(lane.isFull()).toBe(true);
    expect(ask(lane, 1000)).toMatchObject({ kind: 'wait' });
    leave(lane, 'fine');
    expect(lane.isFull()).toBe(false);
    expect(isIn(lane)).toBe(true);
  });

  it('narrows with throttling at once, and with failures once they are more than single devices’', () => {
    const throttled = makeLane(100);
    run(throttled, 1, 'throttled');
    expect(throttled.limit).toBe(70);
    const unlucky = makeLane(100);
    for (let round = 0; round < 50; round += 1) {
      run(unlucky, 49, 'fine', round * 1000);
      run(unlucky, 1, 'trouble', round * 1000);
    }
    expect(unlucky.limit).toBe(100);
    const troubled = makeLane(100);
    run(troubled, 5, 'trouble');
    expect(troubled.limit).toBe(70);
    run(troubled, 1, 'trouble', 100);
    expect(troubled.limit).toBe(70);
    run(troubled, 1, 'trouble', 1000);
    expect(troubled.limit).toBe(49);
  });

  it('neither narrows nor closes by the failures of one user, however many, nor of two', () => {
    const lane = makeLane(100);
    for (let at = 0; at < 400; at += 1) {
      const userId = at % 10 === 0 ? 'eve' : 'mallory';
      isIn(lane, at * 100, userId);
      expect(leave(lane, at % 3 === 0 ? 'refused' : 'trouble', at * 100, { userId })).toBeNull();
    }
    expect([lane.state, lane.limit]).toEqual(['open', 100]);
    // Nor where others succeed meanwhile, and some of them fail.
    for (let at = 0; at < 400; at += 1) {
      const userId = at % 4 === 0 ? `user-${at}` : 'mallory';
      isIn(lane, 50_000 + at * 100, userId);
      const report = at % 5 === 1 ? 'fine' : 'trouble';
      expect(leave(lane, report, 50_000 + at * 100, { userId })).toBeNull();
    }
    expect([lane.state, lane.limit]).toEqual(['open', 100]);
  });

  it('widens again while the latency holds, and not while it has grown', () => {
    const lane = makeLane(100);
    run(lane, 20, 'fine');
    for (let at = 1; at <= 8; at += 1) run(lane, 1, 'throttled', at * 1000);
    expect(lane.limit).toBe(5);
    for (let at = 0; at < 20; at += 1) {
      isIn(lane);
      leave(lane, 'fine', 9000, { latencyMs: 2000 });
    }
    const slow = lane.limit;
    expect(slow).toBeLessThan(8);
    for (let at = 0; at < 4000; at += 1) {
      isIn(lane);
      leave(lane, 'fine', 9000);
    }
    expect(lane.limit).toBe(100);
  });

  it('gives those for whom it is too narrow places in line, further and further off', () => {
    const lane = makeLane(10);
    run(lane, 1, 'fine');
    run(lane, 1, 'throttled');
    for (let taken = lane.limit; taken > 0; taken -= 1) isIn(lane);
    const places = Array.from({ length: 50 }, () => ask(lane, 1000)).map((one) => 'untilMs' in one && one.untilMs);
    expect(places[0]).toBeGreaterThan(1000);
    expect(places.toSorted((a, b) => Number(a) - Number(b))).toEqual(places);
    // 50 ms each, seven at a time.
    expect(places.at(-1)).toBe(1000 + Math.ceil((50 * 50) / 7));
    for (let more = 0; more < 20_000; more += 1) ask(lane, 1000);
    expect(ask(lane, 1000)).toEqual({ kind: 'wait', untilMs: 61_000 });
  });

  it('closes after failures in a row, and not while one succeeds in between', () => {
    const lane = makeLane();
    for (let round = 0; round < 5; round += 1) {
      expect(run(lane, CLOSES_AFTER - 1, 'trouble')).toEqual([]);
      run(lane, 1, 'fine');
    }
    run(lane, CLOSES_AFTER - 1, 'refused');
    expect(run(lane, 1, 'trouble')).toEqual([{ kind: 'closed', untilMs: 750, failures: CLOSES_AFTER }]);
    expect(ask(lane, 700)).toEqual({ kind: 'wait', untilMs: 750 });
  });

  it('keeps to its rate, with a second’s worth at once', () => {
    const lane = makeLane(100, 10);
    let taken = 0;
    for (let nowMs = 0; nowMs <= 5000; nowMs += 10) {
      for (let tries = 0; tries < 20; tries += 1) {
        if (!isIn(lane, nowMs)) continue;
        taken += 1;
        leave(lane, 'fine', nowMs);
      }
    }
    expect(taken).toBeGreaterThanOrEqual(58);
    expect(taken).toBeLessThanOrEqual(62);
    const fresh = makeLane(100, 10);
    for (let first = 0; first < 11; first += 1) isIn(fresh);
    const places = Array.from({ length: 3 }, () => ask(fresh)).map((one) => 'untilMs' in one && one.untilMs);
    expect(places).toEqual([200, 300, 400]);
  });

  it('never counts below none nor above its width, and always lets somebody in again', () => {
    const report = fc.constantFrom<LaneReport[]>('fine', 'throttled', 'trouble', 'refused', 'nothing');
    const step = fc.record({
      enters: fc.boolean(),
      report,
      user: fc.nat(5),
      aheadMs: fc.nat(2000),
      jitter: fc.double({ min: 0, max: 0.99 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (steps, width) => {
        const lane = makeLane(width);
        const out: { isProbe: boolean; userId: string }[] = [];
        let nowMs = 0;
        for (const { enters, report: said, user, aheadMs, jitter } of steps) {
          nowMs += aheadMs;
          const userId = `user-${user}`;
          if (enters) {
            const admission = lane.enter({ userId, nowMs, jitter });
            if (admission.kind === 'go') out.push({ isProbe: admission.isProbe, userId });
            else expect(admission.untilMs).toBeGreaterThan(nowMs);
          } else {
            const one = out.shift();
            if (one !== undefined) lane.leave({ ...one, report: said, latencyMs: aheadMs, nowMs, jitter });
          }
          expect(lane.inFlight).toBe(out.length);
          expect(lane.limit).toBeGreaterThanOrEqual(1);
          expect(lane.limit).toBeLessThanOrEqual(width);
        }
        for (const one of out) lane.leave({ ...one, report: 'nothing', latencyMs: 0, nowMs, jitter: 0 });
        expect(ask(lane, nowMs + 200_000).kind).toBe('go');
      }),
    );
  });
});
