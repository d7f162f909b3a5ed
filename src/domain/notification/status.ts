import { type Delivery, isFinal } from '../delivery/delivery.ts';
import type { Settlement } from '../delivery/settlement.ts';
import type { Notification } from './notification.ts';

/** The status of a notification whose fan-out is done, where these are all its deliveries. */
export function statusWith(
  deliveries: readonly Pick<Delivery, 'state'>[],
): Exclude<Notification['status'], 'accepted'> {
  return deliveries.every(({ state }) => isFinal(state)) ? 'completed' : 'sending';
}

/** Ids of notifications by what settlements did to deliveries of theirs. */
export type Touched = {
  /** One has become final: perhaps it was the last, and the notification is `completed`. */
  readonly perhapsCompleted: ReadonlySet<string>;
  /** One is not final: the notification is `sending`, also where it was `completed`. */
  readonly open: ReadonlySet<string>;
};

/** What settlements that were kept mean to their notifications. */
export function touchedBy(settlements: readonly Settlement[]): Touched {
  const touched = { perhapsCompleted: new Set<string>(), open: new Set<string>() };
  for (const { after } of settlements) {
    (isFinal(after.state) ? touched.perhapsCompleted : touched.open).add(after.notificationId);
  }
  return touched;
}
