import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** What has only a short life: MongoDB deletes it by itself, within a minute of `expiresAt`. */
const EXPIRY: StoreIndex = { name: 'expiry', key: { expiresAt: 1 }, expires: 'at_once' };

export const SHORT_LIVED_INDEXES = [EXPIRY];

export type IdempotencyKeyDocument = {
  readonly _id: string;
  readonly bodyDigest: string;
  readonly notificationId: string;
  readonly expiresAt: Date;
};

export type NonceDocument = {
  readonly _id: string;
  /** Says whose insertion it was, should its answer be lost and the driver try again. */
  readonly token: string;
  readonly expiresAt: Date;
};

export const IDEMPOTENCY_KEY: NamedQuery<string> = {
  name: 'idempotency key',
  collection: 'idempotency_keys',
  purpose: 'whether a call came before',
  index: BY_ID,
  filter: (key) => ({ _id: key }),
};

export const IDEMPOTENCY_KEYS: NamedQuery<readonly string[]> = {
  name: 'idempotency keys',
  collection: 'idempotency_keys',
  purpose: 'what came with a key, under any API key',
  index: BY_ID,
  filter: (keys) => ({ _id: { $in: keys } }),
  projection: { notificationId: 1 },
};

export const NONCE: NamedQuery<string> = {
  name: 'nonce',
  collection: 'nonces',
  purpose: 'whether a signed request came before',
  index: BY_ID,
  filter: (nonce) => ({ _id: nonce }),
};

type ShortLived = 'idempotency_keys' | 'nonces' | 'sign_in_links' | 'operator_sessions';

const expiredIn = (collection: ShortLived): NamedQuery<Date> => ({
  name: `expired ${collection.replaceAll('_', ' ')}`,
  collection,
  purpose: 'what the TTL index has not deleted yet',
  index: EXPIRY,
  filter: (instant) => ({ expiresAt: { $lt: instant } }),
});

export const EXPIRED_KEYS = expiredIn('idempotency_keys');
export const EXPIRED_NONCES = expiredIn('nonces');
export const EXPIRED_LINKS = expiredIn('sign_in_links');
export const EXPIRED_SESSIONS = expiredIn('operator_sessions');

export const SHORT_LIVED_QUERIES = [
  IDEMPOTENCY_KEY,
  IDEMPOTENCY_KEYS,
  NONCE,
  EXPIRED_KEYS,
  EXPIRED_NONCES,
  EXPIRED_LINKS,
  EXPIRED_SESSIONS,
] as const;
