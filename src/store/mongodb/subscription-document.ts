import type { RetirementReason, Subscription } from '../../domain/subscription.ts';
import { decodeText, encodeText } from '../stored-text.ts';
import { instant } from './instant.ts';

export type SubscriptionDocument = {
  readonly _id: string;
  readonly userId: string;
  readonly endpoint: string;
  readonly endpointHash: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly vapidPublicKey: string;
  readonly expirationAtMs: number | null;
  readonly locale: string | null;
  readonly userAgent: string | null;
  readonly isActive: boolean;
  /** Counts how often the endpoint got an active row. */
  readonly generation: number;
  readonly retiredReason: RetirementReason | null;
  readonly retiredAtMs: number | null;
  readonly replacesId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When it was retired, from which retention counts; null while active. */
  readonly retainedFrom: Date | null;
};

export function toSubscriptionDocument(subscription: Subscription, generation: number): SubscriptionDocument {
  const { id, keys, retired, ...rest } = subscription;
  return {
    ...rest,
    _id: id,
    userId: encodeText(rest.userId),
    endpoint: encodeText(rest.endpoint),
    p256dh: keys.p256dh,
    auth: keys.auth,
    locale: rest.locale === null ? null : encodeText(rest.locale),
    userAgent: rest.userAgent === null ? null : encodeText(rest.userAgent),
    isActive: retired === null,
    generation,
    retiredReason: retired?.reason ?? null,
    retiredAtMs: retired?.atMs ?? null,
    retainedFrom: retired === null ? null : instant(retired.atMs),
  };
}

export function toSubscription(document: SubscriptionDocument): Subscription {
  const { retiredReason: reason, retiredAtMs: atMs } = document;
  return {
    id: document._id,
    userId: decodeText(document.userId),
    endpoint: decodeText(document.endpoint),
    endpointHash: document.endpointHash,
    keys: { p256dh: document.p256dh, auth: document.auth },
    vapidPublicKey: document.vapidPublicKey,
    expirationAtMs: document.expirationAtMs,
    locale: document.locale === null ? null : decodeText(document.locale),
    userAgent: document.userAgent === null ? null : decodeText(document.userAgent),
    retired: reason === null || atMs === null ? null : { reason, atMs },
    replacesId: document.replacesId,
    createdAtMs: document.createdAtMs,
    updatedAtMs: document.updatedAtMs,
  };
}

/** The change that retires one. */
export function asRetired(reason: RetirementReason, atMs: number): Partial<SubscriptionDocument> {
  return { isActive: false, retiredReason: reason, retiredAtMs: atMs, retainedFrom: instant(atMs) };
}
