import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Reached } from '../domain/audience/fan-out.ts';
import type { Attempt, DeliveryState } from '../domain/delivery/delivery.ts';
import type { BellhopEvent, Events } from '../domain/events.ts';
import { attemptTraceId, traceIdOf } from '../domain/trace.ts';
import { createFailureLog } from './failure-log.ts';

type EventOf<Type extends BellhopEvent['type']> = Extract<BellhopEvent, { type: Type }>;
/** Too many for a line each, and on record elsewhere. */
type SilentType = 'fan_out.page' | 'webhook.attempted';
type LoggedType = Exclude<BellhopEvent['type'], 'part.failed' | SilentType>;

/** How one type of event is told. Fields are named one by one: whatever else an event brings along stays out. */
type Line<Type extends LoggedType> = {
  readonly level: (event: EventOf<Type>) => 'info' | 'warn' | 'error';
  readonly fields: (event: EventOf<Type>) => Readonly<Record<string, unknown>>;
  readonly says: (event: EventOf<Type>) => string;
};

/** One line for each event, ids throughout, and never an endpoint, secret, payload or key but a public VAPID key. */
export function logEvents(events: Events, log: Logger, clock: Clock): void {
  const logFailure = createFailureLog(log, clock);
  events.subscribe((event) => {
    if (event.type === 'part.failed') logFailure(event);
    else if (event.type !== 'fan_out.page' && event.type !== 'webhook.attempted')
      logLine(log, event, LINES[event.type] as Line<LoggedType>);
  });
}

function logLine(log: Logger, event: EventOf<LoggedType>, { level, fields, says }: Line<LoggedType>): void {
  const traced = 'trace' in event && event.trace !== undefined ? { trace_id: traceIdOf(event.trace) } : {};
  log[level(event)]({ event: event.type, ...fields(event), ...traced }, says(event));
}

const info = () => 'info' as const;
const warn = () => 'warn' as const;
const error = () => 'error' as const;

