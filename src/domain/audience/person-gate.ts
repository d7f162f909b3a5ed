import type { Delivery } from '../delivery/delivery.ts';
import { type GateAnswer, GO } from '../delivery/gate.ts';
import type { Notification } from '../notification/notification.ts';
import type { TypePolicy } from '../notification-type/type-policy.ts';
import { type Person, zoneOf } from '../user/person.ts';
import { shareOf } from './fan-out.ts';
import { releaseAgain, releasedAtMs } from './release.ts';

/** What the gate of a person's wishes knows of a delivery that is about to be sent. */
export type PersonGateFacts = {
  readonly before: Pick<Delivery, 'userId' | 'deadlineAtMs'>;
  readonly notification: Pick<Notification, 'content'>;
  readonly person: Person;
  readonly policy: TypePolicy;
  readonly serverZone: string;
};

/**
 * A person may have opted out since the delivery was made, and an attempt may come into their quiet hours: what they want is asked again
 * before each.
 */
export function personGate(facts: PersonGateFacts, nowMs: number): GateAnswer {
  const { before, notification, person, policy, serverZone } = facts;
  const { user } = person;
  if (user === null) return GO;
  const { userId, deadlineAtMs } = before;
  const { type } = notification.content;
  const zone = zoneOf(person, serverZone);
  const answer = releaseAgain({ type, policy, deadlineAtMs, user, zone }, nowMs);
  switch (answer.kind) {
    case 'go':
      return GO;
    case 'hold':
      return { kind: 'hold', untilMs: releasedAtMs(answer.untilMs, deadlineAtMs, shareOf(userId)) };
    case 'stop':
      return { kind: 'drop', reason: answer.reason };
  }
}
