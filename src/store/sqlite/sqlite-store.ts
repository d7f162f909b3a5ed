import { statSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { USUAL_EVENT_TYPES } from '../../domain/event/outbox-event.ts';
import { readSending, SENDING_FACT, sendingFact } from '../../domain/sending/sending.ts';
import type { OutboxTerms } from '../outbox.ts';
import type { Store } from '../store.ts';
import { sqliteAudiences } from './audience/members.ts';
import { sqliteSegments } from './audience/segments.ts';
import { sqliteSuppressions } from './audience/suppressions.ts';
import { sqliteAudit } from './audit/audit.ts';
import { sqliteBackups } from './backups.ts';
import { sqliteBulkActions } from './bulk-action/bulk-actions.ts';
import { releaseLeases, sqliteDeliveries } from './delivery/deliveries.ts';
import { ErasedMemory } from './erasure/erased-memory.ts';
import { sqliteErasures } from './erasure/erasures.ts';
import { heedList } from './erasure/list.ts';
import { sqliteEvents } from './event/events.ts';
import { openOutbox, outboxRider } from './event/outbox.ts';
import { sqliteExperiments } from './experiment/experiments.ts';
import { readFact, replaceFact, sqliteFacts } from './facts.ts';
import { createCheckpoints } from './file/checkpoints.ts';
import { ridingTogether, transact, withReserve } from './file/commit.ts';
import { openDataFile } from './file/data-file.ts';
import { watchDiskSpace } from './file/disk-space.ts';
import type { Database, DriverName } from './file/driver.ts';
import { BACKUP_MARK } from './file/finished-copy.ts';
import { groupCommit } from './file/group-commit.ts';
import { markInUse } from './file/health.ts';
import { copyBeforeUpgrade, removeUpgradeCopy, upgradeCopyPath } from './file/upgrade-copy.ts';
import { openWalSync, type WalSync } from './file/wal-sync.ts';
import { sqliteNonces } from './nonces.ts';
import { FanOutMemory } from './notification/fan-out-memory.ts';
import { sqliteFanOuts } from './notification/fan-outs.ts';
import { sqliteNotifications } from './notification/notifications.ts';
import { sqliteTypeRules } from './notification-type/type-rules.ts';
import { sqliteOperators } from './operator/operators.ts';
import { sqlitePruneHolds } from './pruning/prune-holds.ts';
import { sqliteReceipts } from './receipt/receipts.ts';
import { sqliteRetention } from './retention.ts';
import { sqliteSchedules } from './schedule/schedules.ts';
import { sqliteSubscriptions } from './subscription/subscriptions.ts';
import { isUpgradeDue, migrate } from './tables/schema.ts';
import { tallyRider } from './tally/book.ts';
import { countOnce } from './tally/recount.ts';
import { sqliteTallies } from './tally/tallies.ts';
import { sqliteTemplates } from './template/templates.ts';
import { sqliteUsers } from './user/users.ts';
import { sqliteWebhooks } from './webhook/webhooks.ts';

export type SqliteOptions = {
  readonly path: string;
  readonly clock: Clock;
  /** Where backups are kept; left out, they are only handed on. */
  readonly backupDir?: string | null;
  readonly driver?: DriverName | null;
  /** Which events are written. */
  readonly eventTypes?: OutboxTerms['types'];
  /** Told what an operator should know of the file. */
  readonly warn?: ((text: string) => void) | undefined;
};

/**
 * Opens the embedded store, making file and folder where missing, and holds it for this process alone.
 * Rejects with AppError `store_unavailable` when another process holds it.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, clock, backupDir = null, driver = null, eventTypes = USUAL_EVENT_TYPES, warn } = options;
  const database = await openDataFile(path, driver, warn);
  try {
    const copyPath = upgradeCopyPath(database.path, backupDir);
    const isUpgraded = isUpgradeDue(database);
    if (isUpgraded) {
      await copyBeforeUpgrade(database, copyPath, clock.now());
      warn?.(`the data file is brought to this version; as it was, it is kept in ${copyPath} until the next start`);
    }
    const store = storeOn(database, clock, backupDir, eventTypes, warn);
    const forgetUpgrade = async (): Promise<boolean> => !isUpgraded && (await removeUpgradeCopy(copyPath));
    return { ...store, backups: { ...store.backups, forgetUpgrade } };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The store on a database opened with `openDataFile`. Closes it when it cannot serve. `openLog`: what makes commits durable. */
export function storeOn(
  database: Database,
  clock: Clock,
  backupDir: string | null = null,
  types: OutboxTerms['types'] = USUAL_EVENT_TYPES,
  warn: (text: string) => void = () => {},
  openLog: (path: string) => WalSync = openWalSync,
): Store {
  openOutbox(database, { types, clock });
  const checkpoints = createCheckpoints(database);
  const { wal, space } = closingOnError(database, () => {
    const space = watchDiskSpace(database, checkpoints);
    // On a full disk it is opened all the same, so that its rows can be read and deleted.
    withReserve(space, () => transact(database, () => begin(database, clock.now(), warn)));
    // That the file is in use stands in the file itself now, so that a copy without its log is known as one.
    space.emptyLog();
    space.hasRoom();
    return { wal: openLog(`${database.path}-wal`), space };
  });
  const commits = groupCommit(database, wal, space, ridingTogether(tallyRider(database), outboxRider(database)));
  const backups = sqliteBackups(database, checkpoints, backupDir);
  const memories = { fanOuts: new FanOutMemory(), erased: new ErasedMemory() };
  return {
    subscriptions: sqliteSubscriptions(database, commits),
    audiences: sqliteAudiences(database, commits),
    notifications: sqliteNotifications(database, commits, memories.fanOuts),
    fanOuts: sqliteFanOuts(database, commits, memories),
    deliveries: sqliteDeliveries(database, commits),
    webhooks: sqliteWebhooks(database, commits),
    users: sqliteUsers(database, commits),
    typeRules: sqliteTypeRules(database, commits),
    segments: sqliteSegments(database, commits),
    templates: sqliteTemplates(database, commits),
    suppressions: sqliteSuppressions(database, commits),
    receipts: sqliteReceipts(database, commits),
    experiments: sqliteExperiments(database, commits),
    schedules: sqliteSchedules(database, commits),
    pruneHolds: sqlitePruneHolds(database, commits),
    bulkActions: sqliteBulkActions(database, commits),
    erasures: sqliteErasures(database, commits, memories),
    tallies: sqliteTallies(database, commits),
    nonces: sqliteNonces(database, commits),
    operators: sqliteOperators(database, commits),
    audit: sqliteAudit(database, commits),
    events: sqliteEvents(database, commits),
    facts: sqliteFacts(database, commits),
    retention: sqliteRetention(database, commits),
    backups,
    sizeOctets: async () => sizeOf(database.path) + sizeOf(`${database.path}-wal`),
    ping: () => commits.write(1, () => mark(database, 'pinged_at', clock.now())),
    async close() {
      await backups.stop();
      await commits.close();
      backups.letGo();
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function begin(database: Database, nowMs: number, warn: (text: string) => void): void {
  migrate(database);
  countOnce(database);
  pauseIfBackup(database, nowMs);
  heedList(database, nowMs, warn);
  markInUse(database);
  // The lock is taken by writing; that it was given proves that whoever held a lease is gone.
  mark(database, 'opened_at', nowMs);
  releaseLeases(database);
}

/** However a backup came to be the store, nothing is sent before a person decides. */
function pauseIfBackup(database: Database, nowMs: number): void {
  const mark = database.first<{ value: number }>('SELECT value FROM meta WHERE name = ?', [BACKUP_MARK]);
  if (mark === undefined) return;
  const { drop } = readSending(readFact(database, SENDING_FACT));
  // Also where this machine’s clock is behind that of the one on which the backup was made.
  const sinceMs = Math.max(nowMs, mark.value);
  replaceFact(database, SENDING_FACT, sendingFact({ state: 'paused', cause: 'restored', sinceMs, drop }));
  database.run('DELETE FROM meta WHERE name = ?', [BACKUP_MARK]);
}

function closingOnError<Value>(database: Database, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}

function mark(database: Database, name: string, value: number): void {
  database.run('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', [
    name,
    value,
  ]);
}
