import {
  DELIVERY_STATES,
  type DeliveryState,
  END_REASONS,
  type EndReason,
  isFinal,
} from '../../src/domain/delivery/delivery.ts';
import { deliveryMachine } from '../../src/domain/delivery/delivery-machine.ts';
import { MAX_INTERRUPTIONS } from '../../src/domain/delivery/verdict.ts';
import { endingsOfMachine } from './delivery-endings.ts';

const STATES: Readonly<Record<DeliveryState, string>> = {
  pending: 'Waiting for its first attempt, or for its first after a replay.',
  held: 'Waiting for its user’s [quiet hours](people.md#quiet-hours-and-pauses) or pause to end.',
  sending: 'A worker holds the lease and an attempt is under way.',
  retrying: 'An attempt failed in a way that may pass; waiting for the next.',
  delivered: 'Accepted by the push service. Not proof that a screen showed it: no push service tells that.',
  pruned: 'The push service’s answer retired its subscription.',
  failed: 'A dead letter. Can be replayed.',
  expired: 'Out of time. Can be replayed, with a new deadline.',
  cancelled:
    'Given up: nobody is there to receive it, its user does not want it any more, a newer one replaced it, or somebody discarded it.',
};

const REASONS: Readonly<Record<EndReason, string>> = {
  retries_exhausted: 'The push service failed, hung or throttled once more than `MAX_RETRIES` allows.',
  rejected: 'Refused for good. The attempt has the push service’s own words.',
  misconfigured: 'The VAPID key or token was refused, or its private half is missing here. The attempt has the remedy.',
  interrupted_too_often: `More than ${MAX_INTERRUPTIONS} attempts were cut short by the end of a Bellhop process.`,
  pruning_on_hold: 'Called gone while unusually many were: a person [decides](http.md#holds-on-pruning) first.',
  subscription_gone: 'The push service answered 404 or 410.',
  subscription_refused: 'The push service answered 403 for as long as `QUARANTINE_RETIRE_DAYS` says.',
  subscription_deleted: 'Its subscription was deleted meanwhile.',
  subscription_inactive: 'Its subscription was retired meanwhile.',
  notification_cancelled: 'Somebody [called its notification off](scheduling.md#calling-it-off).',
  user_erased: 'Its user was [erased](privacy.md#erasing-a-person).',
  discarded: 'It had failed, and somebody [took it off the dead letters](operations.md#many-dead-letters-at-once).',
  render_failed: 'Its [text](templates.md#when-it-cannot-be-made) could not be made for its recipient.',
  dropped: 'It waited while sending was [paused](backup.md#restore), and a person decided to drop what waited.',
  superseded: 'A newer notification with the same topic was accepted for the same subscription.',
  deadline_passed: 'Its deadline (accepted + TTL) passed before it was sent.',
  deadline_too_near: 'An attempt failed, and the next would have come at or after the deadline.',
  opted_out: 'Its user opted out of the type between its making and its sending.',
  paused: 'Its user’s pause goes on past the deadline, or the type drops what comes into one.',
  quiet_hours: 'It was due in its user’s quiet hours, and the type drops what comes into them.',
  quiet_hours_past_deadline: 'It was due in its user’s quiet hours, which end at or after the deadline.',
};

/** `docs/delivery-states.md`: the machine’s transitions, and every state and reason that it ends with. */
export function deliveryStatesPage(made: string): string {
  const endings = endingsOfMachine();
  return [
    '# Delivery states',
    '',
    made,
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> pending',
    ...DELIVERY_STATES.flatMap(arrowsFrom).map(({ from, to, event }) => `  ${from} --> ${to}: ${event}`),
    '```',
    '',
    '| State | Final | Meaning |',
    '|---|---|---|',
    ...DELIVERY_STATES.map((state) => `| \`${state}\` | ${isFinal(state) ? 'yes' : ''} | ${STATES[state]} |`),
    '',
    'A delivery that ended other than well has a `reason`:',
    '',
    '| Reason | State | Meaning |',
    '|---|---|---|',
    ...END_REASONS.flatMap((reason) =>
      endings
        .filter((ending) => ending.reason === reason)
        .map(({ state }) => `| \`${reason}\` | \`${state}\` | ${REASONS[reason]} |`),
    ),
    '',
  ].join('\n');
}

/** The machine's transitions out of one state, one arrow for all the events that lead to the same state. */
function arrowsFrom(from: DeliveryState): { from: string; to: string; event: string }[] {
  const node = deliveryMachine.states[from];
  const transitions = [...(node?.transitions ?? [])].flatMap(([event, found]) => found.map((one) => ({ event, one })));
  const events = new Map<string, Set<string>>();
  for (const { event, one } of transitions) {
    const to = one.target?.[0]?.key ?? from;
    events.set(to, (events.get(to) ?? new Set()).add(event));
  }
  return [...events].map(([to, names]) => ({ from, to, event: [...names].join(', ') }));
}