const LINES: { readonly [Type in LoggedType]: Line<Type> } = {
  'subscription.registered': {
    level: info,
    fields: ({ subscriptionId, userId, result }) => ({ subscription_id: subscriptionId, user_id: userId, result }),
    says: ({ result }) => `subscription ${result}`,
  },
  'subscription.deleted': {
    level: info,
    fields: ({ subscriptionId }) => ({ subscription_id: subscriptionId }),
    says: () => 'subscription deleted',
  },
  'subscriptions.deleted': {
    level: info,
    fields: ({ count, userId }) => ({ count, ...(userId === null ? {} : { user_id: userId }) }),
    says: ({ count }) => `${count} ${count === 1 ? 'subscription' : 'subscriptions'} deleted`,
  },
  'subscription.retired': {
    level: info,
    fields: ({ subscriptionId, userId, reason }) => ({ subscription_id: subscriptionId, user_id: userId, reason }),
    says: ({ reason }) => `subscription retired: ${reason}`,
  },
  'subscription.quarantined': {
    level: warn,
    fields: ({ subscriptionId, userId, sinceMs, untilMs }) => ({
      subscription_id: subscriptionId,
      user_id: userId,
      since: instant(sinceMs),
      until: instant(untilMs),
    }),
    says: ({ untilMs }) => `subscription in quarantine: nothing goes to it until ${instant(untilMs)}`,
  },
  'subscription.restored': {
    level: info,
    fields: ({ subscriptionId, userId }) => ({ subscription_id: subscriptionId, user_id: userId }),
    says: () => 'subscription restored',
  },
  'notification.accepted': {
    level: info,
    fields: ({ notificationId, users }) => ({ notification_id: notificationId, users }),
    says: () => 'notification accepted',
  },
  'notification.cancelled': {
    level: info,
    fields: ({ notificationId }) => ({ notification_id: notificationId }),
    says: () => 'notification called off',
  },
  'notification.fanned_out': {
    level: info,
    fields: ({ notificationId, reached }) => ({
      notification_id: notificationId,
      ...(reached === null ? {} : { reached_users: reached.users, deliveries: reached.deliveries }),
    }),
    says: ({ reached }) => (reached === null ? 'notification fanned out' : `notification fanned out: ${tell(reached)}`),
  },
  'delivery.settled': {
    level: ({ state }) => LEVEL_BY_STATE[state],
    fields: ({ notificationId, deliveryId, subscriptionId, userId, origin, state, reason, attempt, trace }) => ({
      notification_id: notificationId,
      delivery_id: deliveryId,
      subscription_id: subscriptionId,
      user_id: userId,
      origin,
      state,
      ...(reason === null ? {} : { reason }),
      ...(attempt === null ? {} : attemptFields(attempt)),
      ...(attempt !== null && trace !== undefined && { attempt_trace_id: attemptTraceId(deliveryId, attempt.number) }),
    }),
    says: ({ state, reason, attempt }) => {
      const why = reason === null ? '' : ` (${reason})`;
      return attempt === null ? `delivery ${state} unsent${why}` : `${tellAttempt(attempt)}: ${state}${why}`;
    },
  },
  'experiment.decided': {
    level: info,
    fields: ({ experimentKey, notificationId, winner, sends }) => ({
      experiment: experimentKey,
      notification_id: notificationId,
      winner,
      sends,
    }),
    says: ({ experimentKey, winner, sends }) => {
      const rest = sends === null ? 'the others get nothing' : `the others get ${sends}`;
      return `experiment ${experimentKey} decided: ${winner === null ? 'no winner' : `${winner} wins`}, ${rest}`;
    },
  },
  'delivery.replayed': {
    level: info,
    fields: ({ notificationId, deliveryId }) => ({ notification_id: notificationId, delivery_id: deliveryId }),
    says: () => 'delivery replayed: it is pending again',
  },
  'schedule.sent': {
    level: info,
    fields: ({ scheduleKey, atMs, notificationId, trigger }) => ({
      schedule: scheduleKey,
      at: instant(atMs),
      notification_id: notificationId,
      trigger,
    }),
    says: ({ scheduleKey, trigger }) =>
      trigger === 'hand' ? `schedule ${scheduleKey} sent by hand` : `schedule ${scheduleKey} sent`,
  },
  'schedule.missed': {
    level: warn,
    fields: ({ scheduleKey, atMs, lastAtMs, count }) => ({
      schedule: scheduleKey,
      at: instant(atMs),
      last_at: instant(lastAtMs),
      count,
    }),
    says: ({ scheduleKey, atMs, lastAtMs, count, isAtLeast }) =>
      count === 1
        ? `schedule ${scheduleKey} missed ${instant(atMs)}: nobody was there to send it`
        : `schedule ${scheduleKey} missed ${isAtLeast ? 'at least ' : ''}${count} times from ${instant(atMs)} to ${instant(lastAtMs)}: nobody was there to send them`,
  },
  'schedule.failed': {
    level: error,
    fields: ({ scheduleKey, atMs, code, detail }) => ({ schedule: scheduleKey, at: instant(atMs), code, detail }),
    says: ({ scheduleKey, atMs, code, detail }) =>
      `schedule ${scheduleKey} could not send its notification of ${instant(atMs)} (${code}): ${detail} Mend it with PUT /v1/schedules/${scheduleKey}; POST /v1/schedules/${scheduleKey}/trigger sends it now`,
  },
  'bulk_action.ended': {
    level: info,
    fields: ({ actionId, action, state, replayed, discarded, skipped }) => ({
      bulk_action_id: actionId,
      action,
      state,
      replayed,
      discarded,
      skipped,
    }),
    says: ({ action, state, replayed, discarded, skipped }) =>
      `bulk ${action} ${state}: ${replayed} replayed, ${discarded} discarded, ${skipped} left as they are`,
  },
  'erasure.completed': {
    level: info,
    fields: ({ erasureId, counts }) => ({ erasure_id: erasureId, ...counts }),
    says: ({ erasureId }) => `a person was erased: GET /v1/erasures/${erasureId} has the receipt`,
  },
  'tracing.resumed': {
    level: info,
    fields: ({ lostSpans }) => ({ lost_spans: lostSpans }),
    says: ({ lostSpans }) => `the collector takes spans again: ${lostSpans} were dropped`,
  },
  'webhook.disabled': {
    level: error,
    fields: ({ webhookEndpointId, reason }) => ({ webhook_endpoint_id: webhookEndpointId, reason }),
    says: ({ webhookEndpointId, reason }) =>
      `webhook endpoint ${webhookEndpointId} is sent nothing any more: it ${reason === 'gone' ? 'answered 410' : 'failed for five days'}. Mend it, then PATCH /v1/webhook-endpoints/${webhookEndpointId} with is_enabled, and replay what it missed`,
  },
  'sending.paused': {
    level: warn,
    fields: ({ cause, sinceMs }) => ({ cause, since: instant(sinceMs) }),
    says: ({ cause }) =>
      `sending is paused${cause === 'restored' ? ', for this store is a backup' : ''}: notifications are accepted and kept, and nothing is sent. Decide what becomes of what waits: bellhop resume --waiting=send, or --waiting=drop`,
  },
  'tallies.corrected': {
    level: warn,
    fields: ({ miscounts }) => ({ miscounts }),
    says: ({ miscounts }) => `${miscounts.length} counts were wrong, and are set right`,
  },
  'sending.resumed': { level: info, fields: () => ({}), says: () => 'sending is on again' },
  'backup.made': {
    level: info,
    fields: ({ destination, octets, madeAtMs, tookMs }) => ({
      destination,
      octets,
      made_at: instant(madeAtMs),
      took_ms: tookMs,
    }),
    says: ({ octets, tookMs }) => `backup made: ${octets} octets in ${tookMs} ms`,
  },
  'backup.found': {
    level: info,
    fields: ({ name, octets, madeAtMs }) => ({ name, octets, made_at: instant(madeAtMs) }),
    says: ({ madeAtMs }) => `the newest backup is of ${instant(madeAtMs)}`,
  },
  'origin.paused': {
    level: warn,
    fields: ({ origin, untilMs }) => ({ origin, until: instant(untilMs) }),
    says: ({ origin, untilMs }) => `${origin} asked to wait: nothing goes there until ${instant(untilMs)}`,
  },
  'lane.closed': {
    level: warn,
    fields: ({ origin, failures, untilMs }) => ({ origin, failures, until: instant(untilMs) }),
    says: ({ origin, failures, untilMs }) =>
      `${origin} failed ${failures} times in a row: nothing goes there until ${instant(untilMs)}, and then one delivery, to try it`,
  },
  'lane.opened': {
    level: info,
    fields: ({ origin }) => ({ origin }),
    says: ({ origin }) => `${origin} is well again: deliveries go there`,
  },
  'prune_hold.opened': {
    level: error,
    fields: ({ holdId, scope, subject, goneCount, answerCount }) => ({
      hold_id: holdId,
      scope,
      subject,
      gone_count: goneCount,
      answer_count: answerCount,
    }),
    says: ({ holdId, subject, goneCount, answerCount }) =>
      `${goneCount} of the latest ${answerCount} users at ${subject} had a subscription called gone: pruning is on hold. Look, then POST /v1/prune-holds/${holdId}/confirm or /dismiss`,
  },
  'prune_hold.decided': {
    level: info,
    fields: ({ holdId, scope, subject, state, subscriptions }) => ({
      hold_id: holdId,
      scope,
      subject,
      state,
      subscriptions,
    }),
    says: ({ state, subscriptions }) =>
      `hold on pruning ${state}: ${subscriptions} ${subscriptions === 1 ? 'subscription' : 'subscriptions'} ${state === 'confirmed' ? 'retired' : 'restored'}`,
  },
};

