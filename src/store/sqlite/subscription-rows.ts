import type { RetirementReason, Subscription } from '../../domain/subscription.ts';
import type { Retirement } from '../subscription-store.ts';
import type { Database } from './driver.ts';

export type SubscriptionRow = {
  readonly id: string;
  readonly user_id: string;
  readonly endpoint: string;
  readonly endpoint_hash: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly vapid_public_key: string;
  readonly expiration_at: number | null;
  readonly locale: string | null;
  readonly user_agent: string | null;
  readonly retired_reason: RetirementReason | null;
  readonly retired_at: number | null;
  readonly replaces_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
};

export function toSubscription(row: SubscriptionRow): Subscription {
  const { retired_reason: reason, retired_at: atMs } = row;
  return {
    id: row.id,
    userId: row.user_id,
    endpoint: row.endpoint,
    endpointHash: row.endpoint_hash,
    keys: { p256dh: row.p256dh, auth: row.auth },
    vapidPublicKey: row.vapid_public_key,
    expirationAtMs: row.expiration_at,
    locale: row.locale,
    userAgent: row.user_agent,
    retired: reason === null || atMs === null ? null : { reason, atMs },
    replacesId: row.replaces_id,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export function readSubscription(database: Database, id: string): Subscription | null {
  const row = database.first<SubscriptionRow>('SELECT * FROM subscriptions WHERE id = ?', [id]);
  return row === undefined ? null : toSubscription(row);
}

/** Takes the place of the row with the same id, or makes it. */
export function writeSubscription(database: Database, subscription: Subscription): void {
  const { keys, retired } = subscription;
  database.run(
    `INSERT INTO subscriptions (id, user_id, endpoint, endpoint_hash, p256dh, auth, vapid_public_key, expiration_at,
       locale, user_agent, retired_reason, retired_at, replaces_id, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth,
       vapid_public_key = excluded.vapid_public_key, expiration_at = excluded.expiration_at, locale = excluded.locale,
       user_agent = excluded.user_agent, retired_reason = excluded.retired_reason, retired_at = excluded.retired_at,
       replaces_id = excluded.replaces_id, updated_at = excluded.updated_at`,
    [
      subscription.id,
      subscription.userId,
      subscription.endpoint,
      subscription.endpointHash,
      keys.p256dh,
      keys.auth,
      subscription.vapidPublicKey,
      subscription.expirationAtMs,
      subscription.locale,
      subscription.userAgent,
      retired?.reason ?? null,
      retired?.atMs ?? null,
      subscription.replacesId,
      subscription.createdAtMs,
      subscription.updatedAtMs,
    ],
  );
}

/** Nothing happens to one that is retired already, gone, or registered again meanwhile. */
export function retireSubscription(database: Database, retirement: Retirement): void {
  database.run(
    `UPDATE subscriptions SET retired_reason = ?, retired_at = ?
     WHERE id = ? AND retired_at IS NULL AND updated_at <= ?`,
    [retirement.reason, retirement.atMs, retirement.subscriptionId, retirement.notUpdatedSinceMs],
  );
}
