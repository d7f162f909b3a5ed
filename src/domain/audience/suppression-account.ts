import type { SuppressionReason } from './release.ts';

type Words = readonly [says: string, remedy: string];

/** Why a user got nothing of a notification, as a person on call is told. */
const WORDS: Readonly<Record<SuppressionReason, Words>> = {
  cancelled: ['Nothing was sent: the notification was called off before', 'Nothing to do.'],
  local_time_passed: [
    'Nothing was sent: the local time had passed for this user',
    'Send it with if_passed “send_now” or “next_day” where that matters.',
  ],
  missed: [
    'Nothing was sent: its time came and went while Bellhop was down or paused',
    'Send it again if it still matters.',
  ],
  no_subscription: [
    'Nothing was sent: the user had no device',
    'Nothing to do here: a browser of theirs has to register first.',
  ],
  opted_out: [
    'Nothing was sent: the user had opted out of such notifications',
    'Nothing to do: only the user changes that, or a type that is “required”.',
  ],
  paused: [
    'Nothing was sent: the user had paused',
    'Nothing to do: only a type that overrides quiet hours goes through.',
  ],
  quiet_hours: [
    'Nothing was sent: it was the user’s quiet hours, in which this type is dropped',
    'Give the type on_quiet “hold” if it shall wait instead.',
  ],
  quiet_hours_past_deadline: [
    'Nothing was sent: the user’s quiet hours ended after its deadline',
    'Give it a longer ttl_seconds if it shall wait for the morning.',
  ],
  render_failed: [
    'Nothing was sent: the text could not be made for this user',
    'Look at the template and its variables, then send again.',
  ],
  holdout: [
    'Nothing was sent: the experiment keeps this user as one of those who get nothing',
    'Nothing to do: they are what the others are compared with.',
  ],
  experiment_inconclusive: [
    'Nothing was sent: the test had no winner when its time had come',
    'Send it again to those left, or give the next one if_inconclusive “send_heaviest”.',
  ],
  capped: [
    'Nothing was sent: the user had as many of these as the cap allows',
    'Raise the cap of the type, or let the type override it.',
  ],
};

/** A sentence and a remedy. */
export function suppressionAccountOf(reason: SuppressionReason): { readonly says: string; readonly remedy: string } {
  const [says, remedy] = WORDS[reason];
  return { says: `${says}.`, remedy };
}
