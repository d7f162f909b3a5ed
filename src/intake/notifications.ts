import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { namedIn } from '../domain/audience/audience.ts';
import { reachedBy } from '../domain/audience/fan-out.ts';
import type { SuppressionCounts } from '../domain/audience/suppression.ts';
import type { Compose } from '../domain/content/compose.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { DeliveryCounts } from '../domain/delivery/delivery-counts.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { Idempotency } from '../domain/notification/idempotency.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { fanOutJobOf, isAlarmDue, type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { OfNotificationQuery } from '../store/delivery-store.ts';
import type { NotificationQuery } from '../store/notification-store.ts';
import type { Page } from '../store/page.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { SuppressionStore } from '../store/suppression-store.ts';
import { type AttemptOfDelivery, attemptPage } from './attempt-page.ts';
import type { Audiences } from './audiences.ts';
import { checkedOctets, type NotifyRequest, notificationOf } from './notify-request.ts';

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
  /** What every device gets, before encryption. */
  readonly payloadOctets: number;
  /** How many of the users have a device. Null where that is known only when the worker has fanned it out. */
  readonly reachedUsers: number | null;
};

type DeliveriesQuery = Omit<OfNotificationQuery, 'attempted'>;

export type Notifications = {
  /** Durable once resolved. A repeated call gives the first one's notification. */
  accept(request: NotifyRequest, claim: IdempotencyClaim | null): Promise<Accepted>;
  get(id: string): Promise<{ notification: Notification; counts: DeliveryCounts; suppressed: SuppressionCounts }>;
  list(query: NotificationQuery): Promise<Page<Notification>>;
  /** Who got nothing of it, and why. */
  suppressions: SuppressionStore['list'];
  deliveries(query: DeliveriesQuery): Promise<Page<Delivery>>;
  /** The limit counts attempts, not deliveries. */
  attempts(query: DeliveriesQuery): Promise<Page<AttemptOfDelivery>>;
  delivery(id: string): Promise<Delivery>;
};

export type NotificationsOptions = {
  readonly store: Pick<Store, 'notifications' | 'deliveries' | 'suppressions'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly defaultTtlSeconds: number;
  readonly rules: Pick<StandingRules, 'policyOf'>;
  readonly audiences: Pick<Audiences, 'check'>;
  /** The zone of users who have none. */
  readonly serverZone: string;
  /** The one that deliveries are composed by: what is measured is what is sent. */
  readonly compose: Compose;
};

const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000;

/** What callers may do with notifications, and see of them. */
export function createNotifications(options: NotificationsOptions): Notifications {
  const { notifications, deliveries } = options.store;
  const existing = async (id: string): Promise<Notification> => (await notifications.get(id)) ?? notFound();
  return {
    accept: (request, claim) => accept(options, request, claim),
    async get(id) {
      const notification = await existing(id);
      const [counts, suppressed] = await Promise.all([
        deliveries.countByState(id),
        options.store.suppressions.countByReason(id),
      ]);
      return { notification, counts, suppressed };
    },
    list: (query) => notifications.list(query),
    async suppressions(query) {
      await existing(query.notificationId);
      return options.store.suppressions.list(query);
    },
    async deliveries(query) {
      await existing(query.notificationId);
      return deliveries.listByNotification({ ...query, attempted: false });
    },
    async attempts(query) {
      await existing(query.notificationId);
      return attemptPage(deliveries, { ...query, attempted: true });
    },
    async delivery(id) {
      const delivery = await deliveries.get(id);
      if (delivery === null) throw new AppError('delivery_not_found', 'There is no delivery with this id.');
      return delivery;
    },
  };
}

async function accept(
  options: NotificationsOptions,
  request: NotifyRequest,
  claim: IdempotencyClaim | null,
): Promise<Accepted> {
  const { store, events } = options;
  const nowMs = options.clock.now();
  const { audience } = request;
  await options.audiences.check(audience);
  const terms = { policy: await options.rules.policyOf(request.content.type), serverZone: options.serverZone };
  const notification = notificationOf(options, request, terms, nowMs);
  const payloadOctets = checkedOctets(notification, options.compose);
  const result = await store.notifications.accept({
    notification,
    audience,
    idempotency: claim === null ? null : idempotencyOf(claim, nowMs),
    // What a topic supersedes is the worker's to find, when it fans out.
    mayFanOutNow: notification.topic === null && notification.sendAt === null,
    terms,
  });
  if (result.kind === 'repeated') return { ...result, isRepeated: true, payloadOctets };
  if (result.kind === 'key_reused') {
    throw new AppError(
      'idempotency_key_reused',
      'This Idempotency-Key came before with another body. Use a new key for a new notification; keys are kept 24 hours.',
    );
  }
  events.publish({ type: 'notification.accepted', notificationId: notification.id, users: notification.userCount });
  const reached = result.fannedOut === null ? null : reachedBy(result.fannedOut.deliveries);
  if (result.fannedOut === null) {
    const runAtMs = notification.dueAtMs ?? nowMs;
    if (isAlarmDue(runAtMs, nowMs)) void enqueue(options, [fanOutJobOf(notification, namedIn(audience), runAtMs)]);
  } else {
    events.publish({ type: 'notification.fanned_out', notificationId: notification.id, reached });
    void enqueue(
      options,
      result.fannedOut.deliveries.map((delivery) => reminderOf(delivery, delivery.dueAtMs ?? nowMs)),
    );
  }
  return { notification, isRepeated: false, payloadOctets, reachedUsers: reached?.users ?? null };
}

function idempotencyOf(claim: IdempotencyClaim, nowMs: number): Idempotency {
  const digest = createHash('sha256').update(`${claim.method}\n${claim.path}\n`).update(claim.rawBody);
  return {
    key: `${claim.keyId}:${claim.key}`,
    bodyDigest: digest.digest('base64url'),
    expiresAtMs: nowMs + IDEMPOTENCY_KEPT_MS,
  };
}

/** Not waited for: the notification is durable, and the rescuer finds what the queue was not told about. */
async function enqueue({ queue, events }: NotificationsOptions, jobs: readonly Job[]): Promise<void> {
  try {
    if (jobs.length > 0) await queue.enqueueMany(jobs);
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'notifications', error });
  }
}

function notFound(): never {
  throw new AppError('notification_not_found', 'There is no notification with this id.');
}
