import { createHash } from 'node:crypto';
import type { Urgency } from '../notification/notification.ts';
import type { SubscriptionKeys } from '../subscription/subscription.ts';

/** One request to a push service, before encryption (RFC 8030, RFC 8291). */
export type PushMessage = {
  readonly endpoint: string;
  readonly keys: SubscriptionKeys;
  /** Which VAPID key signs: the one the subscription was made with. */
  readonly vapidPublicKey: string;
  readonly payload: string;
  readonly ttlSeconds: number;
  readonly urgency: Urgency;
  /** A valid `Topic` header, or none. */
  readonly topic: string | null;
};

/** All of a message but its TTL, which depends on when it is sent. */
export type DraftMessage = Omit<PushMessage, 'ttlSeconds'>;

/**
 * The portable `Topic` header for a collapse key: 32 characters of the base64url alphabet (RFC 8030 section 5.4),
 * a length that Apple accepts too, which decodes it and refuses some shorter ones.
 */
export function topicHeader(collapseKey: string): string {
  return createHash('sha256').update(collapseKey, 'utf8').digest().subarray(0, 24).toString('base64url');
}

/** What is left of a message's life, in whole seconds, at least 1: some services refuse TTL 0. */
export function remainingTtlSeconds(deadlineAtMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((deadlineAtMs - nowMs) / 1000));
}
