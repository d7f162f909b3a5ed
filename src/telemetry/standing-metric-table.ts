import { OPEN_STATES } from '../domain/delivery/delivery.ts';
import { PRIORITIES } from '../domain/notification/priority.ts';
import { LANE_STANDINGS } from '../domain/push-service/lane-view.ts';
import { PUSH_SERVICES } from '../domain/push-service/push-service.ts';
import { ENDPOINT_STANDINGS } from '../domain/webhook/webhook-endpoint.ts';
import type { MetricInfo } from './series.ts';

/** How things stand at the moment of asking. Those of the store are the same from every process: take one, not the sum. */
export const STANDING_METRICS = {
  storeReachable: {
    name: 'bellhop_store_reachable',
    kind: 'gauge',
    help: 'Whether the store answered just now: where it did not, what it tells is as it was before.',
    labels: {},
  },
  deliveriesOpen: {
    name: 'bellhop_deliveries_open',
    kind: 'gauge',
    help: 'Deliveries in the store that have not ended.',
    labels: { priority: PRIORITIES, state: OPEN_STATES },
  },
  oldestDue: {
    name: 'bellhop_oldest_due_seconds',
    kind: 'gauge',
    help: 'For how long the most overdue delivery in the store has been due; 0: none is.',
    labels: { priority: PRIORITIES },
  },
  deadLetters: {
    name: 'bellhop_dead_letters',
    kind: 'gauge',
    help: 'Failed deliveries in the store.',
    labels: {},
  },
  holdsOpen: {
    name: 'bellhop_prune_holds_open',
    kind: 'gauge',
    help: 'Holds on pruning that wait for a person.',
    labels: {},
  },
  subscriptionsActive: {
    name: 'bellhop_subscriptions_active',
    kind: 'gauge',
    help: 'Active subscriptions in the store.',
    labels: { push_service: PUSH_SERVICES },
  },
  subscriptionsQuarantined: {
    name: 'bellhop_subscriptions_quarantined',
    kind: 'gauge',
    help: 'Active subscriptions that wait, since their push service refuses them.',
    labels: { push_service: PUSH_SERVICES },
  },
  sendingPaused: {
    name: 'bellhop_sending_paused',
    kind: 'gauge',
    help: 'Whether nothing is sent before a person decides.',
    labels: {},
  },
  storeSize: {
    name: 'bellhop_store_size_bytes',
    kind: 'gauge',
    help: 'What the store takes up on the disk: the file and its log, or the data and indexes of the database.',
    labels: {},
  },
  webhookEndpoints: {
    name: 'bellhop_webhook_endpoints',
    kind: 'gauge',
    help: 'Webhook endpoints, by how they do.',
    labels: { state: ENDPOINT_STANDINGS },
  },
  webhooksWaiting: {
    name: 'bellhop_webhook_events_waiting',
    kind: 'gauge',
    help: 'Events on their way to webhook endpoints that are not disabled; of one endpoint at most 10 000 are counted.',
    labels: {},
  },
  webhookOldest: {
    name: 'bellhop_webhook_oldest_waiting_seconds',
    kind: 'gauge',
    help: 'For how long the oldest of them waits; 0: none does.',
    labels: {},
  },
  pushesInFlight: {
    name: 'bellhop_pushes_in_flight',
    kind: 'gauge',
    help: 'Pushes of this process that are under way.',
    labels: { push_service: PUSH_SERVICES },
  },
  lane: {
    name: 'bellhop_lane',
    kind: 'gauge',
    help: 'How the way to a push service stands in this process: 1 for the state it is in, the worst of all its hosts.',
    labels: { push_service: PUSH_SERVICES, state: LANE_STANDINGS },
  },
} as const satisfies Record<string, MetricInfo>;
