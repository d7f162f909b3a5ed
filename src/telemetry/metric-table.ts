import { DELIVERY_STATES, END_REASONS } from '../domain/delivery/delivery.ts';
import { PART_NAMES } from '../domain/events.ts';
import { PRUNE_HOLD_SCOPES } from '../domain/pruning/prune-hold.ts';
import { OUTCOMES } from '../domain/push-service/push-outcome.ts';
import { PUSH_SERVICES } from '../domain/push-service/push-service.ts';
import { RETIREMENT_REASONS } from '../domain/subscription/subscription.ts';

export type MetricInfo = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label with every value it can have. `number`: a number of three digits, or `none`. */
  readonly labels: Readonly<Record<string, readonly string[] | 'number'>>;
};

/** Every metric; `docs/operations.md` lists them. No label has an id, user, host or endpoint: its values must stay few. */
export const METRICS = {
  notificationsAccepted: {
    name: 'bellhop_notifications_accepted_total',
    kind: 'counter',
    help: 'Notifications accepted.',
    labels: {},
  },
  deliveriesSettled: {
    name: 'bellhop_deliveries_settled_total',
    kind: 'counter',
    help: 'Times a delivery moved on, by the state it moved to.',
    labels: { state: DELIVERY_STATES, reason: ['', ...END_REASONS] },
  },
  attempts: {
    name: 'bellhop_attempts_total',
    kind: 'counter',
    help: 'Requests to push services, by outcome.',
    labels: { push_service: PUSH_SERVICES, outcome: OUTCOMES, http_status: 'number' },
  },
  attemptDuration: {
    name: 'bellhop_attempt_duration_seconds',
    kind: 'histogram',
    help: 'How long requests to push services took.',
    labels: { push_service: PUSH_SERVICES },
  },
  lanesClosed: {
    name: 'bellhop_lanes_closed',
    kind: 'gauge',
    help: 'Push hosts that are taken to be down now.',
    labels: { push_service: PUSH_SERVICES },
  },
  originPauses: {
    name: 'bellhop_origin_pauses_total',
    kind: 'counter',
    help: 'Times a push service asked to wait.',
    labels: { push_service: PUSH_SERVICES },
  },
  subscriptionsRetired: {
    name: 'bellhop_subscriptions_retired_total',
    kind: 'counter',
    help: 'Subscriptions retired.',
    labels: { reason: RETIREMENT_REASONS },
  },
  pruneHolds: {
    name: 'bellhop_prune_holds_total',
    kind: 'counter',
    help: 'Holds on pruning, opened and decided.',
    labels: { scope: PRUNE_HOLD_SCOPES, state: ['opened', 'confirmed', 'dismissed'] },
  },
  lastBackup: {
    name: 'bellhop_last_backup_timestamp_seconds',
    kind: 'gauge',
    help: 'When the newest backup of the embedded store was made, since 1970; 0: none is known.',
    labels: {},
  },
  partFailures: {
    name: 'bellhop_part_failures_total',
    kind: 'counter',
    help: 'Failures of the parts that work in the background.',
    labels: { part: PART_NAMES },
  },
} as const satisfies Record<string, MetricInfo>;
