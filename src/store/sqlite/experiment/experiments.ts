import { experimentDecided } from '../../../domain/event/event-drafts.ts';
import type { ExperimentMark, ExperimentOutcome, Stage, VariantCounts } from '../../../domain/experiment/experiment.ts';
import { type ExperimentUse, experimentUse, NO_COUNTS, readTerms } from '../../../domain/experiment/terms.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { decodePlace, encodePlace, LAST_ID, toPage } from '../../cursor.ts';
import type { Decided, Deciding, ExperimentStore, KeptExperiment } from '../../experiment-store.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { readNotification } from '../tables/notification-rows.ts';

export function sqliteExperiments(database: Database, commits: GroupCommit): ExperimentStore {
  return {
    get: (key) => commits.read(() => read(database, key)),
    list: (page) => commits.read(() => list(database, page)),
    counts: (key) => commits.read(() => counts(database, key)),
    countsWithin: async (key) => ({ counts: await commits.read(() => counts(database, key)), isWhole: true }),
    decide: (deciding) => commits.write(3, () => decide(database, deciding)),
    ofUser: (userId) => commits.read(() => ofUser(database, userId)),
  };
}

type Row = {
  readonly key: string;
  readonly terms: string;
  readonly notification_id: string | null;
  readonly created_at: number;
  readonly used_until: number;
  readonly decided: string | null;
};

function toExperiment(row: Row): KeptExperiment {
  return {
    terms: readTerms(row.terms),
    notificationId: row.notification_id,
    createdAtMs: row.created_at,
    usedUntilMs: row.used_until,
    decided: row.decided === null ? null : (JSON.parse(row.decided) as ExperimentOutcome),
  };
}

function read(database: Database, key: string): KeptExperiment | null {
  const row = database.first<Row>('SELECT * FROM experiments WHERE key = ?', [key]);
  return row === undefined ? null : toExperiment(row);
}

function list(database: Database, { cursor, limit }: Parameters<ExperimentStore['list']>[0]) {
  const { atMs, id } = cursor === null ? { atMs: Number.MAX_SAFE_INTEGER, id: LAST_ID } : decodePlace(cursor);
  const rows = database.all<Row>(
    `SELECT * FROM experiments INDEXED BY experiments_created WHERE (created_at, key) < (?, ?)
     ORDER BY created_at DESC, key DESC LIMIT ?`,
    [atMs, id, limit + 1],
  );
  return toPage(rows, limit, toExperiment, ({ terms, createdAtMs }) =>
    encodePlace({ atMs: createdAtMs, id: terms.key }),
  );
}

function counts(database: Database, key: string): ReadonlyMap<string, VariantCounts> {
  const rows = database.all<{ variant: string; stage: Stage; count: number }>(
    'SELECT variant, stage, count FROM experiment_counts WHERE experiment_key = ?',
    [key],
  );
  const byVariant = new Map<string, VariantCounts>();
  for (const { variant, stage, count } of rows)
    byVariant.set(variant, { ...(byVariant.get(variant) ?? NO_COUNTS), [stage]: count });
  return byVariant;
}

function decide(database: Database, { experimentKey, notificationId, waveAtMs, outcome }: Deciding): Decided | null {
  const text = JSON.stringify(outcome);
  const changed = database.run(
    'UPDATE notifications SET decided = ? WHERE id = ? AND decided IS NULL AND due_at = ? AND cancelled_at IS NULL',
    [text, notificationId, waveAtMs],
  );
  if (changed > 0) {
    const sql = 'UPDATE experiments SET decided = ? WHERE key = ? AND notification_id = ?';
    database.run(sql, [text, experimentKey, notificationId]);
    outboxOf(database).add(experimentDecided(experimentKey, notificationId, outcome));
    return { outcome, isNew: true };
  }
  const notification = readNotification(database, notificationId);
  if (notification?.decided === undefined) return null;
  const isHere = notification.dueAtMs === waveAtMs && notification.cancelledAtMs === null;
  return isHere ? { outcome: notification.decided, isNew: false } : null;
}

function ofUser(database: Database, userId: string): readonly ExperimentMark[] {
  const rows = database.all<{ experiment_key: string; stage: Stage; variant: string }>(
    'SELECT experiment_key, stage, variant FROM experiment_marks INDEXED BY experiment_marks_user WHERE user_id = ?',
    [userId],
  );
  return rows.map(({ experiment_key: experimentKey, stage, variant }) => {
    return { experimentKey, userId, stage, variant };
  });
}

/** Whether a notification may use the experiment that it names: it is new, or the very same, and without a test. */
export function mayUseExperiment(database: Database, notification: Notification): boolean {
  const use = experimentUse(notification);
  if (use === null) return true;
  const known = database.first<Row>('SELECT * FROM experiments WHERE key = ?', [use.key]);
  return known === undefined || isSame(known, use);
}

function isSame(known: Row, { terms, notificationId }: ExperimentUse): boolean {
  return known.terms === terms && known.notification_id === notificationId;
}

/** Keeps the experiment of a notification, if it has one, in the commit that accepts it. False, and nothing written: it may not use it. */
export function useExperiment(database: Database, notification: Notification): boolean {
  const use = experimentUse(notification);
  if (use === null) return true;
  if (!mayUseExperiment(database, notification)) return false;
  database.run(
    `INSERT INTO experiments (key, terms, notification_id, created_at, used_until) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET used_until = max(used_until, excluded.used_until)`,
    [use.key, use.terms, use.notificationId, use.atMs, use.untilMs],
  );
  return true;
}
