import { describe, expect, it } from 'vitest';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import { createLanes, type LanesOptions, type PlaceInLane } from '../../src/delivery/lanes.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { CLOSES_AFTER } from '../../src/domain/push-service/lane.ts';
import { createServiceNames } from '../../src/domain/push-service/service-name.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const MOST = 40;

function open(overrides: Partial<LanesOptions> = {}) {
  const clock = createFakeClock(1_000_000);
  const told: BellhopEvent[] = [];
  const opened: string[] = [];
  const lanes = createLanes({
    coordination: createLoneCoordination(),
    events: { publish: (event) => told.push(event) },
    clock,
    random: () => 0.5,
    serviceOf: createServiceNames([]),
    maxInFlightPerService: MOST,
    ratesPerSecond: new Map(),
    onPlace: (origin) => opened.push(origin),
    ...overrides,
  });
  /** The place of a push under way; null where it must wait. */
  const enter = (origin: string, userId: string): PlaceInLane | null => {
    const entry = lanes.enter({ origin, userId });
    return entry.kind === 'go' ? entry.place : null;
  };
  const fail = (origin: string): void => {
    for (let at = 0; at < CLOSES_AFTER; at += 1) enter(origin, `user ${at}`)?.leave('trouble');
  };
  return { clock, told, opened, lanes, enter, fail };
}

const madeUp = (index: number): string => `https://made-up-${index}.notify.windows.com`;
const REAL = 'https://wns2-db5p.notify.windows.com';

describe('the places at a push service', () => {
  it('are as many for 3 000 names as for one, and another service has its own', () => {
    const { lanes, enter } = open();
    const places = Array.from({ length: 3000 }, (_, index) => enter(madeUp(index), `user ${index}`));
    expect(places.filter((place) => place !== null)).toHaveLength(MOST);
    expect(lanes.waitsFor({ origin: madeUp(0), userId: 'ada' })).toBe('line');
    expect(enter('https://fcm.googleapis.com', 'ada')).not.toBeNull();
    places.find((place) => place !== null)?.leave('fine');
    expect(enter(REAL, 'ada')).not.toBeNull();
  });

  it('are a user’s to a quarter, at however many names', () => {
    const { lanes, enter } = open();
    const places = Array.from({ length: 3000 }, (_, index) => enter(madeUp(index % 300), 'mallory'));
    expect(places.filter((place) => place !== null)).toHaveLength(MOST / 4);
    expect(lanes.waitsFor({ origin: madeUp(0), userId: 'mallory' })).toBe('user');
    expect(lanes.waitsFor({ origin: madeUp(0), userId: 'ada' })).toBeNull();
    expect(enter(REAL, 'ada')).not.toBeNull();
  });

  it('are one at least, however narrow the lane', () => {
    const { enter } = open({ maxInFlightPerService: 2 });
    expect([enter(REAL, 'ada'), enter(REAL, 'ada'), enter(REAL, 'grace')].map(Boolean)).toEqual([true, false, true]);
  });

  it('are not asked for by a probe: what hangs may have taken them all', () => {
    const { clock, lanes, enter, told } = open({ maxInFlightPerService: CLOSES_AFTER + 5 });
    const places = Array.from({ length: CLOSES_AFTER + 5 }, (_, index) => enter(REAL, `user ${index}`));
    for (const place of places.slice(0, CLOSES_AFTER)) place?.leave('trouble');
    expect(told).toMatchObject([{ type: 'lane.closed', origin: REAL }]);
    for (let more = 0; more < CLOSES_AFTER; more += 1) enter('https://made-up.notify.windows.com', `other ${more}`);
    expect(lanes.waitsFor({ origin: REAL, userId: 'ada' })).toBeNull();
    expect(enter(REAL, 'ada')).toBeNull();
    clock.advance(1000);
    expect(enter(REAL, 'ada')?.isProbe).toBe(true);
  });
});

describe('lanes', () => {
  it('close and open by origin, and say which has opened', () => {
    const { clock, told, opened, enter, fail } = open();
    fail(madeUp(1));
    expect(told).toMatchObject([{ type: 'lane.closed', origin: madeUp(1) }]);
    expect(enter(REAL, 'ada')?.isProbe).toBe(false);
    clock.advance(1000);
    const probe = enter(madeUp(1), 'ada');
    expect(probe?.isProbe).toBe(true);
    probe?.leave('fine');
    expect([told.at(-1), opened]).toEqual([{ type: 'lane.opened', origin: madeUp(1) }, [madeUp(1)]]);
  });

  it('that are narrow are waited for in the queue, unless their service has others', () => {
    const { lanes, enter } = open();
    enter(REAL, 'ada')?.leave('throttled');
    for (let index = 0; enter(REAL, `user ${index}`) !== null; index += 1);
    expect(lanes.waitsFor({ origin: REAL, userId: 'grace' })).toBe('line');
    enter(madeUp(1), 'ada');
    expect(lanes.waitsFor({ origin: REAL, userId: 'grace' })).toBeNull();
    expect(enter(madeUp(1), 'grace')).not.toBeNull();
  });

  it('are a thousand at most: one that was closed and not asked for longest is forgotten, and counts as open', () => {
    const { clock, told, opened, enter, fail } = open();
    for (let index = 0; index < 1000; index += 1) fail(madeUp(index));
    expect(told.filter(({ type }) => type === 'lane.closed')).toHaveLength(1000);
    clock.advance(1);
    expect(enter(madeUp(0), 'ada')).toBeNull();
    expect(enter(REAL, 'ada')).not.toBeNull();
    expect(opened).toEqual([madeUp(1)]);
    // One that is open and unused goes before any that is closed.
    for (let index = 2000; index < 2100; index += 1) enter(madeUp(index), 'ada')?.leave('fine');
    expect(opened).toHaveLength(2);
  });
});
