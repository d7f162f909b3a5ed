import type { SuppressionDetail, SuppressionReason } from '../../../domain/audience/release.ts';
import { ofNotification } from './delivery-ids.ts';
import { USER as DELIVERIES_USER } from './delivery-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** What one page of a fan-out suppressed: one document, since a page is decided once. */
export type SuppressionDocument = {
  /** The notification, and the place at which the page begins. */
  readonly _id: string;
  readonly notificationId: string;
  readonly entries: readonly SuppressionEntry[];
  /** Those without a device: as many as a caller names, so that no index has them. */
  readonly unreached: readonly string[];
  /** Those for whom the time was missed, and those for whom it was cancelled: as many, and so no index has them either. */
  readonly missed?: readonly string[];
  readonly cancelled?: readonly string[];
  readonly atMs: number;
  /** When the page was decided, from which retention counts. */
  readonly retainedFrom: Date;
};

export type SuppressionEntry = {
  readonly userId: string;
  readonly reason: SuppressionReason;
  readonly detail: SuppressionDetail;
};

const NOTIFICATION: StoreIndex = { name: 'notification', key: { notificationId: 1, _id: 1 } };
const USER: StoreIndex = {
  name: 'user',
  key: { 'entries.userId': 1, notificationId: -1 },
  only: { 'entries.userId': { $gte: '' } },
};

/** Asked by nobody: a notification may go by its own index, and nothing else would find these then. */
const RETENTION: StoreIndex = { name: 'retention', key: { retainedFrom: 1 }, expires: 'after_retention' };

export const SUPPRESSION_INDEXES = [NOTIFICATION, USER, RETENTION];

type OfNotification = { readonly notificationId: string; readonly fromId: string };

export const SUPPRESSIONS_OF_NOTIFICATION: NamedQuery<OfNotification> = {
  name: 'suppressions of a notification',
  collection: 'suppressions',
  purpose: 'who got nothing of it, and why',
  index: NOTIFICATION,
  filter: ({ notificationId, fromId }) => ({ notificationId, _id: { $gte: fromId } }),
  sort: { _id: 1 },
};

export const SUPPRESSIONS_OF_USER: NamedQuery<{ readonly userId: string; readonly beforeId: string }> = {
  name: 'suppressions of a user',
  collection: 'suppressions',
  purpose: 'what one user did not get, and why; newest first',
  index: USER,
  filter: ({ userId, beforeId }) => ({ 'entries.userId': userId, notificationId: { $lt: beforeId } }),
  sort: { notificationId: -1 },
  projection: { unreached: 0, missed: 0, cancelled: 0 },
};

export const SUPPRESSION_PAGE: NamedQuery<string> = {
  name: 'suppressions of a page',
  collection: 'suppressions',
  purpose: 'what a page of a fan-out decided already',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const SUPPRESSED_USERS: NamedQuery<{ readonly notificationId: string; readonly userIds: readonly string[] }> = {
  name: 'suppressed users',
  collection: 'suppressions',
  purpose: 'of whom an earlier wave of a notification has decided',
  index: USER,
  filter: ({ notificationId, userIds }) => ({ 'entries.userId': { $in: userIds }, notificationId }),
  projection: { entries: 1, atMs: 1 },
};

export const LISTED_USER: NamedQuery<{ readonly notificationId: string; readonly userId: string }> = {
  name: 'listed user',
  collection: 'suppressions',
  purpose: 'why one user got nothing of it, where many got nothing for that reason; looks through its lists',
  index: NOTIFICATION,
  filter: ({ notificationId, userId }) => ({
    notificationId,
    $or: [{ unreached: userId }, { missed: userId }, { cancelled: userId }],
  }),
  projection: { entries: 0 },
};

export const DELIVERED_USERS: NamedQuery<{ readonly notificationId: string; readonly userIds: readonly string[] }> = {
  name: 'users with deliveries',
  collection: 'deliveries',
  purpose: 'of whom an earlier try of a page, or an earlier wave, has decided; from the index alone',
  index: DELIVERIES_USER,
  filter: ({ notificationId, userIds }) => ({
    userId: { $in: userIds },
    _id: ofNotification({ notificationId, afterId: null }),
  }),
  projection: { _id: 0, userId: 1 },
};

export const SUPPRESSION_QUERIES = [
  SUPPRESSIONS_OF_NOTIFICATION,
  SUPPRESSIONS_OF_USER,
  SUPPRESSION_PAGE,
  SUPPRESSED_USERS,
  LISTED_USER,
  DELIVERED_USERS,
] as const;
