import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Events } from '../domain/events.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { cancelJobOf, type JobQueue } from '../queue/job-queue.ts';
import type { Store } from '../store/store.ts';

/** What had become of a notification’s deliveries by the time it was called off. Together they are all there are. */
export type Cancelled = {
  readonly notification: Notification;
  readonly delivered: number;
  /** Pushes under way: they end by themselves, and none is tried again. */
  readonly inFlight: number;
  /** Unsent for good, though some of them may still be waiting to be told so. */
  readonly cancelled: number;
  /** Failed, expired or pruned before. */
  readonly endedOtherwise: number;
};

export type CancellingOptions = {
  readonly store: Pick<Store, 'notifications' | 'deliveries'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/** Calls a notification off. Throws `notification_not_found`, and `notification_completed` where nothing is left of it. */
export async function cancel(options: CancellingOptions, id: string): Promise<Cancelled> {
  const { store, events, clock } = options;
  const nowMs = clock.now();
  const result = await store.notifications.cancel(id, nowMs);
  if (result === null) throw new AppError('notification_not_found', 'There is no notification with this id.');
  const { kind, notification } = result;
  if (kind === 'completed') {
    const words = 'All deliveries of this notification have ended: nothing is left to cancel.';
    throw new AppError('notification_completed', words);
  }
  if (kind === 'cancelled') {
    events.publish({ type: 'notification.cancelled', notificationId: id });
    void remind(options, notification, nowMs);
  }
  // After the write: what waits by now is never sent.
  const counts = await store.deliveries.countByState(id);
  return {
    notification,
    delivered: counts.delivered,
    inFlight: counts.sending,
    cancelled: counts.cancelled + counts.pending + counts.held + counts.retrying,
    endedOtherwise: counts.failed + counts.expired + counts.pruned,
  };
}

/** Not waited for: the rescuer finds it due in the store. */
async function remind({ queue, events }: CancellingOptions, notification: Notification, nowMs: number): Promise<void> {
  try {
    await queue.enqueueMany([cancelJobOf(notification, nowMs)]);
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'notifications', error });
  }
}
