import type { ReceiptMark } from '../domain/receipt/receipt.ts';

/** `isWhole`: nothing that was kept before is missing in them. */
export type ReceiptTotals = { readonly counts: ReadonlyMap<string, number>; readonly isWhole: boolean };

/** What devices told. Counts are kept as such: none of these reads marks of more than one delivery, however many there are. */
export interface ReceiptStore {
  /**
   * Keeps each mark once for its delivery and name: the first one stays. False, in its place, for one that was there already, and
   * for one of a delivery that is not there.
   */
  keep(marks: readonly ReceiptMark[]): Promise<readonly boolean[]>;
  /** How many marks there are of the deliveries of a notification, by name, with all that were kept before this call. */
  counts(notificationId: string): Promise<ReadonlyMap<string, number>>;
  /**
   * As `counts`, but for what is left to count after so long: then the rest is counted in the background, and the answer says that it is
   * not whole.
   */
  countsWithin(notificationId: string, patienceMs: number): Promise<ReceiptTotals>;
  /** All of one delivery, in no order. */
  ofDelivery(deliveryId: string): Promise<readonly ReceiptMark[]>;
}
