import type { Clock } from '../clock.ts';
import { deliveriesFor, type FanOutCursor } from '../domain/audience/audience.ts';
import type { Events } from '../domain/events.ts';
import { type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { FanOut } from '../store/notification-store.ts';
import type { Store } from '../store/store.ts';
import { supersede } from './superseder.ts';

export type FanOutOptions = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  /** The most deliveries kept in one commit. */
  readonly pageSize: number;
  /** Users looked up for them; as many unless given. */
  readonly usersPerPage?: number;
};

/**
 * Turns an accepted notification into deliveries, one page a job, so that a large audience shares the worker with
 * everything else. The cursor moves in the page's own commit: whoever repeats a page, or loses a race, changes nothing.
 */
export function createFanOutPage(options: FanOutOptions): (job: Job) => Promise<void> {
  const { store, queue, events, clock, pageSize, usersPerPage = pageSize } = options;

  return async (job) => {
    const fanOut = await store.notifications.fanOut(job.id);
    if (fanOut === null) return;
    const { notification, userIds, cursor } = fanOut;
    const chunk = userIds.slice(cursor.userIndex, cursor.userIndex + usersPerPage);
    const found = await store.subscriptions.activeOf({ userIds: chunk, after: cursor.after, limit: pageSize });
    const nowMs = clock.now();
    const deliveries = deliveriesFor(notification, found, nowMs);
    const to = nextCursor(fanOut, { pageSize, usersPerPage }, found);
    const kept = await store.notifications.commitFanOut({
      notificationId: notification.id,
      from: cursor,
      to,
      deliveries,
    });
    if (!kept) return;
    await supersede(
      { store: store.deliveries, events, clock },
      notification,
      found.map(({ id }) => id),
    );
    const reminders: Job[] = deliveries.map((delivery) => reminderOf(delivery, nowMs));
    if (to !== null) reminders.push({ ...job, step: job.step + 1, runAtMs: nowMs });
    else events.publish({ type: 'notification.fanned_out', notificationId: notification.id });
    await queue.enqueueMany(reminders);
  };
}

/** A full page may have more of the same users behind it; else the next users follow, or the audience is done. */
function nextCursor(
  { userIds, cursor }: FanOut,
  { pageSize, usersPerPage }: { readonly pageSize: number; readonly usersPerPage: number },
  found: readonly { readonly id: string; readonly userId: string }[],
): FanOutCursor | null {
  const last = found.at(-1);
  if (last !== undefined && found.length === pageSize) {
    return { userIndex: cursor.userIndex, after: { userId: last.userId, subscriptionId: last.id } };
  }
  const userIndex = cursor.userIndex + usersPerPage;
  return userIndex < userIds.length ? { userIndex, after: null } : null;
}
