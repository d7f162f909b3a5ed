import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BellhopEvent, Events } from '../domain/events.ts';
import type { PushService } from '../domain/push-service/push-service.ts';
import { pushTargetOf } from '../domain/push-service/push-target.ts';

/** Counts what is told, for Prometheus. */
export type Metrics = {
  /** The text exposition format, version 0.0.4. */
  text(): Promise<string>;
};

const LATENCY_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts of this process, from its start. Labels are few: no ids, users or endpoints, only a push service. */
export function createMetrics(events: Events): Metrics {
  const registry = new Registry();
  const count = createCounts(registry);
  events.subscribe((event) => count(event));
  return { text: () => registry.metrics() };
}

function createCounts(registry: Registry): (event: BellhopEvent) => void {
  const registers = [registry];
  const notifications = new Counter({
    name: 'bellhop_notifications_accepted_total',
    help: 'Notifications accepted.',
    registers,
  });
  const settled = new Counter({
    name: 'bellhop_deliveries_settled_total',
    help: 'Times a delivery moved on, by the state it moved to.',
    labelNames: ['state', 'reason'],
    registers,
  });
  const retired = new Counter({
    name: 'bellhop_subscriptions_retired_total',
    help: 'Subscriptions retired.',
    labelNames: ['reason'],
    registers,
  });
  const failures = new Counter({
    name: 'bellhop_part_failures_total',
    help: 'Failures of the parts that work in the background.',
    labelNames: ['part'],
    registers,
  });
  const countAttempt = createAttemptCounts(registry);
  const countTrouble = createTroubleCounts(registry);
  return (event) => {
    if (event.type === 'notification.accepted') notifications.inc();
    else if (event.type === 'subscription.retired') retired.inc({ reason: event.reason });
    else if (event.type === 'part.failed') failures.inc({ part: event.part });
    else if (event.type === 'delivery.settled') {
      settled.inc({ state: event.state, reason: event.reason ?? '' });
      countAttempt(event);
    } else countTrouble(event);
  };
}

function createAttemptCounts(registry: Registry) {
  const attempts = new Counter({
    name: 'bellhop_attempts_total',
    help: 'Requests to push services, by outcome.',
    labelNames: ['push_service', 'outcome', 'http_status'],
    registers: [registry],
  });
  const latency = new Histogram({
    name: 'bellhop_attempt_duration_seconds',
    help: 'How long requests to push services took.',
    labelNames: ['push_service'],
    buckets: LATENCY_BUCKETS_SECONDS,
    registers: [registry],
  });
  return ({ origin, attempt }: Extract<BellhopEvent, { type: 'delivery.settled' }>): void => {
    if (attempt === null) return;
    const push_service = serviceLabel(origin);
    attempts.inc({
      push_service,
      outcome: attempt.outcome,
      http_status: String(attempt.httpStatus ?? 'none'),
    });
    if (attempt.latencyMs !== null) latency.observe({ push_service }, attempt.latencyMs / 1000);
  };
}

function createTroubleCounts(registry: Registry) {
  const registers = [registry];
  const countLane = createLaneCount(registry);
  const pauses = new Counter({
    name: 'bellhop_origin_pauses_total',
    help: 'Times a push service asked to wait.',
    labelNames: ['push_service'],
    registers,
  });
  const holds = new Counter({
    name: 'bellhop_prune_holds_total',
    help: 'Holds on pruning, opened and decided.',
    labelNames: ['scope', 'state'],
    registers,
  });
  return (event: BellhopEvent): void => {
    if (event.type === 'lane.closed' || event.type === 'lane.opened') countLane(event);
    else if (event.type === 'origin.paused') pauses.inc({ push_service: serviceLabel(event.origin) });
    else if (event.type === 'prune_hold.opened') holds.inc({ scope: event.scope, state: 'opened' });
    else if (event.type === 'prune_hold.decided') holds.inc({ scope: event.scope, state: event.state });
  };
}

/** Lanes close by origin, and a service may have many: each origin counts, so that none hides another. */
function createLaneCount(registry: Registry) {
  const closedLanes = new Gauge({
    name: 'bellhop_lanes_closed',
    help: 'Push hosts that are taken to be down now.',
    labelNames: ['push_service'],
    registers: [registry],
  });
  const closedOrigins = new Set<string>();
  return ({ type, origin }: Extract<BellhopEvent, { type: 'lane.closed' | 'lane.opened' }>): void => {
    const push_service = serviceLabel(origin);
    if (type === 'lane.opened') {
      if (closedOrigins.delete(origin)) closedLanes.dec({ push_service });
    } else if (!closedOrigins.has(origin)) {
      // A lane whose probe fails is announced as closed again.
      closedOrigins.add(origin);
      closedLanes.inc({ push_service });
    }
  };
}

/** A label has few values: the hosts of a push service may be without number, so no host is one. */
function serviceLabel(origin: string): PushService {
  // Deliveries made before origins were kept have none.
  return origin === '' ? 'other' : pushTargetOf(origin).service;
}
