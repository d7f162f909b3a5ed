import { createHash } from 'node:crypto';
import { parseRetryAfter } from '../delivery/retry-policy.ts';
import { eventWire } from '../event/event-wire.ts';
import type { EventType, OutboxEvent } from '../event/outbox-event.ts';
import { timedId } from '../ids.ts';

/** What one request met. `failure` is a word of a closed set; a body is not looked at. */
export type WebhookAnswer =
  | { readonly kind: 'response'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'failure'; readonly failure: string };

export type WebhookVerdict = { readonly kind: 'delivered' | 'gone' | 'failed'; readonly retryAfterMs: number | null };

/** `waiting` for its next attempt; `sending`: an attempt has begun, and was interrupted where nobody holds the endpoint. */
export const WEBHOOK_DELIVERY_STATES = ['waiting', 'sending', 'delivered', 'failed'] as const;
export type WebhookDeliveryState = (typeof WEBHOOK_DELIVERY_STATES)[number];

export type WebhookAttempt = {
  readonly startedAtMs: number;
  readonly tookMs: number | null;
  readonly status: number | null;
  /** Why there is no status; `interrupted` where the process died. */
  readonly error: string | null;
};

/** One event on its way to one endpoint. */
export type WebhookDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly sequence: number;
  readonly eventId: string;
  readonly eventType: EventType;
  /** The body that is sent: as text, so that each attempt signs the same. */
  readonly payload: string;
  readonly state: WebhookDeliveryState;
  /** Null once it has ended. */
  readonly dueAtMs: number | null;
  readonly deadlineAtMs: number;
  /** Attempts since it was begun, or begun again by a replay. */
  readonly tries: number;
  /** The newest, oldest first. */
  readonly attempts: readonly WebhookAttempt[];
  /** When it was made, or last asked for again. */
  readonly begunAtMs: number;
  readonly endedAtMs: number | null;
  readonly version: number;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Standard Webhooks’ own: the last try is made after some three days. */
const WAITS_MS = [5000, 5 * MINUTE_MS, 30 * MINUTE_MS, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS)];
const TRIED_FOR_MS = 72 * HOUR_MS;
const MOST_ATTEMPTS_KEPT = 30;

/** A delivery as it is made: due at once. The same event to the same endpoint is the same one. */
export function newWebhookDelivery(endpointId: string, event: OutboxEvent, nowMs: number): WebhookDelivery {
  const { sequence, id: eventId, type: eventType, atMs } = event;
  const { data, at } = eventWire(event);
  const digest = createHash('sha256').update(`${endpointId}\n${eventId}`).digest();
  return {
    id: timedId('webhookDelivery', atMs, digest),
    endpointId,
    sequence,
    eventId,
    eventType,
    payload: JSON.stringify({ type: eventType, timestamp: at, sequence, data }),
    ...begun(nowMs),
    attempts: [],
    version: 1,
  };
}

/** One that has ended, or waits, as it is after somebody asked to have it sent again. Its attempts stay on record. */
export function begunAgain(delivery: WebhookDelivery, nowMs: number): WebhookDelivery {
  return { ...delivery, ...begun(nowMs) };
}

function begun(nowMs: number) {
  const due = { dueAtMs: nowMs, deadlineAtMs: nowMs + TRIED_FOR_MS, endedAtMs: null };
  return { state: 'waiting', tries: 0, begunAtMs: nowMs, ...due } as const;
}

/** What came of a request. `refused`: any answer but 2xx and 410. `interrupted`: the process stopped before there was one. */
export const WEBHOOK_RESULTS = ['received', 'refused', 'gone', 'no_answer', 'interrupted'] as const;
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number];

/** By what it met, and what that means. */
export function resultOf(answer: WebhookAnswer, { kind }: WebhookVerdict): WebhookResult {
  if (answer.kind === 'failure') return 'no_answer';
  return kind === 'delivered' ? 'received' : kind === 'gone' ? 'gone' : 'refused';
}

/** Any 2xx is received; a redirect is not followed, so it is none. */
export function judgeAnswer(answer: WebhookAnswer, nowMs: number): WebhookVerdict {
  if (answer.kind === 'failure') return { kind: 'failed', retryAfterMs: null };
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered', retryAfterMs: null };
  if (status === 410) return { kind: 'gone', retryAfterMs: null };
  const isToWait = status === 429 || status === 503;
  return { kind: 'failed', retryAfterMs: isToWait ? parseRetryAfter(retryAfter, nowMs) : null };
}

/** What attempts at the same time tell of an endpoint: several that fail are one failure. Null where there was none. */
export function verdictOf(verdicts: readonly WebhookVerdict[]): WebhookVerdict | null {
  const failed = verdicts.filter(({ kind }) => kind !== 'delivered');
  const [first] = failed;
  if (first === undefined) return verdicts[0] ?? null;
  const waits = failed.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const kind = failed.some((one) => one.kind === 'gone') ? 'gone' : 'failed';
  return { kind, retryAfterMs: waits.length === 0 ? null : Math.max(...waits) };
}

/** A delivery after one more attempt: ended, or due again. `jitter` in [0, 1). */
export function afterAttempt(
  delivery: WebhookDelivery,
  attempt: WebhookAttempt,
  verdict: WebhookVerdict,
  nowMs: number,
  jitter: number,
): WebhookDelivery {
  const tries = delivery.tries + 1;
  const attempts = [...delivery.attempts, attempt].slice(-MOST_ATTEMPTS_KEPT);
  const next = { ...delivery, tries, attempts };
  if (verdict.kind === 'delivered') return { ...next, state: 'delivered', dueAtMs: null, endedAtMs: nowMs };
  const waitMs = (WAITS_MS[tries - 1] ?? Number.POSITIVE_INFINITY) * (0.9 + jitter / 5);
  const dueAtMs = Math.ceil(nowMs + Math.max(waitMs, verdict.retryAfterMs ?? 0));
  if (dueAtMs < delivery.deadlineAtMs) return { ...next, state: 'waiting', dueAtMs };
  return { ...next, state: 'failed', dueAtMs: null, endedAtMs: nowMs };
}

/** When the oldest of these was begun; null where there is none. */
export function oldestOf(deliveries: readonly WebhookDelivery[]): number | null {
  return deliveries.length === 0 ? null : Math.min(...deliveries.map(({ begunAtMs }) => begunAtMs));
}

/** An attempt that nobody knows the end of: it may have been received. It costs no try. */
export function interrupted(delivery: WebhookDelivery, startedAtMs: number): WebhookDelivery {
  const attempt = { startedAtMs, tookMs: null, status: null, error: 'interrupted' };
  return { ...delivery, state: 'waiting', attempts: [...delivery.attempts, attempt].slice(-MOST_ATTEMPTS_KEPT) };
}

/** Past its deadline, without another attempt. */
export function expired(delivery: WebhookDelivery, nowMs: number): WebhookDelivery {
  return { ...delivery, state: 'failed', dueAtMs: null, endedAtMs: nowMs };
}
