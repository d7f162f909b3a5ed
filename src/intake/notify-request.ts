import { AppError } from '../domain/app-error.ts';
import { type Audience, namedIn } from '../domain/audience/audience.ts';
import type { ReleaseTerms } from '../domain/audience/fan-out.ts';
import { ANYONE, type Compose } from '../domain/content/compose.ts';
import { largestFieldOf } from '../domain/content/payload.ts';
import { notificationId, type Random } from '../domain/ids.ts';
import {
  MAX_PAYLOAD_OCTETS,
  type Notification,
  type NotificationContent,
  type Urgency,
} from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import { MAX_DAYS_AHEAD, type SendAt, timingOf, whyNotSentAt } from '../domain/notification/send-at.ts';

/** What a caller asks to be sent. */
export type NotifyRequest = {
  readonly content: NotificationContent;
  readonly audience: Audience;
  /** Null: what the type says, or else `normal`. */
  readonly priority: Priority | null;
  /** Null: what the type says, or else the default of the priority. */
  readonly urgency: Urgency | null;
  /** Null: what the type says, or else the server's default. */
  readonly ttlSeconds: number | null;
  readonly topic: string | null;
  /** Null: at once. */
  readonly sendAt: SendAt | null;
};

/** What the request becomes: what it leaves open is as the type says, or else the server. Throws `invalid_send_at`. */
export function notificationOf(
  options: { readonly random: Random; readonly defaultTtlSeconds: number },
  request: NotifyRequest,
  { policy }: ReleaseTerms,
  nowMs: number,
): Notification {
  const { content, audience, topic, sendAt } = request;
  demandFuture(sendAt, nowMs);
  const priority = request.priority ?? policy.priority ?? 'normal';
  return {
    id: notificationId(nowMs, options.random),
    content,
    priority,
    // The priorities are three of the four urgencies by name.
    urgency: request.urgency ?? policy.urgency ?? priority,
    ttlSeconds: request.ttlSeconds ?? policy.ttlSeconds ?? options.defaultTtlSeconds,
    topic,
    userCount: namedIn(audience).length,
    status: sendAt === null ? 'accepted' : 'scheduled',
    acceptedAtMs: nowMs,
    ...timingOf(sendAt, nowMs),
  };
}

const NOT_SENT_AT = {
  passed: 'This instant has passed. Leave send_at out to send at once.',
  passed_everywhere: 'This time has passed in every time zone. Leave send_at out to send at once.',
  too_far: `That is more than ${MAX_DAYS_AHEAD} days ahead, which is the most.`,
} as const;

function demandFuture(sendAt: SendAt | null, nowMs: number): void {
  const why = sendAt === null ? null : whyNotSentAt(sendAt, nowMs);
  if (why !== null) throw new AppError('invalid_send_at', NOT_SENT_AT[why], { now: new Date(nowMs).toISOString() });
}

/** What every device gets, before encryption. Throws `payload_too_large`. */
export function checkedOctets(notification: Notification, compose: Compose): number {
  const { octets } = compose(notification, ANYONE);
  if (octets <= MAX_PAYLOAD_OCTETS) return octets;
  const largestField = largestFieldOf(notification);
  throw new AppError(
    'payload_too_large',
    `The payload would be ${octets} octets, and push services take ${MAX_PAYLOAD_OCTETS}. The largest field is ` +
      `“${largestField}”; shorten it, or send a link to the rest.`,
    { size_octets: octets, limit_octets: MAX_PAYLOAD_OCTETS, largest_field: largestField },
  );
}
