import { isSubscriptionId } from '../../../domain/ids.ts';
import type { ImportedSubscription, ImportResult } from '../../../domain/subscription/import.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import { decodeId, LAST_ID, toPage } from '../../cursor.ts';
import type { SubscriptionStore } from '../../subscription-store.ts';
import { MAX_ROWS_PER_COMMIT } from '../file/commit.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import {
  changeSubscription,
  deleteSubscriptions,
  readSubscription,
  type SubscriptionRow,
  toSubscription,
} from '../tables/subscription-rows.ts';
import { importOne, register, restore } from './registration.ts';

/** A registration reads and writes about as much as this many rows. */
const ROWS_OF_ONE = 4;
const IMPORTED_IN_ONE_COMMIT = MAX_ROWS_PER_COMMIT / ROWS_OF_ONE;

type ListQuery = Parameters<SubscriptionStore['list']>[0];

export function sqliteSubscriptions(database: Database, commits: GroupCommit): SubscriptionStore {
  return {
    register: (draft, options) => commits.write(4, () => register(database, draft, options)),
    importMany: (imported, options) => importMany(database, commits, imported, options),
    get: (id) => commits.read(() => readSubscription(database, id)),
    list: (query) => commits.read(() => list(database, query)),
    restore: (id, atMs) => commits.write(1, () => restore(database, id, atMs)),
    suspectedBy: (holdId, limit) => commits.read(() => suspectedBy(database, holdId, limit)),
    change: (changes) =>
      commits.write(changes.length, () => {
        for (const change of changes) changeSubscription(database, change);
      }),
    countByVapidKey: (most) => commits.read(() => countByVapidKey(database, most)),
    delete: (id) => commits.erase(1, () => deleteSubscriptions(database, 'id = ?', [id]) > 0),
    deleteOfEndpoint: (hash, userId) => commits.erase(4, () => deleteOfEndpoint(database, hash, userId)),
    deleteOfUser: (userId, limit) => commits.erase(limit, () => deleteOfUser(database, userId, limit)),
  };
}

function deleteOfEndpoint(database: Database, endpointHash: string, userId: string | null): number {
  const ofUser = userId === null ? '' : ' AND user_id = ?';
  const values = userId === null ? [endpointHash] : [endpointHash, userId];
  return deleteSubscriptions(database, `endpoint_hash = ?${ofUser}`, values);
}

function deleteOfUser(database: Database, userId: string, limit: number): number {
  const first = 'id IN (SELECT id FROM subscriptions WHERE user_id = ? ORDER BY id LIMIT ?)';
  return deleteSubscriptions(database, first, [userId, limit]);
}

/** In pages, so that others have their turn between two commits. All are asked for at once, so that they share a sync. */
async function importMany(
  database: Database,
  commits: GroupCommit,
  imported: readonly ImportedSubscription[],
  options: { readonly isDryRun: boolean },
): Promise<readonly ImportResult[]> {
  const pages: Promise<readonly ImportResult[]>[] = [];
  for (let start = 0; start < imported.length; start += IMPORTED_IN_ONE_COMMIT) {
    const page = imported.slice(start, start + IMPORTED_IN_ONE_COMMIT);
    const run = () => page.map((each) => importOne(database, each, options));
    pages.push(options.isDryRun ? commits.read(run) : commits.write(page.length * ROWS_OF_ONE, run));
  }
  return (await Promise.all(pages)).flat();
}

function suspectedBy(database: Database, holdId: string, limit: number): readonly Subscription[] {
  return database
    .all<SubscriptionRow>(
      'SELECT * FROM subscriptions WHERE suspected_by = ? AND retired_at IS NULL ORDER BY id LIMIT ?',
      [holdId, limit],
    )
    .map(toSubscription);
}

/** From one key to the next along the index. */
function countByVapidKey(database: Database, most: number): ReadonlyMap<string, number> {
  const active = 'subscriptions INDEXED BY subscriptions_vapid_key WHERE retired_at IS NULL';
  const counts = new Map<string, number>();
  for (let last = ''; ; ) {
    const next = `SELECT min(vapid_public_key) AS key FROM ${active} AND vapid_public_key > ?`;
    const key = database.first<{ key: string | null }>(next, [last])?.key ?? null;
    if (key === null) return counts;
    const count = `SELECT count(*) AS count FROM (SELECT 1 FROM ${active} AND vapid_public_key = ? LIMIT ?)`;
    counts.set(key, database.first<{ count: number }>(count, [key, most])?.count ?? 0);
    last = key;
  }
}

function list(database: Database, { userId, includeRetired, cursor, limit }: ListQuery) {
  const beforeId = decodeId(cursor, isSubscriptionId);
  // Ids are ULIDs, so their order is that of creation.
  const rows = database.all<SubscriptionRow>(
    `SELECT * FROM subscriptions WHERE id < ?${userId === null ? '' : ' AND user_id = ?'}
     ${includeRetired ? '' : 'AND retired_at IS NULL'} ORDER BY id DESC LIMIT ?`,
    [beforeId ?? LAST_ID, ...(userId === null ? [] : [userId]), limit + 1],
  );
  return toPage(rows, limit, toSubscription, ({ id }) => id);
}
