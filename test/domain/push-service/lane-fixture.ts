import { expect } from 'vitest';
import { CLOSES_AFTER, Lane, type LaneNews, type LaneReport } from '../../../src/domain/push-service/lane.ts';

export const makeLane = (maxInFlight = 10, ratePerSecond: number | null = null) =>
  new Lane({ maxInFlight, ratePerSecond });
export const ask = (lane: Lane, nowMs = 0, userId = 'ada', jitter = 0) => lane.enter({ userId, nowMs, jitter });
export const isIn = (lane: Lane, nowMs = 0, userId = 'ada') => ask(lane, nowMs, userId).kind === 'go';

type Ending = { readonly isProbe?: boolean; readonly latencyMs?: number; readonly userId?: string };
export const leave = (lane: Lane, report: LaneReport, nowMs = 0, ending: Ending = {}) =>
  lane.leave({ userId: 'ada', isProbe: false, latencyMs: 50, ...ending, report, nowMs, jitter: 0 });

let users = 0;

/** So many pushes, one after the other, each of another user. */
export const run = (lane: Lane, count: number, report: LaneReport, nowMs = 0) => {
  const news: LaneNews[] = [];
  for (let at = 0; at < count; at += 1) {
    const userId = `user-${users++}`;
    expect(isIn(lane, nowMs, userId)).toBe(true);
    const said = leave(lane, report, nowMs, { userId });
    if (said !== null) news.push(said);
  }
  return news;
};

/** Closed at `nowMs`, to be tried 750 ms later. */
export const closedLane = (report: LaneReport = 'trouble', nowMs = 0): Lane => {
  const lane = makeLane();
  run(lane, CLOSES_AFTER, report, nowMs);
  expect(lane.state).toBe('closed');
  return lane;
};
