import type { Delivery } from '../../../domain/delivery/delivery.ts';
import type { DeliveryVariant, ExperimentMark } from '../../../domain/experiment/experiment.ts';
import { marksOfDelivery, marksOfReceipt } from '../../../domain/experiment/marks.ts';
import type { ReceiptMark } from '../../../domain/receipt/receipt.ts';
import type { Database } from '../file/driver.ts';

/** Marks that are new, and what they add to the counts. Within the commit that makes them true. */
function addMarks(database: Database, marks: readonly ExperimentMark[]): void {
  const added = new Map<string, { readonly mark: ExperimentMark; count: number }>();
  for (const mark of marks) {
    const { experimentKey, userId, stage, variant } = mark;
    const inserted = database.run(
      `INSERT INTO experiment_marks (experiment_key, user_id, stage, variant) VALUES (?, ?, ?, ?)
       ON CONFLICT (experiment_key, user_id, stage) DO NOTHING`,
      [experimentKey, userId, stage, variant],
    );
    if (inserted === 0) continue;
    const name = `${experimentKey} ${variant} ${stage}`;
    const known = added.get(name);
    if (known === undefined) added.set(name, { mark, count: 1 });
    else known.count += 1;
  }
  for (const { mark, count } of added.values()) {
    database.run(
      `INSERT INTO experiment_counts (experiment_key, variant, stage, count) VALUES (?, ?, ?, ?)
       ON CONFLICT (experiment_key, variant, stage) DO UPDATE SET count = count + excluded.count`,
      [mark.experimentKey, mark.variant, mark.stage, count],
    );
  }
}

/** Of deliveries that were made just now. */
export function markMade(database: Database, deliveries: readonly Delivery[]): void {
  addMarks(database, deliveries.flatMap(marksOfDelivery));
}

type Kept = { readonly user_id: string; readonly state: Delivery['state']; readonly variant: string | null };

/** Of a delivery that became `delivered`. By what is kept: a user who was erased meanwhile takes no part. */
export function markDelivered(database: Database, deliveryId: string): void {
  const found = deliveryOf(database, deliveryId);
  if (found !== null) addMarks(database, marksOfDelivery(found));
}

/** Of a receipt that is new. */
export function markTold(database: Database, { deliveryId, name }: ReceiptMark): void {
  const found = deliveryOf(database, deliveryId);
  if (found !== null) addMarks(database, marksOfReceipt(found, name));
}

function deliveryOf(database: Database, id: string): Pick<Delivery, 'userId' | 'variant' | 'state'> | null {
  const row = database.first<Kept>('SELECT user_id, state, variant FROM deliveries WHERE id = ?', [id]);
  if (row === undefined || row.variant === null) return null;
  return { userId: row.user_id, state: row.state, variant: JSON.parse(row.variant) as DeliveryVariant };
}
