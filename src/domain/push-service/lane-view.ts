import { PUSH_SERVICES, type PushService } from './push-service.ts';

/** `throttled`: the push service asked to wait. `closed`: it failed for everybody, and is probed. */
export const LANE_STANDINGS = ['open', 'throttled', 'closed'] as const;
type LaneStanding = (typeof LANE_STANDINGS)[number];

/** How the lane to one origin stands in one process. */
export type LaneView = {
  readonly origin: string;
  readonly service: PushService;
  readonly standing: LaneStanding;
  /** Nothing goes before then; null where the lane is open. */
  readonly untilMs: number | null;
  readonly inFlight: number;
};

/** All lanes to one push service, of all processes: the worst of them counts, since its deliveries wait. */
export type ServiceLane = Pick<LaneView, 'service' | 'standing' | 'untilMs' | 'inFlight'>;

export function serviceLanes(views: readonly LaneView[]): readonly ServiceLane[] {
  return PUSH_SERVICES.map((service) => {
    const own = views.filter((view) => view.service === service);
    const worst = Math.max(0, ...own.map(({ standing }) => LANE_STANDINGS.indexOf(standing)));
    const standing = LANE_STANDINGS[worst] ?? 'open';
    const untils = own.flatMap((view) => (view.standing === standing && view.untilMs !== null ? [view.untilMs] : []));
    return {
      service,
      standing,
      untilMs: untils.length === 0 ? null : Math.max(...untils),
      inFlight: own.reduce((sum, { inFlight }) => sum + inFlight, 0),
    };
  });
}
