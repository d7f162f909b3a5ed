import type { Db } from 'mongodb';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../domain/app-error.ts';
import { USUAL_EVENT_TYPES } from '../../domain/event/outbox-event.ts';
import type { OutboxTerms } from '../outbox.ts';
import type { Store } from '../store.ts';
import { mongoAudiences } from './audience/members.ts';
import { mongoSegments } from './audience/segments.ts';
import { mongoSuppressions } from './audience/suppressions.ts';
import { mongoAudit } from './audit/audit.ts';
import { mongoBackups } from './backups.ts';
import { mongoBulkActions } from './bulk-action/bulk-actions.ts';
import { type Collections, collectionsOf } from './collections/collections.ts';
import { lacksIndexes, makeIndexes } from './collections/indexes.ts';
import { sortDeadLetters } from './delivery/dead-letters.ts';
import { mongoDeliveries } from './delivery/deliveries.ts';
import { keepErasureKey, mongoErasures } from './erasure/erasures.ts';
import { mongoEvents } from './event/events.ts';
import { openOutbox } from './event/outbox.ts';
import { mongoExperiments } from './experiment/experiments.ts';
import { mongoFacts } from './facts.ts';
import { mongoNonces } from './nonces.ts';
import { mongoFanOuts } from './notification/fan-outs.ts';
import { mongoNotifications } from './notification/notifications.ts';
import { mongoTypeRules } from './notification-type/type-rules.ts';
import { mongoOperators } from './operator/operators.ts';
import { mongoPruneHolds } from './pruning/prune-holds.ts';
import { mongoReceipts } from './receipt/receipts.ts';
import { mongoRetention } from './retention.ts';
import { mongoSchedules } from './schedule/schedules.ts';
import { connectMongo, withPatience } from './server/connection.ts';
import { toStorageError } from './server/mongo-error.ts';
import { trackOperations } from './server/operations.ts';
import { beSoleProcess } from './server/sole-process.ts';
import { mongoSubscriptions } from './subscription/subscriptions.ts';
import { keepLedger, ledgerOf } from './tally/ledger.ts';
import { beginTallies } from './tally/recount.ts';
import { mongoTallies } from './tally/tallies.ts';
import { mongoTemplates } from './template/templates.ts';
import { mongoUsers } from './user/users.ts';
import { mongoWebhooks } from './webhook/webhooks.ts';

export type MongoStoreOptions = {
  /** `mongodb://` or `mongodb+srv://`; the database is `bellhop` unless its path names another. */
  readonly url: string;
  readonly clock: Clock;
  /** How long the TTL indexes keep what is completed. */
  /** Certificate authorities to trust, where not the well-known ones alone. */
  readonly ca?: readonly string[] | null;
  readonly retentionDays: number;
  /** Which events are written. */
  readonly eventTypes?: OutboxTerms['types'];
  /**
   * Null: any number of processes may share the database. Else this one must be alone, and is told should another take
   * over.
   */
  readonly alone: { readonly onLost: (error: AppError) => void } | null;
  /** The most that one call waits for MongoDB, in milliseconds. */
  readonly limitMs?: number;
};

/** Room for one election of a replica set and a second try. */
const DEFAULT_LIMIT_MS = 8000;

/** The documents' layout. A newer Bellhop's is refused. */
const LAYOUT = 1;

/**
 * Opens the store, making collections and indexes where missing. Rejects with AppError `store_unavailable` where
 * MongoDB cannot be reached, refuses the user, or another process must not be joined.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const { client, databaseName } = await connectMongo(options.url, options.ca ?? null);
  const collections = collectionsOf(client.db(databaseName));
  openOutbox(collections, { types: options.eventTypes ?? USUAL_EVENT_TYPES, clock: options.clock });
  let letGo = async (): Promise<void> => {};
  try {
    await checkLayout(collections);
    if (options.alone !== null) letGo = await beSoleProcess(collections, options.alone);
    const { url, ca = null, retentionDays } = options;
    if (await lacksIndexes(collections, retentionDays)) {
      await withPatience(url, ca, (database) => makeIndexes(collectionsOf(database), retentionDays));
    }
    await complete(collections, options.clock.now());
  } catch (error) {
    await letGo();
    await client.close().catch(() => {});
    throw toStorageError(error);
  }
  const operations = trackOperations(options.limitMs ?? DEFAULT_LIMIT_MS, () => ledgerOf(collections).doubt());
  const ledger = keepLedger(collections, options.clock);
  return {
    subscriptions: mongoSubscriptions(collections, operations),
    audiences: mongoAudiences(collections, operations),
    notifications: mongoNotifications(collections, operations),
    fanOuts: mongoFanOuts(collections, operations),
    deliveries: mongoDeliveries(collections, operations, options.clock),
    webhooks: mongoWebhooks(collections, operations),
    users: mongoUsers(collections, operations),
    typeRules: mongoTypeRules(collections, operations),
    segments: mongoSegments(collections, operations),
    templates: mongoTemplates(collections, operations),
    suppressions: mongoSuppressions(collections, operations),
    receipts: mongoReceipts(collections, operations),
    experiments: mongoExperiments(collections, operations),
    schedules: mongoSchedules(collections, operations),
    pruneHolds: mongoPruneHolds(collections, operations),
    bulkActions: mongoBulkActions(collections, operations),
    erasures: mongoErasures(collections, operations),
    tallies: mongoTallies(collections, operations),
    nonces: mongoNonces(collections, operations),
    operators: mongoOperators(collections, operations),
    audit: mongoAudit(collections, operations),
    events: mongoEvents(collections, operations),
    facts: mongoFacts(collections, operations),
    retention: mongoRetention(collections, operations),
    backups: mongoBackups(),
    sizeOctets: () => operations.run(() => sizeOctets(client.db(databaseName))),
    ping: () => operations.run(() => ping(collections, options.clock.now())),
    async close() {
      await operations.finish();
      await ledger.stop();
      await letGo();
      await client.close();
    },
  };
}

/** What a database has from its first start on, or what an earlier version left to be done. */
async function complete(collections: Collections, nowMs: number): Promise<void> {
  await beginTallies(collections, nowMs);
  await sortDeadLetters(collections);
  await keepErasureKey(collections);
}

/** Data as it lies on the disk, and the indexes. */
async function sizeOctets(database: Db): Promise<number> {
  const { storageSize, indexSize } = await database.command({ dbStats: 1 });
  return Number(storageSize) + Number(indexSize);
}

async function checkLayout({ meta }: Collections): Promise<void> {
  const known = { $setOnInsert: { version: LAYOUT } };
  const found = await meta.findOneAndUpdate({ _id: 'layout' }, known, { upsert: true, returnDocument: 'after' });
  if (typeof found?.version === 'number' && found.version <= LAYOUT) return;
  throw new AppError('store_unavailable', 'A newer Bellhop wrote this database: start that version, or a later one.', {
    found: found?.version,
    known: LAYOUT,
  });
}

async function ping({ meta }: Collections, nowMs: number): Promise<void> {
  await meta.updateOne({ _id: 'ping' }, { $set: { atMs: nowMs } }, { upsert: true });
}
