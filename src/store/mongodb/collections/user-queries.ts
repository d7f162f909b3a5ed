import type { QuietHours } from '../../../domain/user/quiet-hours.ts';
import type { User } from '../../../domain/user/user.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

export type UserDocument = {
  readonly _id: string;
  readonly timeZone: string | null;
  readonly locale: string | null;
  readonly tags: readonly string[];
  /** A list, since the names of patterns have dots in them. */
  readonly preferences: readonly { readonly pattern: string; readonly isWanted: boolean; readonly sinceMs: number }[];
  readonly quietHours: QuietHours | null;
  readonly pausedUntilMs: number | null;
  readonly pausedSinceMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Grows with each write: one that has seen another version is made again. */
  readonly version: number;
};

export function toUserDocument({ id, preferences, ...rest }: User, version: number): UserDocument {
  const wishes = Object.entries(preferences).map(([pattern, wish]) => ({ pattern, ...wish }));
  return { ...rest, _id: encodeText(id), preferences: wishes, version };
}

export function toUser({ _id, preferences, version: _, ...rest }: UserDocument): User {
  const wishes = preferences.map(({ pattern, isWanted, sinceMs }) => [pattern, { isWanted, sinceMs }] as const);
  return { ...rest, id: decodeText(_id), preferences: Object.fromEntries(wishes) };
}

const TAG: StoreIndex = { name: 'tag', key: { tags: 1, _id: 1 } };

export const USER_INDEXES = [TAG];

export const USER_BY_ID: NamedQuery<string> = {
  name: 'user by id',
  collection: 'users',
  purpose: 'what was said of one user, to read or change',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const VERSION_OF_USER: NamedQuery<{ readonly id: string; readonly version: number }> = {
  name: 'version of a user',
  collection: 'users',
  purpose: 'the conditional write of what is said of one user',
  index: BY_ID,
  filter: ({ id, version }) => ({ _id: id, version }),
};

export const USERS_BY_ID: NamedQuery<readonly string[]> = {
  name: 'users by id',
  collection: 'users',
  purpose: 'what was said of the users of a page, or of the deliveries claimed',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
};

export const USERS_LISTED: NamedQuery<string> = {
  name: 'users listed',
  collection: 'users',
  purpose: 'a page of all of whom something was said, also of an audience',
  index: BY_ID,
  filter: (after) => ({ _id: { $gt: after } }),
  sort: { _id: 1 },
};

type OfTag = { readonly tag: string; readonly after: string };

export const USERS_OF_TAG: NamedQuery<OfTag> = {
  name: 'users of a tag',
  collection: 'users',
  purpose: 'a page of those who have a tag, also of an audience along it',
  index: TAG,
  filter: ({ tag, after }) => ({ tags: tag, _id: { $gt: after } }),
  sort: { _id: 1 },
};

export const USER_IDS_OF_TAG: NamedQuery<OfTag> = {
  name: 'user ids of a tag',
  collection: 'users',
  purpose: 'how many have a tag, from the index alone',
  index: TAG,
  filter: ({ tag, after }) => ({ tags: tag, _id: { $gt: after } }),
  sort: { _id: 1 },
  projection: { _id: 1 },
};

/** In the order of its index, without a sort: MongoDB would not believe an index of lists to be one. */
export const NEXT_TAG: NamedQuery<string> = {
  name: 'next tag',
  collection: 'users',
  purpose: 'the tag after another that anybody has',
  index: TAG,
  filter: (after) => ({ tags: { $gt: after } }),
  projection: { tags: 1 },
};

export const USER_QUERIES = [
  USER_BY_ID,
  VERSION_OF_USER,
  USERS_BY_ID,
  USERS_LISTED,
  USERS_OF_TAG,
  USER_IDS_OF_TAG,
  NEXT_TAG,
] as const;
