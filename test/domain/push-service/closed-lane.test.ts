import { describe, expect, it } from 'vitest';
import { ask, closedLane, isIn, leave, makeLane, run } from './lane-fixture.ts';

describe('a closed lane', () => {
  it('is tried by one delivery, the rest waits for its word; and opens with it', () => {
    const lane = closedLane();
    expect(ask(lane, 750)).toEqual({ kind: 'go', isProbe: true });
    expect(ask(lane, 760, 'grace')).toEqual({ kind: 'wait', untilMs: 1760 });
    expect(leave(lane, 'fine', 800, { isProbe: true })).toEqual({ kind: 'opened' });
    expect(lane.state).toBe('open');
    expect(isIn(lane, 800) && isIn(lane, 800)).toBe(true);
    expect(ask(lane, 800).kind).toBe('wait');
  });

  it('is tried every two or three seconds, however often that fails and however long a probe hangs', () => {
    const lane = closedLane();
    const triedAtMs: number[] = [];
    for (let nowMs = 0; nowMs < 90_000; nowMs += 50) {
      if (ask(lane, nowMs, `user-${nowMs % 7}`, 0.5).kind !== 'go') continue;
      triedAtMs.push(nowMs);
      // Half of them are never heard of again.
      if (triedAtMs.length % 2 === 0) leave(lane, 'trouble', nowMs, { isProbe: true });
    }
    const pauses = triedAtMs.map((atMs, index) => atMs - (triedAtMs[index - 1] ?? 0));
    expect(Math.max(...pauses.slice(0, 19))).toBeLessThanOrEqual(2550);
    // Ten that hang are enough.
    expect(triedAtMs).toHaveLength(19);
  });

  it('waits longer and longer where the sender is refused, a minute at most: each probe costs a delivery', () => {
    const lane = closedLane('refused');
    const waits: number[] = [];
    let nowMs = 750;
    for (let probe = 0; probe < 9; probe += 1) {
      while (ask(lane, nowMs).kind !== 'go') nowMs += 50;
      waits.push(nowMs);
      leave(lane, 'refused', nowMs, { isProbe: true });
    }
    const pauses = waits.map((atMs, index) => atMs - (waits[index - 1] ?? 0));
    expect(pauses).toEqual([750, 1900, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000]);
  });

  it('learns nothing from a probe that was given up: the next is the probe', () => {
    const lane = closedLane();
    ask(lane, 750);
    expect(leave(lane, 'nothing', 760, { isProbe: true })).toBeNull();
    expect(ask(lane, 770, 'grace')).toEqual({ kind: 'go', isProbe: true });
  });

  it('lets users take turns: one whose probe failed is not the next while another waits', () => {
    const lane = closedLane();
    for (let at = 0; at < 400; at += 1) ask(lane, 10, 'mallory');
    expect(ask(lane, 20, 'ada')).toEqual({ kind: 'wait', untilMs: 750 });
    expect(ask(lane, 750, 'mallory')).toEqual({ kind: 'go', isProbe: true });
    leave(lane, 'trouble', 760, { isProbe: true, userId: 'mallory' });
    // One delivery of ada's is there for the next probe, whatever else waits.
    expect(ask(lane, 760, 'ada')).toMatchObject({ kind: 'wait', untilMs: 2625 });
    for (const nowMs of [2800, 3000, 3100]) expect(ask(lane, nowMs, 'mallory').kind).toBe('wait');
    expect(ask(lane, 3120, 'ada')).toEqual({ kind: 'go', isProbe: true });
    leave(lane, 'trouble', 3130, { isProbe: true, userId: 'ada' });
    // Both had their turns.
    expect(ask(lane, 5400, 'mallory')).toEqual({ kind: 'go', isProbe: true });
  });

  it('waits for no user who does not come', () => {
    const lane = closedLane();
    ask(lane, 10, 'ada');
    ask(lane, 20, 'mallory');
    expect(ask(lane, 750, 'mallory').kind).toBe('go');
    leave(lane, 'trouble', 760, { isProbe: true, userId: 'mallory' });
    expect(ask(lane, 3000, 'mallory')).toEqual({ kind: 'go', isProbe: true });
  });

  it('has those who wait look again a thousand a second, from its next probe on', () => {
    const lane = closedLane();
    const places = Array.from({ length: 500 }, () => ask(lane, 0)).map((one) => ('untilMs' in one ? one.untilMs : 0));
    expect(places[0]).toBe(750);
    // Those behind the one that may be the probe ask once that has an answer.
    expect(places.slice(1)).toEqual(Array.from({ length: 499 }, (_, index) => 1151 + index));
  });

  it('is not closed for longer by what was under way when it closed', () => {
    const lane = makeLane(40);
    for (let at = 0; at < 40; at += 1) isIn(lane);
    const news = Array.from({ length: 40 }, (_, at) => leave(lane, 'trouble', 0, { userId: `user-${at}` }));
    expect(news.filter((one) => one !== null)).toHaveLength(1);
    expect(ask(lane, 750)).toEqual({ kind: 'go', isProbe: true });
  });

  it('says each minute that it is closed', () => {
    const lane = closedLane();
    const saidAtMs: number[] = [];
    for (let nowMs = 750; nowMs < 200_000; nowMs += 50) {
      if (ask(lane, nowMs).kind !== 'go') continue;
      if (leave(lane, 'trouble', nowMs, { isProbe: true })?.kind === 'closed') saidAtMs.push(nowMs);
    }
    expect(saidAtMs).toHaveLength(3);
  });

  it('grows quickly once it is open, beside what hangs from before, which closes it no more', () => {
    const lane = makeLane(40);
    for (let at = 0; at < 40; at += 1) isIn(lane, 0, `user-${at}`);
    for (let at = 0; at < 30; at += 1) leave(lane, 'trouble', 100, { userId: `user-${at}` });
    expect(ask(lane, 900)).toEqual({ kind: 'go', isProbe: true });
    expect(leave(lane, 'fine', 950, { isProbe: true })).toEqual({ kind: 'opened' });
    // Ten hang, and a quarter of the width is free.
    expect([lane.inFlight, lane.limit]).toEqual([10, 20]);
    for (let at = 0; at < 10; at += 1) expect(isIn(lane, 950)).toBe(true);
    for (let at = 30; at < 40; at += 1) {
      expect(leave(lane, 'trouble', 1000, { userId: `user-${at}`, latencyMs: 1000 })).toBeNull();
    }
    for (let at = 0; at < 10; at += 1) leave(lane, 'fine', 1000);
    expect([lane.state, lane.limit]).toEqual(['open', 30]);
    run(lane, 10, 'fine', 1050);
    expect(lane.limit).toBe(40);
  });
});
