import type { Delivery, EndReason } from './delivery.ts';
import { isOfService } from './delivery-filter.ts';

/** Which dead letters are meant. Null asks for nothing in particular. */
export type DeadLetterFilter = {
  readonly userId: string | null;
  readonly notificationId: string | null;
  readonly reason: EndReason | null;
  /** A push service by its name, or one of its origins. */
  readonly service: string | null;
  /** The type of its notification. */
  readonly type: string | null;
  /** A part of the remedy of its last attempt, in small or capital letters. */
  readonly remedy: string | null;
  /** Failed at or after. */
  readonly fromMs: number | null;
  /** Failed before. */
  readonly untilMs: number | null;
};

export const ANY_DEAD_LETTER: DeadLetterFilter = {
  userId: null,
  notificationId: null,
  reason: null,
  service: null,
  type: null,
  remedy: null,
  fromMs: null,
  untilMs: null,
};

/** Where a store looks for dead letters: whose, of which notification, and of which time. */
export type DeadLetterScope = Pick<DeadLetterFilter, 'userId' | 'notificationId' | 'fromMs' | 'untilMs'>;

/** What a dead letter is chosen by, beside its scope. */
export type DeadLetterFacts = Pick<Delivery, 'reason' | 'origin'> & {
  /** Null where its notification is gone. */
  readonly type: string | null;
  readonly remedy: string | null;
};

/** Whether it means all dead letters of its scope. */
export function meansAll({ reason, service, type, remedy }: DeadLetterFilter): boolean {
  return reason === null && service === null && type === null && remedy === null;
}

/** Of those of its scope: whether one of this kind is meant. */
export function isMeant(filter: DeadLetterFilter, facts: DeadLetterFacts): boolean {
  const { reason, service, type, remedy } = filter;
  if (reason !== null && facts.reason !== reason) return false;
  if (service !== null && !isOfService(service, facts.origin)) return false;
  if (type !== null && facts.type !== type) return false;
  return remedy === null || (facts.remedy ?? '').toLowerCase().includes(remedy.toLowerCase());
}
