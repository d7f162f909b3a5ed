import { AppError } from '../domain/app-error.ts';
import { type Audience, namedIn } from '../domain/audience/audience.ts';
import type { ReleaseTerms } from '../domain/audience/fan-out.ts';
import type { Values } from '../domain/content/wording.ts';
import { notificationId, type Random } from '../domain/ids.ts';
import type { Notification, NotificationContent, Urgency } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';
import { MAX_DAYS_AHEAD, type SendAt, timingOf, whyNotSentAt } from '../domain/notification/send-at.ts';
import { type Tracking, trackingOf } from '../domain/receipt/receipt.ts';
import type { RecipientValues } from './value-check.ts';
import type { ExperimentRequest } from './variant-request.ts';
import type { WordingRequest } from './wording-request.ts';

/** What a caller asks to be sent. */
export type NotifyRequest = {
  readonly content: NotificationContent;
  readonly audience: Audience;
  /** The wording, where the text is not the same for all users; then the content has no title. Null: the content has the text. */
  readonly wording: WordingRequest | null;
  /** Then content and wording are those of its first variant. Absent: all get the same. */
  readonly experiment?: ExperimentRequest | undefined;
  /** The named users’ own values, in the order of the users. Null: no user has any. */
  readonly recipientValues: readonly Values[] | null;
  /** Null: what the type says, or else `normal`. */
  readonly priority: Priority | null;
  /** Null: what the type says, or else the default of the priority. */
  readonly urgency: Urgency | null;
  /** Null: what the type says, or else the server's default. */
  readonly ttlSeconds: number | null;
  readonly topic: string | null;
  /** Null: at once. */
  readonly sendAt: SendAt | null;
  /** What devices shall tell at most, as far as the type and the server have it. Absent: as much as these say. */
  readonly tracking?: Tracking | undefined;
  /** The `traceparent` of the call; absent where it has none. */
  readonly trace?: string | undefined;
};

/** What the request becomes: what it leaves open is as the type says, or else the server. Throws `invalid_send_at`. */
export function notificationOf(
  options: { readonly random: Random; readonly defaultTtlSeconds: number; readonly tracking?: Tracking },
  request: NotifyRequest,
  { policy }: ReleaseTerms,
  nowMs: number,
): Notification {
  const { content, audience, topic } = request;
  demandFuture(request.sendAt, nowMs);
  // A test has two waves, the first of them at once unless something else is said.
  const isTest = (content.experiment?.testPercent ?? null) !== null;
  const sendAt = request.sendAt ?? (isTest ? ({ kind: 'instant', atMs: nowMs } as const) : null);
  const priority = request.priority ?? policy.priority ?? 'normal';
  const tracking = trackingOf(options.tracking ?? [], policy.tracking, request.tracking);
  return {
    id: notificationId(nowMs, options.random),
    content: {
      ...content,
      ...audienceIn(audience),
      ...(tracking.length > 0 && { tracking }),
      ...(request.trace !== undefined && { trace: request.trace }),
    },
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

function audienceIn(audience: Audience): Pick<NotificationContent, 'audience'> {
  if (audience.kind === 'user_ids') return {};
  return { audience: audience.kind === 'tags' ? { tags: audience.text } : { everyone: true } };
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

/** The users named with their own values; null where they have none. */
export function recipientsOf({
  audience,
  recipientValues,
}: Pick<NotifyRequest, 'audience' | 'recipientValues'>): RecipientValues | null {
  return recipientValues === null ? null : { userIds: namedIn(audience), values: recipientValues };
}
