import { z } from '@hono/zod-openapi';
import { EVENT_TYPES, type EventType } from '../../domain/event/outbox-event.ts';
import { WEBHOOK_DELIVERY_STATES, type WebhookDelivery } from '../../domain/webhook/webhook-delivery.ts';
import { DISABLED_REASONS, type WebhookEndpoint } from '../../domain/webhook/webhook-endpoint.ts';
import { answerBody, answerWord, answerWordOrNull, pageOf } from '../kit/answer-schema.ts';
import { instant, instantText, isoOf, isoOrNull, plainText } from '../kit/wire-fields.ts';

/** What is taken and given about webhook endpoints. */

const endpointFields = {
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  event_types: z.array(z.string()).nullable().openapi({ description: 'Null: all.' }),
  is_enabled: z.boolean(),
  disabled_reason: answerWordOrNull(DISABLED_REASONS, 'Why nothing is sent to it; null while it is enabled.'),
  disabled_at: instant.nullable(),
  failing_since: instant.nullable().openapi({ description: 'Null where the last attempt was received.' }),
  live_secrets: z.int().openapi({ description: 'How many secrets sign what is sent.' }),
  created_at: instant,
};

export const webhookEndpointSchema = answerBody('WebhookEndpoint', endpointFields);
export const webhookEndpointList = answerBody('WebhookEndpointList', { items: z.array(webhookEndpointSchema) });
export const webhookSecretSchema = answerBody('WebhookEndpointWithSecret', {
  ...endpointFields,
  secret: z.string().openapi({ description: 'Shown this once: `whsec_…`, for any library of Standard Webhooks.' }),
});

export const webhookDeliverySchema = answerBody('WebhookDelivery', {
  id: z.string(),
  sequence: z.int().openapi({ format: 'int64' }),
  event_id: z.string(),
  event_type: z.string(),
  state: answerWord('WebhookDeliveryState', WEBHOOK_DELIVERY_STATES, 'How far it got.'),
  due_at: instant.nullable().openapi({ description: 'When it is tried next; null once it has ended.' }),
  ended_at: instant.nullable(),
  attempts: z.array(
    answerBody('WebhookAttempt', {
      started_at: instant,
      took_ms: z.int().nullable(),
      status: z.int().nullable().openapi({ description: 'Null where there was no answer.' }),
      error: z.string().nullable().openapi({ description: 'Why there was none.' }),
    }),
  ),
});
export const webhookDeliveryPage = pageOf('WebhookDeliveryPage', webhookDeliverySchema);

const said = {
  url: z.string().min(1).max(2048).openapi({ description: 'An https URL at a public address.' }),
  event_types: z
    .array(z.enum(EVENT_TYPES))
    .min(1)
    .max(EVENT_TYPES.length)
    .nullable()
    .optional()
    .openapi({ description: 'Null or left out: all.' }),
  description: plainText(200).nullable().optional(),
  is_enabled: z.boolean().optional(),
};

export const webhookEndpointBody = z.strictObject(said).openapi('WebhookEndpointInput');
export const webhookEndpointPatch = z
  .strictObject({ ...said, url: said.url.optional() })
  .openapi('WebhookEndpointPatch');

export const rotationBody = z
  .strictObject({
    keep_seconds: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .optional()
      .openapi({ description: 'How long the secret before still signs, too; a day where it is left out.' }),
  })
  .openapi('WebhookSecretRotation');

export const replayBody = z
  .strictObject({ since: instantText.openapi({ description: 'All events from then on, as far as they are kept.' }) })
  .openapi('WebhookReplay');

export function changeOf(body: z.output<typeof webhookEndpointPatch>) {
  const { url, event_types: eventTypes, description, is_enabled: isEnabled } = body;
  return { url, eventTypes: eventTypes as readonly EventType[] | null | undefined, description, isEnabled };
}

export function endpointWire(endpoint: WebhookEndpoint): z.output<typeof webhookEndpointSchema> {
  const { id, url, description, eventTypes, disabled, failingSinceMs, secrets, createdAtMs } = endpoint;
  return {
    ...{ id, url, description, event_types: eventTypes === null ? null : [...eventTypes] },
    is_enabled: disabled === null,
    disabled_reason: disabled?.reason ?? null,
    disabled_at: isoOrNull(disabled?.atMs ?? null),
    failing_since: isoOrNull(failingSinceMs),
    live_secrets: secrets.length,
    created_at: isoOf(createdAtMs),
  };
}

export function webhookDeliveryWire(delivery: WebhookDelivery): z.output<typeof webhookDeliverySchema> {
  const { id, sequence, eventId, eventType, state, dueAtMs, endedAtMs, attempts } = delivery;
  return {
    ...{ id, sequence, event_id: eventId, event_type: eventType, state },
    due_at: isoOrNull(dueAtMs),
    ended_at: isoOrNull(endedAtMs),
    attempts: attempts.map(({ startedAtMs, tookMs, status, error }) => {
      return { started_at: isoOf(startedAtMs), took_ms: tookMs, status, error };
    }),
  };
}
