import { OPEN_STATES } from '../../domain/delivery/delivery.ts';
import { ROLLUP_SPANS, ROLLUPS_KEPT_MS, type RollupSpan } from '../../domain/tally/rollup.ts';
import { tallyOf } from '../../domain/tally/tally.ts';
import type { RetentionStore } from '../retention-store.ts';
import { deleteExperiment, deleteMarks, unusedSince } from './experiment/forgetting.ts';
import type { Database } from './file/driver.ts';
import type { GroupCommit } from './file/group-commit.ts';
import { isDiskFull } from './file/storage-error.ts';
import { deleteReceiptCounts, deleteReceipts } from './receipt/receipts.ts';
import { type DeliveryRow, isIn } from './tables/delivery-rows.ts';
import { deliveryRange } from './tables/notification-rows.ts';
import { priorityOf } from './tables/priority-number.ts';
import { bookOf } from './tally/book.ts';
import { deleteTexts } from './template/deleted-texts.ts';

/** Deleting in pieces of this many rows leaves the event loop free in between. */
const ROWS_AT_ONCE = 1000;
/** A piece that a full disk has room for: a deletion is written to the log first, some pages for each row. */
const ROWS_AT_ONCE_WHEN_FULL = 20;

/** No cap is longer than 30 days. */
const USES_KEPT_MS = 31 * 24 * 60 * 60 * 1000;

export function sqliteRetention(database: Database, commits: GroupCommit): RetentionStore {
  return {
    sweep: (nowMs) => sweep(database, commits, nowMs),
    forget: (beforeMs, limit) => forget(database, commits, beforeMs, limit),
  };
}

async function sweep(database: Database, commits: GroupCommit, nowMs: number): Promise<number> {
  let swept = 0;
  for (const table of ['idempotency_keys', 'nonces', 'sign_in_links', 'operator_sessions']) {
    const sql = `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires_at < ? LIMIT ?)`;
    swept += await inPieces(commits, (limit) => database.run(sql, [nowMs, limit]));
  }
  for (const span of Object.keys(ROLLUP_SPANS) as RollupSpan[]) {
    await inPieces(commits, (limit) => deleteRollups(database, span, nowMs - ROLLUPS_KEPT_MS[span], limit));
  }
  return swept + (await inPieces(commits, (limit) => deleteCapUses(database, nowMs - USES_KEPT_MS, limit)));
}

/** A notification goes after its deliveries and suppressions, so a crash in between leaves nothing unreachable. */
async function forget(database: Database, commits: GroupCommit, beforeMs: number, limit: number): Promise<number> {
  await inPieces(commits, (limit) =>
    database.run(
      'DELETE FROM subscriptions WHERE rowid IN (SELECT rowid FROM subscriptions WHERE retired_at < ? LIMIT ?)',
      [beforeMs, limit],
    ),
  );
  await inPieces(commits, (limit) =>
    database.run('DELETE FROM occurrences WHERE id IN (SELECT id FROM occurrences WHERE recorded_at < ? LIMIT ?)', [
      beforeMs,
      limit,
    ]),
  );
  await inPieces(commits, (limit) =>
    database.run('DELETE FROM bulk_actions WHERE id IN (SELECT id FROM bulk_actions WHERE ended_at < ? LIMIT ?)', [
      beforeMs,
      limit,
    ]),
  );
  let forgotten = 0;
  for (const id of await commits.read(() => endedBefore(database, beforeMs, limit))) {
    await inPieces(commits, (limit) => deleteDeliveries(database, id, limit));
    await inPieces(commits, (limit) => deleteReceipts(database, id, limit));
    await inPieces(commits, () => deleteReceiptCounts(database, id));
    await inPieces(commits, (limit) => deleteSuppressions(database, id, limit));
    await inPieces(commits, (limit) => deleteUnreached(database, id, limit));
    await inPieces(commits, () => deleteValues(database, id));
    forgotten += await commits.erase(1, () =>
      database.run(
        `DELETE FROM notifications WHERE id = ? AND status IN ('completed', 'cancelled') AND NOT EXISTS (
           SELECT 1 FROM deliveries WHERE ${isIn(OPEN_STATES)} AND id BETWEEN ? AND ?)`,
        [id, ...deliveryRange(id)],
      ),
    );
  }
  if (forgotten < limit) await forgetExperiments(database, commits, beforeMs, limit);
  // Once all is gone that has had its time: few notifications are left then that can name a text.
  if (forgotten < limit) await commits.erase(1, () => deleteTexts(database, beforeMs));
  return forgotten;
}

