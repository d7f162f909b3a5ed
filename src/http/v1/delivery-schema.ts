import { z } from '@hono/zod-openapi';
import {
  type Attempt,
  DELIVERY_STATES,
  type Delivery,
  END_REASONS,
  isWaiting,
  timelineOf,
} from '../../domain/delivery/delivery.ts';
import { OUTCOMES } from '../../domain/push-service/push-outcome.ts';
import { attemptTraceId } from '../../domain/trace.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import { instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';
import { priority } from './notification-answer.ts';
import { receiptSchema } from './receipt-schema.ts';

const state = answerWord(
  'DeliveryState',
  DELIVERY_STATES,
  '`delivered` means that the push service accepted the message, not that a person saw it.',
);
const outcome = answerWord('PushOutcome', OUTCOMES, 'What the answer of the push service, or the lack of one, means.');
const attemptStatus = answerWord('AttemptStatus', ['delivered', 'failed'], 'Whether the push service accepted it.');

export const attemptSchema = answerBody('Attempt', {
  delivery_id: z.string(),
  notification_id: z.string(),
  subscription_id: z.string(),
  user_id: z.string(),
  number: z.int().openapi({ description: '1 for the first; counts on through replays.' }),
  status: attemptStatus,
  http_status: z.int().nullable(),
  latency_ms: z.number().nullable().openapi({ format: 'double' }),
  error: z.string().nullable(),
  retry_count: z.int().openapi({ description: 'Retries spent before this attempt.' }),
  outcome,
  remedy: z.string().nullable().openapi({ description: 'What to do about it, if anything.' }),
  retry_at: instant.nullable(),
  granted_ttl_seconds: z
    .int()
    .nullable()
    .openapi({ format: 'int64', description: 'How long the push service keeps it, where it said so.' }),
  created_at: instant,
  trace_id: z.string().openapi({ description: 'Of its span, where spans are told to a collector.' }),
});

const step = answerBody('DeliveryStep', { state, at: instant });

/** What each listing shows of a delivery. */
export const deliveryFields = {
  id: z.string(),
  notification_id: z.string(),
  subscription_id: z.string(),
  user_id: z.string(),
  push_service: z.string().nullable().openapi({ description: 'The origin it is sent to.' }),
  topic: z.string().nullable(),
  priority,
  state,
  reason: answerWordOrNull(END_REASONS, 'Why it ended without being delivered.'),
  variant: z
    .string()
    .nullable()
    .openapi({ description: 'Which variant of its notification it is. Null: it has none.' }),
  retry_count: z.int(),
  attempt_count: z.int(),
  next_attempt_at: instant.nullable(),
  deadline_at: instant,
  created_at: instant,
  ended_at: instant.nullable(),
};

const wholeDelivery = {
  ...deliveryFields,
  states: z.array(step).openapi({ description: 'The way it went, oldest first.' }),
  attempts: z.array(attemptSchema).openapi({ description: 'The newest 50, oldest first.' }),
};

export const deliverySchema = answerBody('Delivery', wholeDelivery);

export const toldDeliverySchema = answerBody('DeliveryWithReceipts', {
  ...wholeDelivery,
  receipts: z.array(receiptSchema).openapi({ description: 'What its device told, the earliest first.' }),
});

/** An attempt as callers see it. */
export function attemptWire(delivery: Delivery, attempt: Attempt): z.output<typeof attemptSchema> {
  return {
    delivery_id: delivery.id,
    notification_id: delivery.notificationId,
    subscription_id: delivery.subscriptionId,
    user_id: delivery.userId,
    number: attempt.number,
    status: attempt.status,
    http_status: attempt.httpStatus,
    latency_ms: attempt.latencyMs,
    error: attempt.error,
    retry_count: attempt.retryCount,
    outcome: attempt.outcome,
    remedy: attempt.remedy,
    retry_at: isoOrNull(attempt.retryAtMs),
    granted_ttl_seconds: attempt.grantedTtlSeconds ?? null,
    created_at: isoOf(attempt.startedAtMs),
    trace_id: attemptTraceId(delivery.id, attempt.number),
  };
}

/** A delivery as callers see it. */
export function deliveryWire(delivery: Delivery): z.output<typeof deliverySchema> {
  return {
    id: delivery.id,
    notification_id: delivery.notificationId,
    subscription_id: delivery.subscriptionId,
    user_id: delivery.userId,
    push_service: delivery.origin === '' ? null : delivery.origin,
    topic: delivery.topic,
    priority: delivery.priority,
    state: delivery.state,
    reason: delivery.reason,
    variant: delivery.variant?.key ?? null,
    retry_count: delivery.retryCount,
    attempt_count: delivery.attemptCount,
    // While an attempt is under way, the due time is the end of its lease and no next attempt.
    next_attempt_at: isWaiting(delivery.state) ? isoOrNull(delivery.dueAtMs) : null,
    deadline_at: isoOf(delivery.deadlineAtMs),
    created_at: isoOf(delivery.createdAtMs),
    ended_at: isoOrNull(delivery.endedAtMs),
    states: timelineOf(delivery).map((step) => ({ state: step.state, at: isoOf(step.atMs) })),
    attempts: delivery.attempts.map((attempt) => attemptWire(delivery, attempt)),
  };
}
