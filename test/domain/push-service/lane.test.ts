import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSES_AFTER, Lane, type LaneReport } from '../../../src/domain/push-service/lane.ts';

const make = (maxInFlight = 10, ratePerSecond: number | null = null) => new Lane({ maxInFlight, ratePerSecond });
const isIn = (lane: Lane, nowMs = 0) => lane.enter(nowMs, 0).kind === 'go';
const leave = (lane: Lane, report: LaneReport, nowMs = 0, isProbe = false, latencyMs = 50) =>
  lane.leave({ report, isProbe, latencyMs, nowMs, jitter: 0 });

/** So many pushes, one after the other. */
const run = (lane: Lane, count: number, report: LaneReport, nowMs = 0) => {
  const news = [];
  for (let at = 0; at < count; at += 1) {
    expect(isIn(lane, nowMs)).toBe(true);
    const said = leave(lane, report, nowMs);
    if (said !== null) news.push(said);
  }
  return news;
};

const closed = (nowMs = 0): Lane => {
  const lane = make();
  run(lane, CLOSES_AFTER, 'trouble', nowMs);
  expect(lane.state).toBe('closed');
  return lane;
};

describe('a lane', () => {
  it('takes as many at once as it may, and says when it is only busy', () => {
    const lane = make(3);
    for (const inFlight of [0, 1, 2]) {
      expect(lane.inFlight).toBe(inFlight);
      expect(lane.isBusy()).toBe(false);
      expect(isIn(lane)).toBe(true);
    }
    expect(lane.isBusy()).toBe(true);
    expect(lane.enter(1000, 0)).toMatchObject({ kind: 'wait' });
    leave(lane, 'fine');
    expect(lane.isBusy()).toBe(false);
    expect(isIn(lane)).toBe(true);
  });

  it('narrows with throttling at once, and with failures once they are more than single devices’', () => {
    const throttled = make(100);
    run(throttled, 1, 'throttled');
    expect(throttled.limit).toBe(70);
    const unlucky = make(100);
    for (let round = 0; round < 50; round += 1) {
      run(unlucky, 49, 'fine', round * 1000);
      run(unlucky, 1, 'trouble', round * 1000);
    }
    expect(unlucky.limit).toBe(100);
    const troubled = make(100);
    run(troubled, 5, 'trouble');
    expect(troubled.limit).toBe(70);
    run(troubled, 1, 'trouble', 100);
    expect(troubled.limit).toBe(70);
    run(troubled, 1, 'trouble', 1000);
    expect(troubled.limit).toBe(49);
  });

  it('widens again while the latency holds, and not while it has grown', () => {
    const lane = make(100);
    run(lane, 20, 'fine');
    for (let at = 1; at <= 8; at += 1) run(lane, 1, 'throttled', at * 1000);
    expect(lane.limit).toBe(5);
    for (let at = 0; at < 20; at += 1) {
      isIn(lane);
      leave(lane, 'fine', 9000, false, 2000);
    }
    const slow = lane.limit;
    expect(slow).toBeLessThan(8);
    for (let at = 0; at < 4000; at += 1) {
      isIn(lane);
      leave(lane, 'fine', 9000, false, 50);
    }
    expect(lane.limit).toBe(100);
  });

  it('gives those for whom it is too narrow places in line, further and further off', () => {
    const lane = make(10);
    run(lane, 1, 'fine');
    run(lane, 1, 'throttled');
    for (let taken = lane.limit; taken > 0; taken -= 1) isIn(lane);
    expect(lane.isBusy()).toBe(false);
    const places = Array.from({ length: 50 }, () => lane.enter(1000, 0)).map((one) => 'untilMs' in one && one.untilMs);
    expect(places[0]).toBeGreaterThan(1000);
    expect(places.toSorted((a, b) => Number(a) - Number(b))).toEqual(places);
    // 50 ms each, seven at a time.
    expect(places.at(-1)).toBe(1000 + Math.ceil((50 * 50) / 7));
    for (let more = 0; more < 20_000; more += 1) lane.enter(1000, 0);
    expect(lane.enter(1000, 0)).toEqual({ kind: 'wait', untilMs: 61_000 });
  });

  it('closes after failures in a row, and not while one succeeds in between', () => {
    const lane = make();
    for (let round = 0; round < 5; round += 1) {
      expect(run(lane, CLOSES_AFTER - 1, 'trouble')).toEqual([]);
      run(lane, 1, 'fine');
    }
    run(lane, CLOSES_AFTER - 1, 'refused');
    expect(run(lane, 1, 'trouble')).toEqual([{ kind: 'closed', untilMs: 750, failures: CLOSES_AFTER }]);
    expect(lane.enter(700, 0.5)).toEqual({ kind: 'wait', untilMs: 1250 });
  });

  it('is tried by one delivery, the rest waits for its word; and opens with it', () => {
    const lane = closed();
    expect(lane.enter(750, 0)).toEqual({ kind: 'go', isProbe: true });
    expect(lane.enter(760, 0)).toEqual({ kind: 'wait', untilMs: 1760 });
    expect(leave(lane, 'fine', 800, true)).toEqual({ kind: 'opened' });
    expect(lane.state).toBe('open');
    expect(isIn(lane, 800) && isIn(lane, 800)).toBe(true);
    expect(lane.enter(800, 0).kind).toBe('wait');
  });

  it('waits twice as long after each probe that fails, a minute at most', () => {
    const lane = closed();
    const waits = [];
    let nowMs = 750;
    for (let probe = 0; probe < 9; probe += 1) {
      expect(lane.enter(nowMs, 0)).toEqual({ kind: 'go', isProbe: true });
      const news = leave(lane, 'trouble', nowMs, true);
      if (news?.kind !== 'closed') throw new Error('it should have stayed closed');
      waits.push(news.untilMs - nowMs);
      nowMs = news.untilMs;
    }
    expect(waits).toEqual([1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000, 45_000]);
  });

  it('learns nothing from a probe that was given up: the next is the probe', () => {
    const lane = closed();
    lane.enter(750, 0);
    expect(leave(lane, 'nothing', 760, true)).toBeNull();
    expect(lane.enter(770, 0)).toEqual({ kind: 'go', isProbe: true });
  });

  it('is not closed for longer by what was under way when it closed', () => {
    const lane = make(40);
    for (let at = 0; at < 40; at += 1) isIn(lane);
    const news = Array.from({ length: 40 }, () => leave(lane, 'trouble')).filter((one) => one !== null);
    expect(news).toHaveLength(1);
    expect(lane.enter(750, 0)).toEqual({ kind: 'go', isProbe: true });
  });

  it('keeps to its rate, with a second’s worth at once', () => {
    const lane = make(100, 10);
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
    const fresh = make(100, 10);
    for (let first = 0; first < 11; first += 1) isIn(fresh);
    const places = Array.from({ length: 3 }, () => fresh.enter(0, 0)).map((one) => 'untilMs' in one && one.untilMs);
    expect(places).toEqual([200, 300, 400]);
  });

  it('never counts below none nor above its width, and always lets somebody in again', () => {
    const report = fc.constantFrom<LaneReport[]>('fine', 'throttled', 'trouble', 'refused', 'nothing');
    const step = fc.record({
      enters: fc.boolean(),
      report,
      aheadMs: fc.nat(2000),
      jitter: fc.double({ min: 0, max: 0.99 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (steps, width) => {
        const lane = make(width);
        const out: boolean[] = [];
        let nowMs = 0;
        for (const { enters, report: said, aheadMs, jitter } of steps) {
          nowMs += aheadMs;
          if (enters) {
            const admission = lane.enter(nowMs, jitter);
            if (admission.kind === 'go') out.push(admission.isProbe);
            else expect(admission.untilMs).toBeGreaterThan(nowMs);
          } else {
            const isProbe = out.shift();
            if (isProbe !== undefined) lane.leave({ report: said, isProbe, latencyMs: aheadMs, nowMs, jitter });
          }
          expect(lane.inFlight).toBe(out.length);
          expect(lane.limit).toBeGreaterThanOrEqual(1);
          expect(lane.limit).toBeLessThanOrEqual(width);
        }
        for (const isProbe of out) lane.leave({ report: 'nothing', isProbe, latencyMs: 0, nowMs, jitter: 0 });
        expect(lane.enter(nowMs + 200_000, 0).kind).toBe('go');
      }),
    );
  });
});