/** After the notifications that used them. */
async function forgetExperiments(database: Database, commits: GroupCommit, beforeMs: number, limit: number) {
  for (const key of await commits.read(() => unusedSince(database, beforeMs, limit))) {
    await inPieces(commits, (some) => deleteMarks(database, key, some));
    await commits.erase(2, () => deleteExperiment(database, key, beforeMs));
  }
}

/** What was to be sent later counts from then, or from when it was cancelled. */
function endedBefore(database: Database, beforeMs: number, limit: number): string[] {
  return (['completed', 'cancelled'] as const).flatMap((status) =>
    database
      .all<{ id: string }>(
        `SELECT id FROM notifications WHERE status = ? AND accepted_at < ?
           AND coalesce(cancelled_at, last_wave_at, accepted_at) < ? AND due_at IS NULL ORDER BY accepted_at LIMIT ?`,
        [status, beforeMs, beforeMs, limit],
      )
      .map(({ id }) => id),
  );
}

/** Ended ones only: one that a replay has just reopened keeps its notification from being deleted, too. */
function deleteDeliveries(database: Database, notificationId: string, limit: number): number {
  const deleted = database.all<Pick<DeliveryRow, 'lane' | 'state'>>(
    `DELETE FROM deliveries WHERE rowid IN
       (SELECT rowid FROM deliveries WHERE id BETWEEN ? AND ? AND due_at IS NULL LIMIT ?) RETURNING lane, state`,
    [...deliveryRange(notificationId), limit],
  );
  const book = bookOf(database);
  for (const { lane, state } of deleted) book.add(tallyOf({ priority: priorityOf(lane), state }), -1);
  return deleted.length;
}

function deleteSuppressions(database: Database, notificationId: string, limit: number): number {
  return database.run(
    `DELETE FROM suppressions WHERE notification_id = ? AND user_id IN
       (SELECT user_id FROM suppressions WHERE notification_id = ? LIMIT ?)`,
    [notificationId, notificationId, limit],
  );
}

function deleteUnreached(database: Database, notificationId: string, limit: number): number {
  return database.run(
    'DELETE FROM unreached WHERE id IN (SELECT id FROM unreached WHERE notification_id = ? LIMIT ?)',
    [notificationId, limit],
  );
}

function deleteRollups(database: Database, span: RollupSpan, beforeMs: number, limit: number): number {
  return database.run(
    `DELETE FROM rollups WHERE span = ? AND at < ? AND (span, at, push_service, state, outcome) IN
       (SELECT span, at, push_service, state, outcome FROM rollups WHERE span = ? AND at < ? LIMIT ?)`,
    [span, beforeMs, span, beforeMs, limit],
  );
}

/** Left where a fan-out ended before its last page. */
function deleteValues(database: Database, notificationId: string): number {
  return database.run('DELETE FROM recipient_values WHERE notification_id = ?', [notificationId]);
}

function deleteCapUses(database: Database, beforeMs: number, limit: number): number {
  return database.run(
    `DELETE FROM cap_uses WHERE (user_id, pattern, notification_id) IN
       (SELECT user_id, pattern, notification_id FROM cap_uses WHERE at < ? LIMIT ?)`,
    [beforeMs, limit],
  );
}

/** Repeats a deletion, each in a commit of its own, until it finds less than a piece. Small pieces where a large one does not fit. */
async function inPieces(commits: GroupCommit, deletePiece: (limit: number) => number): Promise<number> {
  let limit = ROWS_AT_ONCE;
  let total = 0;
  for (;;) {
    const gone = await commits
      .erase(limit, () => deletePiece(limit))
      .catch((error: unknown) => {
        if (!isDiskFull(error) || limit === ROWS_AT_ONCE_WHEN_FULL) throw error;
        return null;
      });
    if (gone === null) limit = ROWS_AT_ONCE_WHEN_FULL;
    else total += gone;
    if (gone !== null && gone < limit) return total;
  }
}
