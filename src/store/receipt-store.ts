import type { ReceiptMark } from '../domain/receipt/receipt.ts';

/** What devices told. Counts are kept as such: none of these reads marks of more than one delivery, however many there are. */
export interface ReceiptStore {
  /**
   * Keeps each mark once for its delivery and name: the first one stays. False, in its place, for one that was there already, and
   * for one of a delivery that is not there.
   */
  keep(marks: readonly ReceiptMark[]): Promise<readonly boolean[]>;
  /** How many marks there are of the deliveries of a notification, by name. */
  counts(notificationId: string): Promise<ReadonlyMap<string, number>>;
  /** All of one delivery, in no order. */
  ofDelivery(deliveryId: string): Promise<readonly ReceiptMark[]>;
}
