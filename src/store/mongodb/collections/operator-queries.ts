import type { OperatorRole } from '../../../domain/operator/operator.ts';
import { BY_ID, type NamedQuery } from './named-query.ts';

/** `_id` is the digest. MongoDB deletes it by itself, within a minute of `expiresAt`. */
export type SignInLinkDocument = {
  readonly _id: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly expiresAt: Date;
};

export type OperatorSessionDocument = SignInLinkDocument & {
  readonly createdAtMs: number;
  readonly keyId: string | null;
};

type Asked = { readonly digest: string; readonly now: Date };

export const SIGN_IN_LINK: NamedQuery<Asked> = {
  name: 'sign-in link',
  collection: 'sign_in_links',
  purpose: 'a link to the console, when it is opened and used',
  index: BY_ID,
  filter: ({ digest, now }) => ({ _id: digest, expiresAt: { $gt: now } }),
};

export const OPERATOR_SESSION: NamedQuery<Asked> = {
  name: 'operator session',
  collection: 'operator_sessions',
  purpose: 'who looks at the console, with each of its pages',
  index: BY_ID,
  filter: ({ digest, now }) => ({ _id: digest, expiresAt: { $gt: now } }),
};

export const OPERATOR_QUERIES = [SIGN_IN_LINK, OPERATOR_SESSION] as const;
