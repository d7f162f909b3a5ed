import type { WithOutbox } from './event-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** One mark. Its delivery and its name are its id, so that there is one. */
export type ReceiptDocument = WithOutbox & {
  readonly _id: string;
  readonly deliveryId: string;
  readonly notificationId: string;
  readonly name: string;
  readonly atMs: number;
  /** Absent once it is in the counts. */
  readonly isUncounted?: true;
  /** When it was kept, from which retention counts. */
  readonly retainedFrom: Date;
};

const NOTIFICATION: StoreIndex = { name: 'notification', key: { notificationId: 1 } };
const DELIVERY: StoreIndex = { name: 'delivery', key: { deliveryId: 1 } };
const UNCOUNTED: StoreIndex = {
  name: 'uncounted',
  key: { notificationId: 1, isUncounted: 1 },
  only: { isUncounted: true },
};
/** Asked by nobody: a notification may go by its own index, and nothing else would find these then. */
const RETENTION: StoreIndex = { name: 'retention', key: { retainedFrom: 1 }, expires: 'after_retention' };

export const RECEIPT_INDEXES = [NOTIFICATION, DELIVERY, UNCOUNTED, RETENTION];
export const RECEIPT_COUNT_INDEXES = [RETENTION];

export const RECEIPTS_OF_NOTIFICATION: NamedQuery<string> = {
  name: 'receipts of a notification',
  collection: 'receipts',
  purpose: 'those that go with it',
  index: NOTIFICATION,
  filter: (notificationId) => ({ notificationId }),
};

export const RECEIPTS_OF_DELIVERY: NamedQuery<string> = {
  name: 'receipts of a delivery',
  collection: 'receipts',
  purpose: 'what its device told',
  index: DELIVERY,
  filter: (deliveryId) => ({ deliveryId }),
};

export const UNCOUNTED_RECEIPTS: NamedQuery<string> = {
  name: 'uncounted receipts',
  collection: 'receipts',
  purpose: 'those of a notification that its counts do not have yet',
  index: UNCOUNTED,
  filter: (notificationId) => ({ notificationId, isUncounted: true }),
  projection: { name: 1, retainedFrom: 1 },
};

export const RECEIPTS_BY_ID: NamedQuery<readonly string[]> = {
  name: 'receipts by id',
  collection: 'receipts',
  purpose: 'those that were counted, to say so',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const RECEIPT_COUNTS: NamedQuery<string> = {
  name: 'counts of receipts',
  collection: 'receipt_counts',
  purpose: 'how many there are of a notification',
  index: BY_ID,
  filter: (notificationId) => ({ _id: notificationId }),
};

export const DELIVERIES_TOLD_OF: NamedQuery<readonly string[]> = {
  name: 'deliveries told of',
  collection: 'deliveries',
  purpose: 'whether the deliveries that receipts are of are still there',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
  projection: { _id: 1 },
};

export const RECEIPT_QUERIES = [
  RECEIPTS_OF_NOTIFICATION,
  RECEIPTS_OF_DELIVERY,
  UNCOUNTED_RECEIPTS,
  RECEIPTS_BY_ID,
  RECEIPT_COUNTS,
  DELIVERIES_TOLD_OF,
] as const;
