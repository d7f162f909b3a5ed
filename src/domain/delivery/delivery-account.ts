import type { Subscription } from '../subscription/subscription.ts';
import { type Delivery, type EndReason, isWaiting } from './delivery.ts';

/** What came of a delivery, as a person on call is told. */
export type DeliveryAccount = {
  /** One sentence. */
  readonly says: string;
  /** What to do, or that nothing needs doing; null where there is nothing to say. */
  readonly remedy: string | null;
  /** When it is looked at next; null where it has ended, or is being sent. */
  readonly nextAtMs: number | null;
};

type Words = readonly [says: string, remedy: string | null];

const COMES_BACK = 'Nothing to do: its browser registers again on its next visit.';
const REPLAY = 'Replay it with a new deadline if it still matters.';

/** Why one ended other than well. Where an attempt has its own words, those are told as well. */
const ENDED: Readonly<Record<EndReason, Words>> = {
  retries_exhausted: ['Given up: every retry is spent', 'Mend the cause below, then replay it.'],
  rejected: ['Refused by the push service for good', 'Mend the cause below, then replay it.'],
  misconfigured: ['Refused because of our key or our settings', 'Mend the settings, then replay it.'],
  interrupted_too_often: [
    'Given up: the process ended too often while it was being sent',
    'Look why it ended, then replay it.',
  ],
  pruning_on_hold: [
    'Called gone, while pruning is on hold',
    'Decide about the hold: confirm it if such subscriptions are gone, or dismiss it and replay.',
  ],
  subscription_gone: ['The push service says that this subscription has ended, so it is retired', COMES_BACK],
  subscription_refused: ['The push service refused this subscription for days, so it is retired', COMES_BACK],
  subscription_deleted: ['Not sent: the subscription was deleted before', null],
  subscription_inactive: ['Not sent: the subscription was retired before', COMES_BACK],
  superseded: ['Not sent: a newer notification with the same topic took its place', null],
  dropped: ['Not sent: somebody decided so when sending was resumed', null],
  notification_cancelled: ['Not sent: somebody called the notification off', null],
  user_erased: ['Not sent: the user was erased', null],
  discarded: ['Failed, and somebody took it off the dead letters', null],
  deadline_passed: ['Never sent: its deadline had passed', REPLAY],
  deadline_too_near: ['Given up: the next try would have come after its deadline', REPLAY],
  render_failed: [
    'Not sent: its text could not be made for this device',
    'Look at the template and its variables, then send again.',
  ],
  opted_out: ['Not sent: the user had opted out by then', null],
  paused: ['Not sent: the user had paused by then', null],
  quiet_hours: ['Not sent: it was the user’s quiet hours by then, in which this type is dropped', null],
  quiet_hours_past_deadline: ['Not sent: the user’s quiet hours end after its deadline', REPLAY],
};

/**
 * What came of a user’s deliveries of one notification, where some have ended other than well: `Not sent: … (1 of 2 devices)`. Null
 * where none has, and there is no more to say than that they were made.
 */
export function endingsOf(deliveries: readonly Pick<Delivery, 'reason'>[]): string | null {
  const counts = new Map<EndReason, number>();
  for (const { reason } of deliveries) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  if (counts.size === 0) return null;
  const devices = deliveries.length === 1 ? '1 device' : `${deliveries.length} devices`;
  return [...counts].map(([reason, count]) => `${ENDED[reason][0]} (${count} of ${devices}).`).join(' ');
}

/** One sentence, what to do, and when it goes on. `service` is what the push service is called. */
export function deliveryAccountOf(
  delivery: Delivery,
  { subscription, service }: { readonly subscription: Subscription | null; readonly service: string },
): DeliveryAccount {
  const last = delivery.attempts.at(-1) ?? null;
  const nextAtMs = isWaiting(delivery.state) ? delivery.dueAtMs : null;
  const account = (says: string, remedy: string | null): DeliveryAccount => ({ says: `${says}.`, remedy, nextAtMs });
  const because = last?.error ?? null;
  switch (delivery.state) {
    case 'pending':
      return account(
        last === null ? 'Not sent yet: it waits for its turn' : 'To be sent again: it waits for its turn',
        null,
      );
    case 'held':
      return account('Held for the user’s quiet hours or pause', 'Nothing to do: it is sent when they end.');
    case 'sending':
      return account(`Being sent to ${service} now`, null);
    case 'retrying':
      if (last?.outcome === 'quarantined') return account(`In quarantine: ${because}`, last.remedy);
      if (last?.outcome === 'throttled') return account(`Throttled: ${because}`, last.remedy);
      return account(`Not delivered yet: ${because ?? 'the attempt was cut short'}`, last?.remedy ?? null);
    case 'delivered':
      return account(
        `Accepted by ${service}${because === null ? '' : `; ${because}`}. Whether a screen showed it, nobody can tell`,
        last?.remedy ?? null,
      );
    default:
      return endedAccount(delivery, subscription, account);
  }
}

function endedAccount(
  { reason, attempts }: Delivery,
  subscription: Subscription | null,
  account: (says: string, remedy: string | null) => DeliveryAccount,
): DeliveryAccount {
  const [says, remedy] = reason === null ? ['Not delivered', null] : ENDED[reason];
  const last = attempts.at(-1) ?? null;
  const isBack = subscription !== null && subscription.retired === null && remedy === COMES_BACK;
  // The push service’s words say more exactly what is to be mended.
  const exact = reason === 'misconfigured' ? (last?.remedy ?? null) : null;
  const advice = isBack
    ? 'Nothing to do: the subscription is active again.'
    : (exact ?? remedy ?? last?.remedy ?? null);
  return account(last?.error == null ? says : `${says}: ${last.error}`, advice);
}
