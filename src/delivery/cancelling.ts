import type { Clock } from '../clock.ts';
import { cancelled } from '../domain/delivery/life.ts';
import type { Events } from '../domain/events.ts';
import type { Store } from '../store/store.ts';

export type CancellingOptions = {
  readonly store: Pick<Store, 'fanOuts' | 'deliveries' | 'notifications'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/** Deliveries that end in one page. */
const ENDED_AT_ONCE = 200;

/**
 * Ends what waits of a notification that somebody called off, a page a job. Nothing depends on when it comes to that: a claim of one of
 * these deliveries ends it, too, and sends nothing. Resolves with whether there may be more. A push under way ends by itself.
 */
export async function endCancelledPage(
  { store, events, clock }: CancellingOptions,
  notificationId: string,
): Promise<boolean> {
  const notification = await store.notifications.get(notificationId);
  if (notification === null || notification.cancelledAtMs === null) return false;
  const nowMs = clock.now();
  if (notification.dueAtMs === null || notification.dueAtMs > nowMs) return false;
  const waiting = await store.deliveries.waitingOf(notificationId, ENDED_AT_ONCE);
  const plans = waiting.map((delivery) => cancelled(delivery, nowMs));
  const settled = await store.deliveries.settleMany(plans.map(({ settlement }) => settlement));
  for (const event of plans.filter((_, index) => settled[index]).flatMap((plan) => plan.events)) events.publish(event);
  if (waiting.length === ENDED_AT_ONCE) return true;
  await store.fanOuts.endCancelled(notificationId, nowMs);
  return false;
}
