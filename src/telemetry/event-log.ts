import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Attempt, DeliveryState } from '../domain/delivery/delivery.ts';
import type { BellhopEvent, Events } from '../domain/events.ts';
import { createFailureLog } from './failure-log.ts';

/** One line for each event, ids throughout, and never an endpoint, key, secret or payload. */
export function logEvents(events: Events, log: Logger, clock: Clock): void {
  const logFailure = createFailureLog(log, clock);
  events.subscribe((event) => {
    if (event.type === 'delivery.settled') logSettled(event, log);
    else if (event.type === 'part.failed') logFailure(event);
    else if (event.type === 'origin.paused') logPause(event, log);
    else if (event.type === 'lane.closed') logClosed(event, log);
    else if (event.type === 'prune_hold.opened') logHold(event, log);
    else log.info(fieldsOf(event), titleOf(event.type));
  });
}

const TITLES = new Map<string, string>();

/** `notification.fanned_out` as `notification fanned out`. */
function titleOf(type: string): string {
  const title = TITLES.get(type) ?? type.replace(/[._]/g, ' ');
  TITLES.set(type, title);
  return title;
}

function logPause({ type, origin, untilMs }: Extract<BellhopEvent, { type: 'origin.paused' }>, log: Logger): void {
  const until = new Date(untilMs).toISOString();
  log.warn({ event: type, origin, until }, `${origin} asked to wait: nothing goes there until ${until}`);
}

function logClosed({ type, origin, untilMs, failures }: Extract<BellhopEvent, { type: 'lane.closed' }>, log: Logger) {
  const until = new Date(untilMs).toISOString();
  log.warn(
    { event: type, origin, failures, until },
    `${origin} failed ${failures} times in a row: nothing goes there until one delivery has tried it at ${until}`,
  );
}

function logHold(event: Extract<BellhopEvent, { type: 'prune_hold.opened' }>, log: Logger): void {
  const { holdId, subject, goneCount, answerCount } = event;
  log.error(
    fieldsOf(event),
    `${goneCount} of the latest ${answerCount} answers for ${subject} called the subscription gone: pruning is on hold. Look, then POST /v1/prune-holds/${holdId}/confirm or /dismiss`,
  );
}

function logSettled(event: Extract<BellhopEvent, { type: 'delivery.settled' }>, log: Logger): void {
  const { attempt } = event;
  const fields = {
    event: event.type,
    notification_id: event.notificationId,
    delivery_id: event.deliveryId,
    subscription_id: event.subscriptionId,
    user_id: event.userId,
    state: event.state,
    ...(event.reason === null ? {} : { reason: event.reason }),
    ...(attempt === null
      ? {}
      : {
          attempt: attempt.number,
          outcome: attempt.outcome,
          http_status: attempt.httpStatus,
          latency_ms: attempt.latencyMs,
          ...(attempt.error === null ? {} : { error: attempt.error }),
          ...(attempt.retryAtMs === null ? {} : { retry_at: new Date(attempt.retryAtMs).toISOString() }),
        }),
  };
  const message = attempt === null ? `delivery ${event.state} unsent` : tellAttempt(attempt, event.state);
  if (event.state === 'failed') log.error(fields, message);
  else if (event.state === 'delivered' || event.state === 'pruned') log.info(fields, message);
  else log.warn(fields, message);
}

/** For example `attempt 2: retrying after HTTP 503 in 29 ms`. */
function tellAttempt({ number, httpStatus, latencyMs }: Attempt, state: DeliveryState): string {
  const answer = httpStatus === null ? 'no answer' : `HTTP ${httpStatus}`;
  return `attempt ${number}: ${state} after ${answer}${latencyMs === null ? '' : ` in ${latencyMs} ms`}`;
}

function fieldsOf(event: BellhopEvent): Record<string, unknown> {
  const fields: Record<string, unknown> = { event: event.type };
  for (const [name, value] of Object.entries(event)) {
    if (name === 'type') continue;
    const field = fieldOf(name);
    fields[field.name] = field.isInstant ? new Date(Number(value)).toISOString() : value;
  }
  return fields;
}

type Field = { readonly name: string; readonly isInstant: boolean };

/** The names that events have are few, and many events are told a second. */
const FIELDS = new Map<string, Field>();

/** Every time in an event is an instant, and a person reads it. */
function fieldOf(property: string): Field {
  const known = FIELDS.get(property);
  if (known !== undefined) return known;
  const isInstant = property.endsWith('Ms');
  const name = isInstant ? property.slice(0, -2) : property;
  const field = { name: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), isInstant };
  FIELDS.set(property, field);
  return field;
}
