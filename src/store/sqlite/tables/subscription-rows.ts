import { retiredBy, subscriptionDeleted } from '../../../domain/event/event-drafts.ts';
import type { RetirementReason, Subscription } from '../../../domain/subscription/subscription.ts';
import {
  changedFields,
  type Standing,
  type SubscriptionChange,
} from '../../../domain/subscription/subscription-change.ts';
import { type Counted, countedAfter, countedOf } from '../../../domain/tally/tally.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import type { SqlValue } from '../file/sql-value.ts';
import { bookOf } from '../tally/book.ts';

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
  readonly time_zone: string | null;
  readonly user_agent: string | null;
  readonly retired_reason: RetirementReason | null;
  readonly retired_at: number | null;
  readonly retired_by: string | null;
  readonly quarantined_since: number | null;
  readonly quarantined_until: number | null;
  readonly suspected_by: string | null;
  readonly replaces_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
};

export function toSubscription(row: SubscriptionRow): Subscription {
  const { retired_reason: reason, retired_at: atMs, quarantined_since: sinceMs, quarantined_until: untilMs } = row;
  return {
    id: row.id,
    userId: row.user_id,
    endpoint: row.endpoint,
    endpointHash: row.endpoint_hash,
    keys: { p256dh: row.p256dh, auth: row.auth },
    vapidPublicKey: row.vapid_public_key,
    expirationAtMs: row.expiration_at,
    locale: row.locale,
    timeZone: row.time_zone,
    userAgent: row.user_agent,
    retired: reason === null || atMs === null ? null : { reason, atMs, deliveryId: row.retired_by },
    quarantine: sinceMs === null || untilMs === null ? null : { sinceMs, untilMs },
    suspectedByHoldId: row.suspected_by,
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
  const { keys, retired, quarantine } = subscription;
  bookOf(database).subscription(readCounted(database, subscription.id), countedOf(subscription));
  database.run(
    `INSERT INTO subscriptions (id, user_id, endpoint, endpoint_hash, p256dh, auth, vapid_public_key, expiration_at,
       locale, time_zone, user_agent, retired_reason, retired_at, retired_by, quarantined_since, quarantined_until, suspected_by,
       replaces_id, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint,
       endpoint_hash = excluded.endpoint_hash, p256dh = excluded.p256dh, auth = excluded.auth,
       vapid_public_key = excluded.vapid_public_key, expiration_at = excluded.expiration_at, locale = excluded.locale,
       time_zone = excluded.time_zone,
       user_agent = excluded.user_agent, retired_reason = excluded.retired_reason, retired_at = excluded.retired_at,
       retired_by = excluded.retired_by, quarantined_since = excluded.quarantined_since,
       quarantined_until = excluded.quarantined_until, suspected_by = excluded.suspected_by,
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
      subscription.timeZone,
      subscription.userAgent,
      retired?.reason ?? null,
      retired?.atMs ?? null,
      retired?.deliveryId ?? null,
      quarantine?.sinceMs ?? null,
      quarantine?.untilMs ?? null,
      subscription.suspectedByHoldId,
      subscription.replacesId,
      subscription.createdAtMs,
      subscription.updatedAtMs,
    ],
  );
}

/** Nothing happens to one that is retired already, gone, or registered again meanwhile. */
export function changeSubscription(database: Database, change: SubscriptionChange): void {
  const changed = changedFields(change);
  const before = readCounted(database, change.subscriptionId);
  const columns = columnsOf(changed);
  const assignments = Object.keys(columns).map((column) => `${column} = ?`);
  const count = database.run(
    `UPDATE subscriptions SET ${assignments.join(', ')} WHERE id = ? AND retired_at IS NULL AND updated_at <= ?`,
    [...Object.values(columns), change.subscriptionId, change.notUpdatedSinceMs],
  );
  if (count === 0 || before === null) return;
  bookOf(database).subscription(before, countedAfter(before, changed));
  outboxOf(database).add(retiredBy(change));
}

/** Removes rows; `where` says which. How many there were. */
export function deleteSubscriptions(database: Database, where: string, values: readonly SqlValue[]): number {
  const deleted = database.all<CountedRow>(`DELETE FROM subscriptions WHERE ${where} RETURNING ${COUNTED}`, values);
  const outbox = outboxOf(database);
  for (const row of deleted) {
    bookOf(database).subscription(toCounted(row), null);
    if (row.retired_at === null) outbox.add(subscriptionDeleted(row.id, outbox.now()));
  }
  return deleted.length;
}

const COUNTED = 'id, endpoint, retired_at, quarantined_since';
type CountedRow = Pick<SubscriptionRow, 'id' | 'endpoint' | 'retired_at' | 'quarantined_since'>;

function readCounted(database: Database, id: string): Counted | null {
  const row = database.first<CountedRow>(`SELECT ${COUNTED} FROM subscriptions WHERE id = ?`, [id]);
  return row === undefined ? null : toCounted(row);
}

function toCounted({ endpoint, retired_at, quarantined_since }: CountedRow): Counted {
  return { endpoint, isActive: retired_at === null, isQuarantined: quarantined_since !== null };
}

function columnsOf({ retired, quarantine, suspectedByHoldId }: Partial<Standing>): Readonly<Record<string, SqlValue>> {
  return {
    ...(retired !== undefined && {
      retired_reason: retired?.reason ?? null,
      retired_at: retired?.atMs ?? null,
      retired_by: retired?.deliveryId ?? null,
    }),
    ...(quarantine !== undefined && {
      quarantined_since: quarantine?.sinceMs ?? null,
      quarantined_until: quarantine?.untilMs ?? null,
    }),
    ...(suspectedByHoldId !== undefined && { suspected_by: suspectedByHoldId }),
  };
}
