import { Registry } from 'prom-client';
import { OPEN_STATES } from '../domain/delivery/delivery.ts';
import { PRIORITIES } from '../domain/notification/priority.ts';
import { LANE_STANDINGS, type LaneView, serviceLanes } from '../domain/push-service/lane-view.ts';
import { PUSH_SERVICES } from '../domain/push-service/push-service.ts';
import type { Standing } from '../domain/tally/standing.ts';
import { ENDPOINT_STANDINGS } from '../domain/webhook/webhook-endpoint.ts';
import type { MetricText } from './metrics.ts';
import { gaugeFromZero } from './series.ts';
import { STANDING_METRICS } from './standing-metric-table.ts';

export type StandingSources = {
  /** How the store stands. */
  readonly read: () => Promise<Standing>;
  /** Of this process; none where it does not send. */
  readonly lanes: () => readonly LaneView[];
  /** How long the store is waited for. */
  readonly limitMs?: number;
};

/** Prometheus gives up after ten seconds; and a store that is away must not hide what the process itself knows. */
const DEFAULT_LIMIT_MS = 2000;

type Gauges = { readonly [Name in keyof typeof STANDING_METRICS]: ReturnType<typeof gaugeFromZero> };

/** Reads how things stand whenever it is asked: counts alone, however much there is. */
export function createStandingMetrics(sources: StandingSources): MetricText {
  const registry = new Registry();
  const gauges = Object.fromEntries(
    Object.entries(STANDING_METRICS).map(([name, info]) => [name, gaugeFromZero(info, registry)]),
  ) as Gauges;
  return {
    async text() {
      tellLanes(gauges, sources.lanes());
      const standing = await withinLimit(sources.read(), sources.limitMs ?? DEFAULT_LIMIT_MS);
      gauges.storeReachable.set(standing === null ? 0 : 1);
      if (standing !== null) tellStore(gauges, standing);
      return registry.metrics();
    },
  };
}

function tellLanes({ lane, pushesInFlight }: Gauges, views: readonly LaneView[]): void {
  for (const { service: push_service, standing, inFlight } of serviceLanes(views)) {
    pushesInFlight.set({ push_service }, inFlight);
    for (const state of LANE_STANDINGS) lane.set({ push_service, state }, state === standing ? 1 : 0);
  }
}

function tellStore(gauges: Gauges, standing: Standing): void {
  const { atMs, tallies, oldestDueAtMs } = standing;
  for (const priority of PRIORITIES) {
    for (const state of OPEN_STATES) {
      gauges.deliveriesOpen.set({ priority, state }, tallies[`open ${priority} ${state}`]);
    }
    gauges.oldestDue.set({ priority }, Math.max(0, atMs - (oldestDueAtMs[priority] ?? atMs)) / 1000);
  }
  for (const service of PUSH_SERVICES) {
    gauges.subscriptionsActive.set({ push_service: service }, tallies[`active ${service}`]);
    gauges.subscriptionsQuarantined.set({ push_service: service }, tallies[`quarantined ${service}`]);
  }
  gauges.deadLetters.set(tallies['ended failed']);
  gauges.holdsOpen.set(standing.openHolds);
  gauges.sendingPaused.set(standing.isPaused ? 1 : 0);
  gauges.storeSize.set(standing.storeOctets);
  tellWebhooks(gauges, standing);
}

function tellWebhooks(gauges: Gauges, { atMs, webhooks }: Standing): void {
  const { endpoints, waiting, oldestBegunAtMs } = webhooks;
  for (const state of ENDPOINT_STANDINGS) gauges.webhookEndpoints.set({ state }, endpoints[state]);
  gauges.webhooksWaiting.set(waiting);
  gauges.webhookOldest.set(Math.max(0, atMs - (oldestBegunAtMs ?? atMs)) / 1000);
}

/** Null where the store did not answer in time. */
async function withinLimit(reading: Promise<Standing>, limitMs: number): Promise<Standing | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limitMs);
  });
  try {
    return await Promise.race([reading, late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
