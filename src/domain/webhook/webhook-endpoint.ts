import type { EventType } from '../event/outbox-event.ts';
import type { WebhookVerdict } from './webhook-delivery.ts';

export type WebhookSecret = {
  readonly secret: string;
  /** Null: until it is rotated. */
  readonly expiresAtMs: number | null;
};

/** `gone`: it answered 410. `failing`: it failed for days. `by_hand`: somebody switched it off. */
export const DISABLED_REASONS = ['gone', 'failing', 'by_hand'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** How it does. Nothing goes to it before `retryAtMs`; while it fails, one delivery at a time tries whether it is back. */
export type WebhookHealth = {
  readonly failingSinceMs: number | null;
  readonly failures: number;
  readonly retryAtMs: number | null;
  readonly disabled: { readonly reason: DisabledReason; readonly atMs: number } | null;
};

/** Where events are sent, and how far that got. */
export type WebhookEndpoint = WebhookHealth & {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  /** Null: all. */
  readonly eventTypes: readonly EventType[] | null;
  /** The newest first. What is sent is signed with each that has not expired. */
  readonly secrets: readonly WebhookSecret[];
  /** Its deliveries exist for all events up to this number. */
  readonly cursor: number;
  /** Events up to this number are sent again, whether or not they were; those whose delivery is younger than that were. */
  readonly replay: { readonly untilSequence: number; readonly askedAtMs: number } | null;
  /** When its next delivery is due; null where none waits. */
  readonly nextDueAtMs: number | null;
  /** One process at a time sends to it. */
  readonly leaseUntilMs: number;
  readonly createdAtMs: number;
  /** Grows with each write; a write that names another version loses. */
  readonly version: number;
};

export const ENDPOINT_STANDINGS = ['enabled', 'failing', 'disabled'] as const;
export type EndpointStanding = (typeof ENDPOINT_STANDINGS)[number];

export function standingOf({ disabled, failingSinceMs }: WebhookHealth): EndpointStanding {
  if (disabled !== null) return 'disabled';
  return failingSinceMs === null ? 'enabled' : 'failing';
}

export const MOST_ENDPOINTS = 50;
const MOST_LIVE_SECRETS = 2;

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
/** Failing for so long, it is called no more. */
const DISABLED_AFTER_MS = 5 * DAY_MS;
/** Between two probes. */
const FIRST_PROBE_MS = 5 * SECOND_MS;
const LONGEST_PROBE_MS = 900 * SECOND_MS;

export const HEALTHY: WebhookHealth = { failingSinceMs: null, failures: 0, retryAtMs: null, disabled: null };

/** How an endpoint does after one more attempt. `jitter` in [0, 1). */
export function healthAfter(
  health: WebhookHealth,
  verdict: WebhookVerdict,
  nowMs: number,
  jitter: number,
): WebhookHealth {
  if (health.disabled !== null) return health;
  if (verdict.kind === 'delivered') return HEALTHY;
  const failingSinceMs = health.failingSinceMs ?? nowMs;
  const failures = health.failures + 1;
  const waitMs = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(failures - 1, 20)) * (0.5 + jitter / 2);
  const retryAtMs = Math.ceil(nowMs + Math.max(waitMs, verdict.retryAfterMs ?? 0));
  const isFailing = nowMs - failingSinceMs >= DISABLED_AFTER_MS;
  const reason: DisabledReason | null = verdict.kind === 'gone' ? 'gone' : isFailing ? 'failing' : null;
  return { failingSinceMs, failures, retryAtMs, disabled: reason === null ? null : { reason, atMs: nowMs } };
}

/** Whether there is anything to do for it now. `lastSequence`: that of the latest event. */
export function hasWork(endpoint: WebhookEndpoint, lastSequence: number, nowMs: number): boolean {
  const { disabled, leaseUntilMs, retryAtMs, cursor, nextDueAtMs } = endpoint;
  if (disabled !== null || leaseUntilMs > nowMs) return false;
  if (cursor < lastSequence) return true;
  return (retryAtMs ?? 0) <= nowMs && nextDueAtMs !== null && nextDueAtMs <= nowMs;
}

/** The secrets with a new one in front; the one before stays good until `keptUntilMs`, an older one no longer. */
export function rotated(
  secrets: readonly WebhookSecret[],
  secret: string,
  keptUntilMs: number,
): readonly WebhookSecret[] {
  const kept = secrets.map((one) => ({ ...one, expiresAtMs: Math.min(one.expiresAtMs ?? keptUntilMs, keptUntilMs) }));
  return [{ secret, expiresAtMs: null }, ...kept].slice(0, MOST_LIVE_SECRETS);
}

export function liveSecrets({ secrets }: WebhookEndpoint, nowMs: number): readonly string[] {
  return secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs).map(({ secret }) => secret);
}

/** Whether it is sent events of this type. */
export function isSent({ eventTypes }: WebhookEndpoint, type: EventType): boolean {
  return eventTypes === null || eventTypes.includes(type);
}
