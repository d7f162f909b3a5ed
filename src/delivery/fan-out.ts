import type { Clock } from '../clock.ts';
import { deliveriesFor } from '../domain/audience/fan-out.ts';
import type { Events } from '../domain/events.ts';
import { type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import type { Store } from '../store/store.ts';
import { supersede } from './superseder.ts';

export type FanOutOptions = {
  readonly store: Pick<Store, 'audiences' | 'fanOuts' | 'deliveries'>;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  /** The most deliveries made in one commit. */
  readonly pageSize: number;
};

/**
 * Turns an accepted notification into deliveries, one page a job, so that a large audience shares the worker with
 * everything else. The cursor moves in the page's own commit: whoever repeats a page, or loses a race, changes nothing.
 */
export function createFanOutPage(options: FanOutOptions): (job: Job) => Promise<void> {
  const { store, queue, events, clock, pageSize } = options;

  return async (job) => {
    const fanOut = await store.fanOuts.get(job.id);
    if (fanOut === null) return;
    const { notification, audience, cursor: from } = fanOut;
    const { subscriptions, next: to, given } = await store.audiences.recipients(audience, from, pageSize);
    const nowMs = clock.now();
    const deliveries = deliveriesFor(notification, subscriptions, nowMs);
    const isKept = await store.fanOuts.commitPage({ notificationId: notification.id, from, to, deliveries });
    if (!isKept) return;
    await supersede(
      { store: store.deliveries, events, clock },
      notification,
      subscriptions.map(({ id }) => id),
    );
    const reminders: Job[] = deliveries.map((delivery) => reminderOf(delivery, nowMs));
    if (to !== null) reminders.push({ ...job, step: job.step + 1, runAtMs: nowMs });
    else {
      const reached = given === null ? null : { users: given.users, deliveries: given.subscriptions };
      events.publish({ type: 'notification.fanned_out', notificationId: notification.id, reached });
    }
    await queue.enqueueMany(reminders);
  };
}
