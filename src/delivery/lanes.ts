import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import { Lane, type LaneNews, type LaneReport } from '../domain/push-service/lane.ts';

export type LanesOptions = {
  readonly coordination: Pick<Coordination, 'pausedUntilMs'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  /** The most pushes under way at once to one origin. */
  readonly maxInFlightPerOrigin: number;
  /** Pushes a second by host, or host and port; only for hosts that have a limit. */
  readonly ratesPerSecond: ReadonlyMap<string, number>;
};

/** The place of a push under way in its lane. Leaving it twice counts once. */
export type PlaceInLane = {
  leave(report: LaneReport): void;
};

type Entry = { readonly kind: 'go'; readonly place: PlaceInLane } | { readonly kind: 'wait'; readonly untilMs: number };

/** One lane for each origin that is pushed to: the trouble of one origin stays in its lane. */
export type Lanes = {
  /** Asks for one push to this origin now. */
  enter(origin: string): Entry;
  /** Whether the lane of this origin is only full: the next push waits for one under way to end. */
  isBusy(origin: string): boolean;
};

const MOST_LANES = 1000;

/** A pause that `Retry-After` asked for goes before the lane's own state. Where Redis is shared, every process knows it. */
export function createLanes(options: LanesOptions): Lanes {
  const { coordination, clock, random, maxInFlightPerOrigin, ratesPerSecond } = options;
  const lanes = new Map<string, Lane>();

  const laneOf = (origin: string): Lane => {
    const known = lanes.get(origin);
    if (known !== undefined) return known;
    if (lanes.size >= MOST_LANES) forgetIdle(lanes);
    const ratePerSecond = ratesPerSecond.get(hostOf(origin)) ?? null;
    const lane = new Lane({ maxInFlight: maxInFlightPerOrigin, ratePerSecond });
    lanes.set(origin, lane);
    return lane;
  };

  const takePlace = (lane: Lane, origin: string, isProbe: boolean): PlaceInLane => {
    const enteredAtMs = clock.now();
    let hasLeft = false;
    return {
      leave(report) {
        if (hasLeft) return;
        hasLeft = true;
        const nowMs = clock.now();
        const news = lane.leave({ report, isProbe, latencyMs: nowMs - enteredAtMs, nowMs, jitter: random() });
        if (news !== null) announce(options, origin, news);
      },
    };
  };

  return {
    enter(origin) {
      const nowMs = clock.now();
      const pausedUntilMs = coordination.pausedUntilMs(origin, nowMs);
      if (pausedUntilMs !== null) return { kind: 'wait', untilMs: pausedUntilMs };
      const lane = laneOf(origin);
      const admission = lane.enter(nowMs, random());
      if (admission.kind === 'wait') return admission;
      return { kind: 'go', place: takePlace(lane, origin, admission.isProbe) };
    },
    isBusy: (origin) => lanes.get(origin)?.isBusy() ?? false,
  };
}

/** A push service may have any number of hosts. Forgetting a lane that is open and unused loses nothing. */
function forgetIdle(lanes: Map<string, Lane>): void {
  for (const [origin, { state, inFlight }] of lanes) if (state === 'open' && inFlight === 0) lanes.delete(origin);
}

function announce({ events }: LanesOptions, origin: string, news: LaneNews): void {
  if (news.kind === 'opened') events.publish({ type: 'lane.opened', origin });
  else events.publish({ type: 'lane.closed', origin, untilMs: news.untilMs, failures: news.failures });
}

/** As `URL.host`: with the port where it is not the scheme's own. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}