function tell({ users, deliveries }: Reached): string {
  if (deliveries === 0) return 'nobody: its users have no device, or their wishes or a cap are against it';
  const what = deliveries === 1 ? '1 delivery' : `${deliveries} deliveries`;
  return `${what} to ${users === 1 ? '1 user' : `${users} users`}`;
}

/** `warn`: something went wrong that may pass or has passed. `error`: a person is needed. */
const LEVEL_BY_STATE = {
  pending: 'info',
  held: 'info',
  sending: 'info',
  retrying: 'warn',
  delivered: 'info',
  pruned: 'info',
  failed: 'error',
  expired: 'warn',
  cancelled: 'info',
} as const satisfies Record<DeliveryState, string>;

function attemptFields({ number, outcome, httpStatus, latencyMs, error, retryAtMs }: Attempt): Record<string, unknown> {
  return {
    attempt: number,
    outcome,
    http_status: httpStatus,
    latency_ms: latencyMs,
    ...(error === null ? {} : { error }),
    ...(retryAtMs === null ? {} : { retry_at: instant(retryAtMs) }),
  };
}

/** For example `attempt 2 got HTTP 503 in 29 ms`. */
function tellAttempt({ number, httpStatus, latencyMs }: Attempt): string {
  const answer = httpStatus === null ? 'no answer' : `HTTP ${httpStatus}`;
  return `attempt ${number} got ${answer}${latencyMs === null ? '' : ` in ${latencyMs} ms`}`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
