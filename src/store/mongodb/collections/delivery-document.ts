import type { DeadKind } from '../../../domain/delivery/dead-kind.ts';
import type { Attempt, Delivery, DeliveryState, EndReason, Replay } from '../../../domain/delivery/delivery.ts';
import type { DeliveryVariant } from '../../../domain/experiment/experiment.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { WithOutbox } from './event-queries.ts';
import { instant } from './instant.ts';

export type DeliveryDocument = WithOutbox & {
  readonly _id: string;
  readonly notificationId: string;
  readonly subscriptionId: string;
  readonly userId: string;
  /** Both are missing in documents of before they were kept. */
  readonly origin?: string;
  readonly topic?: string | null;
  /** Absent where the notification was sent when it was accepted. */
  readonly sentOrder?: string;
  readonly priority: Priority;
  readonly state: DeliveryState;
  readonly version: number;
  readonly dueAtMs: number | null;
  readonly deadlineAtMs: number;
  readonly retryCount: number;
  readonly interruptionCount: number;
  readonly attemptCount: number;
  readonly claimedAtMs: number | null;
  /** Both are missing in documents of before they were kept. */
  readonly heldAtMs?: number | null;
  readonly capPattern?: string | null;
  readonly variant?: DeliveryVariant;
  readonly reason: EndReason | null;
  /** As its last failure left it; what counts is that of dead letters. */
  readonly deadKind?: DeadKind;
  readonly attempts: readonly Attempt[];
  readonly isAttempted: boolean;
  readonly replays: readonly Replay[];
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** Tokens of the latest writes: they tell a writer, after the fact, whether its write was the one that counted. */
  readonly writes: readonly string[];
  /** The experiment that has yet to count that it was made, or delivered. */
  readonly toCount?: string;
  /** When it ended, from which retention counts; null until then. */
  readonly retainedFrom: Date | null;
};

/** `deadKind`: of a dead letter. */
export function toDeliveryDocument({ id, sentOrder, ...delivery }: Delivery, deadKind?: DeadKind): DeliveryDocument {
  return {
    ...delivery,
    ...(sentOrder !== null && { sentOrder }),
    _id: id,
    userId: encodeText(delivery.userId),
    topic: delivery.topic === null ? null : encodeText(delivery.topic),
    isAttempted: delivery.attempts.length > 0,
    writes: [],
    retainedFrom: retainedFrom(delivery.endedAtMs),
    ...(deadKind !== undefined && { deadKind }),
    ...(delivery.variant?.experimentKey !== undefined && { toCount: delivery.variant.experimentKey }),
  };
}

export function toDelivery(document: DeliveryDocument): Delivery {
  const { _id: id, writes: _, isAttempted: __, retainedFrom: ___, outbox: ____, ...kept } = document;
  const { origin = '', topic = null, toCount: _____, deadKind: ______, ...rest } = kept;
  const { heldAtMs = null, capPattern = null, sentOrder = null } = rest;
  return {
    ...rest,
    sentOrder,
    heldAtMs,
    capPattern,
    id,
    userId: decodeText(document.userId),
    origin,
    topic: topic === null ? null : decodeText(topic),
  };
}

/** All that may change in a delivery's life, but for its version. `deadKind`: where it is a dead letter now. */
export function changeTo(after: Delivery, deadKind?: DeadKind): Partial<DeliveryDocument> {
  return {
    state: after.state,
    dueAtMs: after.dueAtMs,
    deadlineAtMs: after.deadlineAtMs,
    retryCount: after.retryCount,
    interruptionCount: after.interruptionCount,
    attemptCount: after.attemptCount,
    claimedAtMs: after.claimedAtMs,
    heldAtMs: after.heldAtMs,
    reason: after.reason,
    endedAtMs: after.endedAtMs,
    attempts: after.attempts,
    isAttempted: after.attempts.length > 0,
    replays: after.replays,
    ...(deadKind !== undefined && { deadKind }),
    retainedFrom: retainedFrom(after.endedAtMs),
    ...(after.state === 'delivered' &&
      after.variant?.experimentKey !== undefined && { toCount: after.variant.experimentKey }),
  };
}

function retainedFrom(endedAtMs: number | null): Date | null {
  return endedAtMs === null ? null : instant(endedAtMs);
}
