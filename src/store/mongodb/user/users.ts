import type { Person } from '../../../domain/user/person.ts';
import type { User } from '../../../domain/user/user.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import { encodeText } from '../../stored-text.ts';
import type { TagCount, UserStore } from '../../user-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { NEWEST_ZONE } from '../collections/subscription-queries.ts';
import {
  NEXT_TAG,
  toUser,
  toUserDocument,
  USER_BY_ID,
  USER_IDS_OF_TAG,
  USERS_BY_ID,
  USERS_LISTED,
  USERS_OF_TAG,
  VERSION_OF_USER,
} from '../collections/user-queries.ts';
import { capUses } from '../notification/caps.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

/** Changes of so many users are under way at once. */
const AT_ONCE = 32;

export function mongoUsers(collections: Collections, operations: Operations): UserStore {
  return {
    get: (id) => operations.run(() => get(collections, id)),
    change: (blank, change) => operations.run(() => changeOne(collections, blank, change)),
    async changeMany(blanks, change) {
      for (let start = 0; start < blanks.length; start += AT_ONCE) {
        const some = blanks.slice(start, start + AT_ONCE);
        await operations.run(() => Promise.all(some.map((blank) => changeOne(collections, blank, change))));
      }
    },
    list: (query) => operations.run(() => list(collections, query)),
    tags: (query) => operations.run(() => tags(collections, query)),
    capUses: (userId, cap, asked) => operations.run(() => capUses(collections, userId, cap, asked)),
    persons: (ids) => operations.run(() => personsById(collections, ids)),
  };
}

async function get({ users }: Collections, id: string): Promise<User | null> {
  const document = await users.findOne(USER_BY_ID.filter(encodeText(id)), optionsOf(USER_BY_ID));
  return document === null ? null : toUser(document);
}

/** Writes over the version that it has seen, and looks again where another came first. */
async function changeOne({ users }: Collections, blank: User, change: (user: User) => User): Promise<User> {
  const _id = encodeText(blank.id);
  for (;;) {
    const before = await users.findOne(USER_BY_ID.filter(_id), optionsOf(USER_BY_ID));
    const after = change(before === null ? blank : toUser(before));
    if (before === null) {
      try {
        await users.insertOne(toUserDocument(after, 1));
        return after;
      } catch (error) {
        if (duplicateField(error) !== '_id') throw error;
        continue;
      }
    }
    const { version } = before;
    const { matchedCount } = await users.replaceOne(
      VERSION_OF_USER.filter({ id: _id, version }),
      toUserDocument(after, version + 1),
    );
    if (matchedCount > 0) return after;
  }
}

async function list(
  { users }: Collections,
  { tag, cursor, limit }: Parameters<UserStore['list']>[0],
): Promise<Page<User>> {
  const after = encodeText(decodeName(cursor));
  const found =
    tag === null
      ? users.find(USERS_LISTED.filter(after), optionsOf(USERS_LISTED))
      : users.find(USERS_OF_TAG.filter({ tag, after }), optionsOf(USERS_OF_TAG));
  return toPage(await found.limit(limit + 1).toArray(), limit, toUser, ({ id }) => encodeName(id));
}

/** From tag to tag along the index, and how many have each. */
async function tags(
  collections: Collections,
  { cursor, limit }: Parameters<UserStore['tags']>[0],
): Promise<Page<TagCount>> {
  const { users } = collections;
  const names: string[] = [];
  let after = decodeName(cursor);
  while (names.length <= limit) {
    const next = await users.findOne(NEXT_TAG.filter(after), optionsOf(NEXT_TAG));
    const name = next?.tags.filter((tag) => tag > after).reduce((least, tag) => (tag < least ? tag : least));
    if (name === undefined) break;
    names.push(name);
    after = name;
  }
  const counts = await Promise.all(names.slice(0, limit).map((tag) => countOf(collections, tag)));
  return toPage(
    names.map((tag, index): TagCount => ({ tag, userCount: counts[index] ?? 0 })),
    limit,
    (item) => item,
    ({ tag }) => encodeName(tag),
  );
}

/** How many users have a tag, up to a limit; 0: without one. */
export function countOf({ users }: Collections, tag: string, limit = 0): Promise<number> {
  const { hint } = optionsOf(USER_IDS_OF_TAG);
  return users.countDocuments(USER_IDS_OF_TAG.filter({ tag, after: '' }), { hint, ...(limit > 0 && { limit }) });
}

/** Of those of whom something was said. */
export async function usersById({ users }: Collections, ids: readonly string[]): Promise<ReadonlyMap<string, User>> {
  if (ids.length === 0) return new Map();
  const found = await users.find(USERS_BY_ID.filter(ids.map(encodeText)), optionsOf(USERS_BY_ID)).toArray();
  return new Map(found.map(toUser).map((user) => [user.id, user]));
}

/** With the zones of their newest devices, where gates may ask for them. */
export async function personsById(
  collections: Collections,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Person>> {
  const users = await usersById(collections, [...new Set(ids)]);
  const persons = [...users.values()].map(async (user): Promise<readonly [string, Person]> => {
    const needsZone = user.quietHours !== null && user.timeZone === null;
    return [user.id, { user, deviceZone: needsZone ? await newestZone(collections, user.id) : null }];
  });
  return new Map(await Promise.all(persons));
}

async function newestZone({ subscriptions }: Collections, userId: string): Promise<string | null> {
  const newest = subscriptions.find(NEWEST_ZONE.filter(encodeText(userId)), optionsOf(NEWEST_ZONE)).limit(1);
  return (await newest.toArray())[0]?.timeZone ?? null;
}
