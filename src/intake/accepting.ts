import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { namedIn } from '../domain/audience/audience.ts';
import { reachedBy } from '../domain/audience/fan-out.ts';
import type { Events } from '../domain/events.ts';
import type { Idempotency } from '../domain/notification/idempotency.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { tracedPage } from '../domain/trace.ts';
import { fanOutJobOf, isAlarmDue, type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { Acceptance, AcceptResult, NotificationStore } from '../store/notification-store.ts';
import { type CheckOptions, checkRequest } from './checked-request.ts';
import { experimentUsed } from './experiment-check.ts';
import { measureAgain } from './measure.ts';
import { createNotificationIds } from './notification-ids.ts';
import type { NotifyRequest } from './notify-request.ts';
import type { RecipientValues } from './value-check.ts';

/** A caller's promise that a request with the same key is the same request. */
export type IdempotencyClaim = {
  readonly keyId: string;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly rawBody: Uint8Array;
};

export type Accepted = {
  readonly notification: Notification;
  readonly isRepeated: boolean;
  /** What a device gets, before encryption; the largest. */
  readonly payloadOctets: number;
  /** How many of the users have a device. Null where that is known only when the worker has fanned it out. */
  readonly reachedUsers: number | null;
};

/** What is to be kept, by whichever store method keeps more in the same commit. */
export type Prepared = { readonly acceptance: Acceptance; readonly payloadOctets: number };

type PreparedAt = {
  readonly nowMs: number;
  /** Of the notification; null: a new one. */
  readonly id: string | null;
  readonly claim: IdempotencyClaim | null;
  /** What the caller calls the request; left out where nobody does. */
  readonly requestId?: string | null;
};

/** A call that may have come before. `recipients` with their own values, where they are known. */
type Repeatable = { readonly claim: IdempotencyClaim | null; readonly recipients: RecipientValues | null };

/** The way of every notification into the store, whoever asks for it: a caller, or a schedule whose time has come. */
export type Accepting = {
  /** Keeps nothing. Throws what the request is refused with. */
  prepare(request: NotifyRequest, at: PreparedAt): Promise<Prepared>;
  /**
   * What `work` gives. Where it refuses the call though the same one was accepted before: that one's answer, since what the call is held
   * against may have changed or gone since.
   */
  orRepeated({ claim, recipients }: Repeatable, work: () => Promise<Accepted>): Promise<Accepted>;
  /** Announces what was kept, and has it fanned out. Throws `idempotency_key_reused` and `experiment_key_used`. */
  conclude(prepared: Prepared, result: AcceptResult): Accepted;
};

export type AcceptingOptions = CheckOptions & {
  readonly store: { readonly notifications: Pick<NotificationStore, 'repeated'> };
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000;

export function createAccepting(options: AcceptingOptions): Accepting {
  const nextId = createNotificationIds(options.random);
  return {
    // The id before anything is waited for: the order of calls is that of ids, by which a topic knows the newer one.
    prepare: (request, at) => prepare(options, request, { ...at, id: at.id ?? nextId(at.nowMs) }),
    orRepeated: (call, work) => orRepeated(options, call, work),
    conclude: (prepared, result) => conclude(options, prepared, result),
  };
}

async function prepare(
  options: AcceptingOptions,
  request: NotifyRequest,
  { nowMs, id, claim, requestId = null }: PreparedAt & { readonly id: string },
): Promise<Prepared> {
  const { audience, recipientValues } = request;
  const { notification: made, terms, measured } = await checkRequest(options, request, nowMs);
  const notification = { ...made, id };
  const acceptance: Acceptance = {
    notification,
    audience,
    ...(recipientValues && { values: recipientValues }),
    idempotency: claim === null ? null : idempotencyOf(claim, nowMs),
    ...(requestId !== null && { requestId }),
    // What a topic supersedes is the worker's to find, when it fans out.
    mayFanOutNow: notification.topic === null && notification.sendAt === null,
    terms,
  };
  return { acceptance, payloadOctets: measured.octets };
}

/** Looked up only where a call is refused: all others are judged by the write that keeps them. */
async function orRepeated(
  options: AcceptingOptions,
  { claim, recipients }: Repeatable,
  work: () => Promise<Accepted>,
): Promise<Accepted> {
  try {
    return await work();
  } catch (error) {
    if (claim === null || !(error instanceof AppError)) throw error;
    const nowMs = options.clock.now();
    const earlier = await options.store.notifications.repeated(idempotencyOf(claim, nowMs), nowMs);
    if (earlier === null) throw error;
    return {
      ...earlier,
      isRepeated: true,
      payloadOctets: await measureAgain(options, earlier.notification, recipients),
    };
  }
}

function conclude(options: AcceptingOptions, { acceptance, payloadOctets }: Prepared, result: AcceptResult): Accepted {
  const { events } = options;
  const { notification, audience } = acceptance;
  const nowMs = notification.acceptedAtMs;
  if (result.kind === 'repeated') return { ...result, isRepeated: true, payloadOctets };
  if (result.kind === 'key_reused') {
    throw new AppError(
      'idempotency_key_reused',
      'This Idempotency-Key came before with another body. Use a new key for a new notification; keys are kept 24 hours.',
    );
  }
  if (result.kind === 'experiment_used') throw experimentUsed(notification);
  const { id: notificationId, userCount: users, content } = notification;
  const traced = content.trace === undefined ? {} : { trace: content.trace };
  events.publish({ type: 'notification.accepted', notificationId, users, ...traced });
  const reached = result.fannedOut === null ? null : reachedBy(result.fannedOut.deliveries);
  if (result.fannedOut === null) {
    const runAtMs = notification.dueAtMs ?? nowMs;
    if (isAlarmDue(runAtMs, nowMs)) void enqueue(options, [fanOutJobOf(notification, namedIn(audience), runAtMs)]);
  } else {
    events.publish({ type: 'notification.fanned_out', notificationId, reached });
    const times = { startedAtMs: nowMs, endedAtMs: options.clock.now() };
    const page = { users, deliveries: result.fannedOut.deliveries.length, ...times };
    for (const event of tracedPage(notification, page)) events.publish(event);
    void enqueue(
      options,
      result.fannedOut.deliveries.map((delivery) => reminderOf(delivery, delivery.dueAtMs ?? nowMs)),
    );
  }
  return { notification, isRepeated: false, payloadOctets, reachedUsers: reached?.users ?? null };
}

/** What is kept of a caller’s promise. */
export function idempotencyOf(claim: IdempotencyClaim, nowMs: number): Idempotency {
  const digest = createHash('sha256').update(`${claim.method}\n${claim.path}\n`).update(claim.rawBody);
  return {
    key: `${claim.keyId}:${claim.key}`,
    bodyDigest: digest.digest('base64url'),
    expiresAtMs: nowMs + IDEMPOTENCY_KEPT_MS,
  };
}

/** Not waited for: the notification is durable, and the rescuer finds what the queue was not told about. */
async function enqueue({ queue, events }: AcceptingOptions, jobs: readonly Job[]): Promise<void> {
  try {
    if (jobs.length > 0) await queue.enqueueMany(jobs);
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'notifications', error });
  }
}
