import { receiptRecorded } from '../../../domain/event/event-drafts.ts';
import { deliveryIdPrefix, notificationOf } from '../../../domain/ids.ts';
import type { ReceiptMark } from '../../../domain/receipt/receipt.ts';
import { LAST_ID } from '../../cursor.ts';
import type { ReceiptStore } from '../../receipt-store.ts';
import { outboxOf } from '../event/outbox.ts';
import { markTold } from '../experiment/marks.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

export function sqliteReceipts(database: Database, commits: GroupCommit): ReceiptStore {
  return {
    keep: commits.writesOf('durable', (marks: readonly ReceiptMark[]) => keep(database, marks)),
    counts: (notificationId) => commits.read(() => counts(database, notificationId)),
    countsWithin: async (id) => ({ counts: await commits.read(() => counts(database, id)), isWhole: true }),
    ofDelivery: (deliveryId) => commits.read(() => ofDelivery(database, deliveryId)),
  };
}

/** The marks and what they add to the counts: one row a name and notification, whatever is kept at once. */
function keep(database: Database, marks: readonly ReceiptMark[]): readonly boolean[] {
  const added = new Map<string, Map<string, number>>();
  const outbox = outboxOf(database);
  const kept = marks.map((mark) => {
    const { deliveryId, name, atMs } = mark;
    const inserted = database.run(
      `INSERT INTO receipts (delivery_id, name, at) SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM deliveries WHERE id = ?)
       ON CONFLICT (delivery_id, name) DO NOTHING`,
      [deliveryId, name, atMs, deliveryId],
    );
    if (inserted === 0) return false;
    if (outbox.tells('receipt.recorded')) outbox.add(receiptRecorded({ deliveryId, name, atMs }));
    if (mark.isInExperiment) markTold(database, mark);
    const ofNotification = added.get(notificationOf(deliveryId)) ?? new Map<string, number>();
    added.set(notificationOf(deliveryId), ofNotification.set(name, (ofNotification.get(name) ?? 0) + 1));
    return true;
  });
  for (const [notificationId, names] of added)
    for (const [name, count] of names) {
      database.run(
        `INSERT INTO receipt_counts (notification_id, name, count) VALUES (?, ?, ?)
         ON CONFLICT (notification_id, name) DO UPDATE SET count = count + excluded.count`,
        [notificationId, name, count],
      );
    }
  return kept;
}

function counts(database: Database, notificationId: string): ReadonlyMap<string, number> {
  const rows = database.all<{ name: string; count: number }>(
    'SELECT name, count FROM receipt_counts WHERE notification_id = ?',
    [notificationId],
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}

function ofDelivery(database: Database, deliveryId: string): readonly ReceiptMark[] {
  return database
    .all<{ name: string; at: number }>('SELECT name, at FROM receipts WHERE delivery_id = ?', [deliveryId])
    .map(({ name, at }) => ({ deliveryId, name, atMs: at }));
}

/** Some of the marks of a notification; how many went. */
export function deleteReceipts(database: Database, notificationId: string, limit: number): number {
  const prefix = deliveryIdPrefix(notificationId);
  return database.run(
    `DELETE FROM receipts WHERE (delivery_id, name) IN
       (SELECT delivery_id, name FROM receipts WHERE delivery_id BETWEEN ? AND ? LIMIT ?)`,
    [prefix, `${prefix}${LAST_ID}`, limit],
  );
}

/** The counts of a notification whose marks are gone. */
export function deleteReceiptCounts(database: Database, notificationId: string): number {
  return database.run('DELETE FROM receipt_counts WHERE notification_id = ?', [notificationId]);
}
