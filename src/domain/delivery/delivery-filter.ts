import type { OutcomeKind } from '../push-service/push-outcome.ts';
import { isServiceName } from '../push-service/push-service.ts';
import { serviceOfOrigin } from '../push-service/push-target.ts';
import type { Attempt, Delivery, DeliveryState, EndReason } from './delivery.ts';

/** Which deliveries somebody asks for. Null asks for nothing in particular. */
export type DeliveryFilter = {
  readonly state: DeliveryState | null;
  readonly reason: EndReason | null;
  /** A push service by its name, or one of its origins. */
  readonly service: string | null;
  /** Those with an attempt on record that is such a one. */
  readonly attempt: AttemptFilter | null;
};

/** Which attempts somebody asks for. */
export type AttemptFilter = {
  readonly outcome: OutcomeKind | null;
  /** Begun at or after. */
  readonly fromMs: number | null;
  /** Begun before. */
  readonly untilMs: number | null;
};

export const ANY_DELIVERY: DeliveryFilter = { state: null, reason: null, service: null, attempt: null };

/** Whether every delivery is one that is asked for. */
export function isUnfiltered({ state, reason, service, attempt }: DeliveryFilter): boolean {
  return state === null && reason === null && service === null && attempt === null;
}

/** Whether a delivery is one that is asked for. */
export function isAskedFor(filter: DeliveryFilter, delivery: Delivery): boolean {
  const { state, reason, service, attempt } = filter;
  if (state !== null && delivery.state !== state) return false;
  if (reason !== null && delivery.reason !== reason) return false;
  if (service !== null && !isOfService(service, delivery.origin)) return false;
  return attempt === null || delivery.attempts.some((one) => isAttemptAskedFor(attempt, one));
}

/** Whether an attempt is one that is asked for. */
export function isAttemptAskedFor({ outcome, fromMs, untilMs }: AttemptFilter, attempt: Attempt): boolean {
  if (outcome !== null && attempt.outcome !== outcome) return false;
  return attempt.startedAtMs >= (fromMs ?? -Infinity) && attempt.startedAtMs < (untilMs ?? Infinity);
}

/** Whether an origin is one of a push service that is named, or is the one named itself. */
export function isOfService(service: string, origin: string): boolean {
  return isServiceName(service) ? serviceOfOrigin(origin) === service : origin === service;
}
