import { DELIVERY_STATES, type DeliveryState, END_REASONS, type EndReason } from '../domain/delivery/delivery.ts';
import { PART_NAMES } from '../domain/events.ts';
import { PRIORITIES } from '../domain/notification/priority.ts';
import { PRUNE_HOLD_SCOPES } from '../domain/pruning/prune-hold.ts';
import { OUTCOMES, type OutcomeKind } from '../domain/push-service/push-outcome.ts';
import { PUSH_SERVICES } from '../domain/push-service/push-service.ts';
import { OCCURRENCE_STATUSES } from '../domain/schedule/occurrence.ts';
import { RETIREMENT_REASONS } from '../domain/subscription/subscription.ts';
import { WEBHOOK_RESULTS } from '../domain/webhook/webhook-delivery.ts';
import type { MetricInfo } from './series.ts';

/** The reasons that a delivery in each state can have. */
const REASONS_BY_STATE: Readonly<Record<DeliveryState, readonly (EndReason | '')[]>> = {
  pending: [''],
  held: [''],
  sending: [''],
  retrying: [''],
  delivered: [''],
  pruned: ['subscription_gone', 'subscription_refused'],
  failed: ['retries_exhausted', 'rejected', 'misconfigured', 'interrupted_too_often', 'pruning_on_hold'],
  expired: ['deadline_passed', 'deadline_too_near'],
  cancelled: [
    'subscription_deleted',
    'subscription_inactive',
    'superseded',
    'dropped',
    'notification_cancelled',
    'user_erased',
    'render_failed',
    'discarded',
    'opted_out',
    'paused',
    'quiet_hours',
    'quiet_hours_past_deadline',
  ],
};

/** What push services are known to answer. Another status begins its series with its first answer. */
const STATUSES_BY_OUTCOME: Readonly<Record<OutcomeKind, readonly string[]>> = {
  delivered: ['200', '201', '202'],
  gone: ['404', '410'],
  throttled: ['406', '429'],
  retryable: ['none', '408', '425', '500', '502', '503', '504'],
  rejected: ['none', '400', '413'],
  misconfigured: ['none', '400', '401', '403'],
  quarantined: ['403'],
  interrupted: ['none'],
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
    expected: DELIVERY_STATES.flatMap((state) => REASONS_BY_STATE[state].map((reason) => ({ state, reason }))),
  },
  attempts: {
    name: 'bellhop_attempts_total',
    kind: 'counter',
    help: 'Requests to push services, by outcome.',
    labels: { push_service: PUSH_SERVICES, outcome: OUTCOMES, http_status: 'number' },
    expected: PUSH_SERVICES.flatMap((push_service) =>
      OUTCOMES.flatMap((outcome) =>
        STATUSES_BY_OUTCOME[outcome].map((http_status) => ({ push_service, outcome, http_status })),
      ),
    ),
  },
  attemptDuration: {
    name: 'bellhop_attempt_duration_seconds',
    kind: 'histogram',
    help: 'How long requests to push services took.',
    labels: { push_service: PUSH_SERVICES },
  },
  queueWait: {
    name: 'bellhop_queue_wait_seconds',
    kind: 'histogram',
    help: 'How long deliveries waited for their attempt from when they were due.',
    labels: { priority: PRIORITIES },
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
  scheduleMoments: {
    name: 'bellhop_schedule_occurrences_total',
    kind: 'counter',
    help: 'What came of the times of schedules.',
    labels: { status: OCCURRENCE_STATUSES },
  },
  webhookAttempts: {
    name: 'bellhop_webhook_attempts_total',
    kind: 'counter',
    help: 'Requests to webhook endpoints, by what came of them.',
    labels: { result: WEBHOOK_RESULTS },
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
