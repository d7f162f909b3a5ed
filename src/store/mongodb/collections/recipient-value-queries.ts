import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** What some recipients of a notification have as values, as JSON: a piece of all of them. */
export type RecipientValueDocument = {
  readonly _id: string;
  readonly values: string;
  /** Long after the notification's deadline: left where a process died before it was accepted, or fanned out to the end. */
  readonly expiresAt: Date;
};

const EXPIRY: StoreIndex = { name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' };

export const RECIPIENT_VALUE_INDEXES = [EXPIRY];

export const RECIPIENT_VALUES: NamedQuery<readonly string[]> = {
  name: 'values of recipients',
  collection: 'recipient_values',
  purpose: 'the pieces that the users of a page are in',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const EXPIRED_VALUES: NamedQuery<Date> = {
  name: 'expired values of recipients',
  collection: 'recipient_values',
  purpose: 'what the TTL index has not deleted yet',
  index: EXPIRY,
  filter: (instant) => ({ expiresAt: { $lt: instant } }),
};

export const RECIPIENT_VALUE_QUERIES = [RECIPIENT_VALUES, EXPIRED_VALUES] as const;
