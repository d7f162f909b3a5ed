import type { NamedQuery, StoreIndex } from './named-query.ts';

/** When notifications that count under a pattern's cap went to a user: all in one document, so that one write counts them. */
export type CapDocument = {
  readonly _id: { readonly userId: string; readonly pattern: string };
  readonly uses: readonly { readonly notificationId: string; readonly atMs: number }[];
  /** When the last of them is too old to count. */
  readonly expiresAt: Date;
};

const EXPIRY: StoreIndex = { name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' };

export const CAP_INDEXES = [EXPIRY];

export const EXPIRED_CAP_USES: NamedQuery<Date> = {
  name: 'expired uses of caps',
  collection: 'cap_uses',
  purpose: 'what the TTL index has not deleted yet',
  index: EXPIRY,
  filter: (instant) => ({ expiresAt: { $lt: instant } }),
};

export const CAP_QUERIES = [EXPIRED_CAP_USES] as const;
