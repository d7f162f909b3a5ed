import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BellhopEvent, Events } from '../domain/events.ts';
import { serviceOfOrigin } from '../domain/push-service/push-target.ts';
import { METRICS } from './metric-table.ts';
import { combinationsOf, configOf, counterFromZero } from './series.ts';

/** Some metrics in the text exposition format, version 0.0.4. */
export type MetricText = { text(): Promise<string> };

type EventOf<Type extends BellhopEvent['type']> = Extract<BellhopEvent, { type: Type }>;

const LATENCY_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const WAIT_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600];

/** Counts what is announced in this process, from its start. */
export function createMetrics(events: Events): MetricText {
  const registry = new Registry();
  const notificationsAccepted = new Counter(configOf(METRICS.notificationsAccepted, registry));
  const countDelivery = createDeliveryCounts(registry);
  const countTrouble = createTroubleCounts(registry);
  events.subscribe((event) => {
    if (event.type === 'notification.accepted') notificationsAccepted.inc();
    else if (event.type === 'delivery.settled') countDelivery(event);
    else countTrouble(event);
  });
  return { text: () => registry.metrics() };
}

function createDeliveryCounts(registry: Registry) {
  const settled = counterFromZero(METRICS.deliveriesSettled, registry);
  const attempts = counterFromZero(METRICS.attempts, registry);
  const duration = new Histogram({
    ...configOf(METRICS.attemptDuration, registry),
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  for (const labels of combinationsOf(METRICS.attemptDuration)) duration.zero(labels);
  const wait = new Histogram({ ...configOf(METRICS.queueWait, registry), buckets: WAIT_BUCKETS_SECONDS });
  for (const labels of combinationsOf(METRICS.queueWait)) wait.zero(labels);
  return ({ origin, state, reason, attempt, priority, waitedMs }: EventOf<'delivery.settled'>): void => {
    settled.inc({ state, reason: reason ?? '' });
    if (attempt === null) return;
    if (waitedMs !== null) wait.observe({ priority }, waitedMs / 1000);
    const push_service = serviceOfOrigin(origin);
    attempts.inc({ push_service, outcome: attempt.outcome, http_status: String(attempt.httpStatus ?? 'none') });
    if (attempt.latencyMs !== null) duration.observe({ push_service }, attempt.latencyMs / 1000);
  };
}

function createTroubleCounts(registry: Registry) {
  const countLane = createLaneCount(registry);
  const pauses = counterFromZero(METRICS.originPauses, registry);
  const retired = counterFromZero(METRICS.subscriptionsRetired, registry);
  const holds = counterFromZero(METRICS.pruneHolds, registry);
  const countSchedule = createScheduleCount(registry);
  const failures = counterFromZero(METRICS.partFailures, registry);
  const webhooks = counterFromZero(METRICS.webhookAttempts, registry);
  const lastBackup = new Gauge(configOf(METRICS.lastBackup, registry));
  return (event: BellhopEvent): void => {
    if (event.type === 'lane.closed' || event.type === 'lane.opened') countLane(event);
    else if (event.type === 'origin.paused') pauses.inc({ push_service: serviceOfOrigin(event.origin) });
    else if (event.type === 'subscription.retired') retired.inc({ reason: event.reason });
    else if (event.type === 'prune_hold.opened') holds.inc({ scope: event.scope, state: 'opened' });
    else if (event.type === 'prune_hold.decided') holds.inc({ scope: event.scope, state: event.state });
    else if (event.type === 'backup.made' || event.type === 'backup.found') lastBackup.set(event.madeAtMs / 1000);
    else if (event.type === 'part.failed') failures.inc({ part: event.part });
    else if (event.type === 'webhook.attempted') webhooks.inc({ result: event.result });
    else countSchedule(event);
  };
}

function createScheduleCount(registry: Registry) {
  const occurrences = counterFromZero(METRICS.scheduleMoments, registry);
  return (event: BellhopEvent): void => {
    if (event.type === 'schedule.sent') occurrences.inc({ status: 'sent' });
    else if (event.type === 'schedule.failed') occurrences.inc({ status: 'failed' });
    else if (event.type === 'schedule.missed') occurrences.inc({ status: 'missed' }, event.count);
  };
}

/** Lanes close by origin, and a service may have many: each origin counts, so that none hides another. */
function createLaneCount(registry: Registry) {
  const closedLanes = new Gauge(configOf(METRICS.lanesClosed, registry));
  for (const labels of combinationsOf(METRICS.lanesClosed)) closedLanes.set(labels, 0);
  const closedOrigins = new Set<string>();
  return ({ type, origin }: EventOf<'lane.closed' | 'lane.opened'>): void => {
    const push_service = serviceOfOrigin(origin);
    if (type === 'lane.opened') {
      if (closedOrigins.delete(origin)) closedLanes.dec({ push_service });
    } else if (!closedOrigins.has(origin)) {
      // A lane whose probe fails is announced as closed again.
      closedOrigins.add(origin);
      closedLanes.inc({ push_service });
    }
  };
}
