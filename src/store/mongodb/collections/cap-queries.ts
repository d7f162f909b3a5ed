import { ofNotification } from './delivery-ids.ts';
import { USER as DELIVERIES_USER } from './delivery-queries.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** When notifications that count under a pattern's cap went to a user: all in one document, so that one write counts them. */
export type CapDocument = {
  readonly _id: { readonly userId: string; readonly pattern: string };
  readonly uses: readonly { readonly notificationId: string; readonly atMs: number }[];
  /** When the last of them is too old to count. */
  readonly expiresAt: Date;
};

const EXPIRY: StoreIndex = { name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' };

export const CAP_INDEXES = [EXPIRY];

export const USES_OF_CAP: NamedQuery<CapDocument['_id']> = {
  name: 'uses of a cap',
  collection: 'cap_uses',
  purpose: 'how many of a pattern went to one user; the write that counts one more',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const USES_OF_CAPS: NamedQuery<readonly CapDocument['_id'][]> = {
  name: 'uses of caps',
  collection: 'cap_uses',
  purpose: 'what a page of a fan-out gives back of those whom it suppresses',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const EXPIRED_CAP_USES: NamedQuery<Date> = {
  name: 'expired uses of caps',
  collection: 'cap_uses',
  purpose: 'what the TTL index has not deleted yet',
  index: EXPIRY,
  filter: (instant) => ({ expiresAt: { $lt: instant } }),
};

export const DELIVERIES_OF_USES: NamedQuery<{ readonly userId: string; readonly notificationIds: readonly string[] }> =
  {
    name: 'deliveries of uses',
    collection: 'deliveries',
    purpose: 'before a cap stops a user: what became of the notifications that count under it',
    index: DELIVERIES_USER,
    filter: ({ userId, notificationIds }) => ({
      $or: notificationIds.map((notificationId) => ({
        userId,
        _id: ofNotification({ notificationId, afterId: null }),
      })),
    }),
    projection: { notificationId: 1, state: 1 },
  };

export const CAP_QUERIES = [USES_OF_CAP, USES_OF_CAPS, EXPIRED_CAP_USES, DELIVERIES_OF_USES] as const;
