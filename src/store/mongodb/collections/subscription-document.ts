import type { Quarantine } from '../../../domain/subscription/quarantine.ts';
import type { Retired, RetirementReason, Subscription } from '../../../domain/subscription/subscription.ts';
import { changedFields, type SubscriptionChange } from '../../../domain/subscription/subscription-change.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { WithOutbox } from './event-queries.ts';
import { instant } from './instant.ts';

export type SubscriptionDocument = WithOutbox & {
  readonly _id: string;
  readonly userId: string;
  readonly endpoint: string;
  readonly endpointHash: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly vapidPublicKey: string;
  readonly expirationAtMs: number | null;
  readonly locale: string | null;
  /** Missing in documents of before it was kept. */
  readonly timeZone?: string | null;
  readonly userAgent: string | null;
  readonly isActive: boolean;
  /** Counts how often the endpoint got an active row. */
  readonly generation: number;
  readonly retiredReason: RetirementReason | null;
  readonly retiredAtMs: number | null;
  /** These four are missing in documents of before they were kept. */
  readonly retiredById?: string | null;
  readonly quarantinedSinceMs?: number | null;
  readonly quarantinedUntilMs?: number | null;
  readonly suspectedByHoldId?: string | null;
  readonly replacesId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When it was retired, from which retention counts; null while active. */
  readonly retainedFrom: Date | null;
};

export function toSubscriptionDocument(subscription: Subscription, generation: number): SubscriptionDocument {
  const { id, keys, retired, quarantine, ...rest } = subscription;
  return {
    ...rest,
    _id: id,
    userId: encodeText(rest.userId),
    endpoint: encodeText(rest.endpoint),
    p256dh: keys.p256dh,
    auth: keys.auth,
    locale: rest.locale === null ? null : encodeText(rest.locale),
    userAgent: rest.userAgent === null ? null : encodeText(rest.userAgent),
    generation,
    ...retiredFields(retired),
    ...quarantineFields(quarantine),
  };
}

export function toSubscription(document: SubscriptionDocument): Subscription {
  const { retiredReason: reason, retiredAtMs: atMs, retiredById: deliveryId = null } = document;
  const { quarantinedSinceMs: sinceMs = null, quarantinedUntilMs: untilMs = null } = document;
  return {
    id: document._id,
    userId: decodeText(document.userId),
    endpoint: decodeText(document.endpoint),
    endpointHash: document.endpointHash,
    keys: { p256dh: document.p256dh, auth: document.auth },
    vapidPublicKey: document.vapidPublicKey,
    expirationAtMs: document.expirationAtMs,
    locale: document.locale === null ? null : decodeText(document.locale),
    timeZone: document.timeZone ?? null,
    userAgent: document.userAgent === null ? null : decodeText(document.userAgent),
    retired: reason === null || atMs === null ? null : { reason, atMs, deliveryId },
    quarantine: sinceMs === null || untilMs === null ? null : { sinceMs, untilMs },
    suspectedByHoldId: document.suspectedByHoldId ?? null,
    replacesId: document.replacesId,
    createdAtMs: document.createdAtMs,
    updatedAtMs: document.updatedAtMs,
  };
}

/** Nothing happens to one that is retired already, gone, or registered again meanwhile. */
export function changeableBy({ subscriptionId, notUpdatedSinceMs }: SubscriptionChange) {
  return { _id: subscriptionId, isActive: true, updatedAtMs: { $lte: notUpdatedSinceMs } };
}

/** The fields that a change sets. */
export function fieldsOf(change: SubscriptionChange): Partial<SubscriptionDocument> {
  const { retired, quarantine, suspectedByHoldId } = changedFields(change);
  return {
    ...(retired !== undefined && retiredFields(retired)),
    ...(quarantine !== undefined && quarantineFields(quarantine)),
    ...(suspectedByHoldId !== undefined && { suspectedByHoldId }),
  };
}

function retiredFields(retired: Retired | null) {
  return {
    isActive: retired === null,
    retiredReason: retired?.reason ?? null,
    retiredAtMs: retired?.atMs ?? null,
    retiredById: retired?.deliveryId ?? null,
    retainedFrom: retired === null ? null : instant(retired.atMs),
  };
}

function quarantineFields(quarantine: Quarantine | null) {
  return { quarantinedSinceMs: quarantine?.sinceMs ?? null, quarantinedUntilMs: quarantine?.untilMs ?? null };
}
