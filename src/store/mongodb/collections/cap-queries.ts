import type { StoreIndex } from './named-query.ts';

/** When notifications that count under a pattern's cap went to a user: all in one document, so that one write counts them. */
export type CapDocument = {
  readonly _id: { readonly userId: string; readonly pattern: string };
  readonly uses: readonly { readonly notificationId: string; readonly atMs: number }[];
  /** When the last of them is too old to count. */
  readonly expiresAt: Date;
};

export const CAP_INDEXES: readonly StoreIndex[] = [{ name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' }];
