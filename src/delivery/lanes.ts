import type { CancelTimer, Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import { Lane, type LaneNews, type LaneReport } from '../domain/push-service/lane.ts';
import type { LaneView } from '../domain/push-service/lane-view.ts';
import { serviceOfOrigin } from '../domain/push-service/push-target.ts';
import { ServicePlaces } from '../domain/push-service/service-places.ts';

export type LanesOptions = {
  readonly coordination: Pick<Coordination, 'pausedUntilMs'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Which push service an origin belongs to. */
  readonly serviceOf: (origin: string) => string;
  /** The most pushes under way at once to one push service. */
  readonly maxInFlightPerService: number;
  /** Pushes a second by host, or host and port; only for hosts that have a limit. */
  readonly ratesPerSecond: ReadonlyMap<string, number>;
  /** Deliveries that wait for the lane of this origin may ask again: it has opened, or its rate lets the next push go. */
  readonly onPlace: (origin: string) => void;
};

/** Where a push goes, and whose subscription it is for. */
type Course = { readonly origin: string; readonly userId: string };

/** The place of a push under way in its lane. Leaving it twice counts once. */
export type PlaceInLane = {
  /** It tells whether a closed lane may open. */
  readonly isProbe: boolean;
  leave(report: LaneReport): void;
};

type Entry = { readonly kind: 'go'; readonly place: PlaceInLane } | { readonly kind: 'wait'; readonly untilMs: number };

/**
 * One lane for each origin that is pushed to, so that the trouble of one origin stays in its lane; and for each push service,
 * which may have many origins, a number of places that its lanes share.
 */
export type Lanes = {
  /** Asks for one push now. */
  enter(course: Course): Entry;
  /** What the next push there waits for, where that may end any moment: a place in the line, or one of its user's. */
  waitsFor(course: Course): 'line' | 'user' | null;
  /** How each stands now. */
  views(): readonly LaneView[];
  /** Says no more that there is a place. Harmless when repeated. */
  stop(): void;
};

const MOST_LANES = 1000;

type Way = { readonly lane: Lane; readonly service: ServicePlaces; askedAtMs: number; isAwaitingRate: boolean };

/** A pause that `Retry-After` asked for goes before the lane's own state. Where Redis is shared, every process knows it. */
export function createLanes(options: LanesOptions): Lanes {
  const { coordination, clock, random } = options;
  const ways = new Ways(options);
  const timers = new Set<CancelTimer>();

  /** Of what a job waits for in the queue, the rate alone ends without a push that ends. Too early where the clock was set back. */
  const awaitRate = (way: Way, origin: string): void => {
    const atMs = way.lane.rateAllowsAtMs(clock.now());
    if (way.isAwaitingRate || way.service.lanes > 1 || atMs <= clock.now()) return;
    way.isAwaitingRate = true;
    const cancel = clock.wakeAt(atMs, () => {
      timers.delete(cancel);
      way.isAwaitingRate = false;
      awaitRate(way, origin);
      if (!way.isAwaitingRate) options.onPlace(origin);
    });
    timers.add(cancel);
  };

  const takePlace = (way: Way, { origin, userId }: Course, isProbe: boolean): PlaceInLane => {
    const enteredAtMs = clock.now();
    const { lane, service } = way;
    let hasLeft = false;
    service.take(userId);
    return {
      isProbe,
      leave(report) {
        if (hasLeft) return;
        hasLeft = true;
        const nowMs = clock.now();
        service.leave(userId);
        const news = lane.leave({ userId, report, isProbe, latencyMs: nowMs - enteredAtMs, nowMs, jitter: random() });
        if (news !== null) announce(options, origin, news);
      },
    };
  };

  return {
    enter(course) {
      const nowMs = clock.now();
      const pausedUntilMs = coordination.pausedUntilMs(course.origin, nowMs);
      if (pausedUntilMs !== null) return { kind: 'wait', untilMs: pausedUntilMs };
      const way = ways.to(course.origin, nowMs);
      const { userId } = course;
      if (!hasPlaceFor(way, userId)) return { kind: 'wait', untilMs: way.lane.placeInLine(userId, nowMs) };
      const admission = way.lane.enter({ userId, nowMs, jitter: random() });
      awaitRate(way, course.origin);
      if (admission.kind === 'wait') return admission;
      return { kind: 'go', place: takePlace(way, course, admission.isProbe) };
    },
    waitsFor({ origin, userId }) {
      const way = ways.known(origin);
      // A lane that is closed says when to come again.
      if (way === null || way.lane.state !== 'open') return null;
      const { lane, service } = way;
      // Where a service has several lanes, the others may have room: whoever meets a narrow one is told when to come again.
      const mayNotEnter = lane.isFull() || lane.rateAllowsAtMs(clock.now()) > clock.now();
      if (service.isFull() || (mayNotEnter && service.lanes === 1)) return 'line';
      return service.isFullFor(userId, lane.limit) ? 'user' : null;
    },
    views: () => ways.all().map(([origin, { lane }]) => viewOf(origin, lane, coordination, clock.now())),
    stop() {
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}

function viewOf(origin: string, lane: Lane, coordination: LanesOptions['coordination'], nowMs: number): LaneView {
  const { inFlight } = lane;
  const view = { origin, service: serviceOfOrigin(origin), inFlight };
  if (lane.state !== 'open') return { ...view, standing: 'closed', untilMs: lane.probesAtMs };
  const untilMs = coordination.pausedUntilMs(origin, nowMs);
  return { ...view, standing: untilMs === null ? 'open' : 'throttled', untilMs };
}

/** A probe needs no place: what hangs may have taken all there are. */
function hasPlaceFor({ lane, service }: Way, userId: string): boolean {
  return lane.state !== 'open' || !(service.isFull() || service.isFullFor(userId, lane.limit));
}

/** The lanes there are, and the places that those to one push service share. Few: names of hosts are without number. */
class Ways {
  private readonly options: LanesOptions;
  private readonly ways = new Map<string, Way>();
  private readonly services = new Map<string, ServicePlaces>();

  constructor(options: LanesOptions) {
    this.options = options;
  }

  all(): readonly (readonly [origin: string, way: Way])[] {
    return [...this.ways];
  }

  known(origin: string): Way | null {
    return this.ways.get(origin) ?? null;
  }

  to(origin: string, nowMs: number): Way {
    const way = this.ways.get(origin) ?? this.make(origin);
    way.askedAtMs = nowMs;
    return way;
  }

  private make(origin: string): Way {
    if (this.ways.size >= MOST_LANES) this.forgetUnused();
    const { serviceOf, maxInFlightPerService: maxInFlight, ratesPerSecond } = this.options;
    const name = serviceOf(origin);
    const service = this.services.get(name) ?? new ServicePlaces(maxInFlight);
    this.services.set(name, service);
    service.lanes += 1;
    const lane = new Lane({ maxInFlight, ratePerSecond: ratesPerSecond.get(hostOf(origin)) ?? null });
    const way: Way = { lane, service, askedAtMs: 0, isAwaitingRate: false };
    this.ways.set(origin, way);
    return way;
  }

  /** Forgetting a lane that is open and unused loses nothing. Where all are closed, the one that was not asked for longest goes. */
  private forgetUnused(): void {
    let oldest: readonly [string, Way] | null = null;
    for (const [origin, way] of this.ways) {
      if (way.lane.inFlight > 0) continue;
      if (way.lane.state === 'open') this.forget(origin, way);
      else if (oldest === null || way.askedAtMs < oldest[1].askedAtMs) oldest = [origin, way];
    }
    if (oldest === null || this.ways.size < MOST_LANES) return;
    this.forget(...oldest);
    // The next push there finds it so.
    announce(this.options, oldest[0], { kind: 'opened' });
  }

  private forget(origin: string, { service }: Way): void {
    this.ways.delete(origin);
    service.lanes -= 1;
    if (service.lanes === 0) this.services.delete(this.options.serviceOf(origin));
  }
}

function announce({ events, onPlace }: LanesOptions, origin: string, news: LaneNews): void {
  if (news.kind === 'closed') {
    events.publish({ type: 'lane.closed', origin, untilMs: news.untilMs, failures: news.failures });
    return;
  }
  events.publish({ type: 'lane.opened', origin });
  onPlace(origin);
}

/** As `URL.host`: with the port where it is not the scheme's own. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}
