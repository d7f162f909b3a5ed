import { isInAnotherRow, type RetirementReason, type Subscription } from '../../../domain/subscription/subscription.ts';
import type { RegisterOptions, RegisterResult, RestoreResult } from '../../subscription-store.ts';
import type { Database } from '../file/driver.ts';
import {
  changeSubscription,
  readSubscription,
  type SubscriptionRow,
  toSubscription,
  writeSubscription,
} from '../tables/subscription-rows.ts';

/** Within the caller's transaction. */
export function register(database: Database, draft: Subscription, options?: RegisterOptions): RegisterResult {
  const rows = database
    .all<SubscriptionRow>('SELECT * FROM subscriptions WHERE endpoint_hash = ?', [draft.endpointHash])
    .map(toSubscription);
  const own = rows.find(({ userId }) => userId === draft.userId);
  const rival = rows.find(({ userId, retired }) => userId !== draft.userId && retired === null);
  if (rival !== undefined && !haveSameKeys(rival, draft)) return { kind: 'taken' };
  if (rival !== undefined) retire(database, rival, 'moved', draft.updatedAtMs);
  const former = formerRow(database, draft, options);
  const row = own ?? former;
  const subscription: Subscription = {
    ...draft,
    id: row?.id ?? draft.id,
    createdAtMs: row?.createdAtMs ?? draft.createdAtMs,
    replacesId: rival?.id ?? row?.replacesId ?? null,
    // A browser's subscription stays bound to the key it was made with, and its endpoint names it.
    vapidPublicKey: (options?.isVapidKeyGiven ? null : rows[0]?.vapidPublicKey) ?? draft.vapidPublicKey,
    retired: null,
  };
  writeSubscription(database, subscription);
  const kind = rival !== undefined ? 'moved' : row === undefined ? 'created' : 'updated';
  if (former === undefined || former.id === subscription.id || former.retired !== null) return { kind, subscription };
  retire(database, former, 'replaced', draft.updatedAtMs);
  return { kind, subscription, replacedId: former.id };
}

function formerRow(database: Database, draft: Subscription, options?: RegisterOptions): Subscription | undefined {
  const former = options?.formerId ? readSubscription(database, options.formerId) : null;
  return former?.userId === draft.userId ? former : undefined;
}

function retire(database: Database, row: Subscription, reason: RetirementReason, atMs: number): void {
  const { id: subscriptionId, updatedAtMs: notUpdatedSinceMs } = row;
  changeSubscription(database, { kind: 'retire', subscriptionId, reason, atMs, deliveryId: null, notUpdatedSinceMs });
}

function haveSameKeys(one: Subscription, other: Subscription): boolean {
  return one.keys.p256dh === other.keys.p256dh && one.keys.auth === other.keys.auth;
}

/** Within the caller's transaction. */
export function restore(database: Database, id: string, atMs: number): RestoreResult {
  const subscription = readSubscription(database, id);
  if (subscription === null) return { kind: 'missing' };
  if (subscription.retired === null) return { kind: 'active', subscription };
  const rival = database.first('SELECT 1 FROM subscriptions WHERE endpoint_hash = ? AND retired_at IS NULL', [
    subscription.endpointHash,
  ]);
  if (rival !== undefined || isInAnotherRow(subscription.retired)) return { kind: 'taken' };
  const restored = { ...subscription, retired: null, updatedAtMs: atMs };
  writeSubscription(database, restored);
  return { kind: 'restored', subscription: restored };
}
