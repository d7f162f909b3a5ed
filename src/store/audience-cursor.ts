import { Buffer } from 'node:buffer';
import { deviceZoneOf, type Member, type Recipient } from '../domain/audience/audience.ts';
import type { Person } from '../domain/user/person.ts';
import type { User } from '../domain/user/user.ts';
import type { AudienceCursor, AudiencePage, AudienceQuery } from './audience-store.ts';
import { LAST_ID } from './cursor.ts';
import { encodeText } from './stored-text.ts';

/**
 * Users looked up for one page: few of them may have a subscription, and a longer list takes longer to read. With another
 * number, cursors that are kept would lead elsewhere.
 */
const USERS_AT_ONCE = 500;

/**
 * A place among the users named: `userIndex` is the first of those looked up at once, `after` the last subscription
 * that was given of them, in order of user and subscription.
 */
type Place = {
  readonly userIndex: number;
  readonly after: { readonly userId: string; readonly subscriptionId: string } | null;
};

/** What a store looks up for one page: active subscriptions of these users, in order of (userId, id), after a place. */
export type Lookup = Place & { readonly userIds: readonly string[]; readonly limit: number };

/** The cursor of the first page. */
export const AUDIENCE_START: AudienceCursor = cursorOf({ userIndex: 0, after: null });

export function lookupAt(userIds: readonly string[], cursor: AudienceCursor | null, limit: number): Lookup {
  const { userIndex, after } = placeOf(cursor ?? AUDIENCE_START);
  return { userIndex, after, userIds: userIds.slice(userIndex, userIndex + USERS_AT_ONCE), limit };
}

/** The users of a page of those named, each with all devices. */
export type FoundUsers = { readonly userIds: readonly string[]; readonly devices: readonly Recipient[] };

/**
 * Which of the users looked up are whole in what was found, the first `limit` of their devices, and where the next page begins. Null
 * where the only user there has more: then all of that user's have to be read.
 */
export function usersFound(
  all: readonly string[],
  lookup: Lookup,
  found: readonly Recipient[],
): (FoundUsers & { readonly next: AudienceCursor | null }) | { readonly moreOf: string } {
  const { userIndex, limit, userIds, after } = lookup;
  const last = found.at(-1);
  if (last === undefined || found.length < limit) {
    const next = userIndex + USERS_AT_ONCE;
    return {
      userIds: inOrder(usersBetween(userIds, after?.userId ?? null, null), found),
      devices: found,
      next: next < all.length ? cursorOf({ userIndex: next, after: null }) : null,
    };
  }
  const whole = found.filter(({ userId }) => userId !== last.userId);
  const lastWhole = whole.at(-1);
  if (lastWhole === undefined) return { moreOf: last.userId };
  return pageUpTo(lookup, lastWhole.userId, whole);
}

/** The page that ends with a user of whom every device was read. */
export function pageUpTo(
  { userIndex, userIds, after }: Lookup,
  userId: string,
  devices: readonly Recipient[],
): FoundUsers & { readonly next: AudienceCursor } {
  const next = cursorOf({ userIndex, after: { userId, subscriptionId: LAST_ID } });
  return { userIds: inOrder(usersBetween(userIds, after?.userId ?? null, userId), devices), devices, next };
}

/** Those with a device first, in the order in which the store gives them. */
function inOrder(userIds: readonly string[], devices: readonly Recipient[]): readonly string[] {
  return [...new Set([...devices.map(({ userId }) => userId), ...userIds])];
}

/** Users after one and up to another, as stores order texts: by the bytes of what is kept. */
function usersBetween(userIds: readonly string[], afterId: string | null, upToId: string | null): readonly string[] {
  if (afterId === null && upToId === null) return userIds;
  return userIds.filter(
    (userId) =>
      (afterId === null || isStoredBefore(afterId, userId)) && (upToId === null || !isStoredBefore(upToId, userId)),
  );
}

/** JavaScript orders texts by UTF-16 units, stores by UTF-8 bytes. */
export function isStoredBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(encodeText(one)), Buffer.from(encodeText(other))) < 0;
}

/** Ids as stores order them. What each is compared by is made once. */
export function inStoredOrder(ids: Iterable<string>): readonly string[] {
  return Array.from(ids, (id) => ({ id, key: Buffer.from(encodeText(id)) }))
    .sort((one, other) => Buffer.compare(one.key, other.key))
    .map(({ id }) => id);
}

/** Each user with the devices found, and as far as something was said of them, what. */
export function membersOf({ userIds, devices }: FoundUsers, users: ReadonlyMap<string, User>): readonly Member[] {
  const byUser = new Map<string, Recipient[]>(userIds.map((userId) => [userId, []]));
  for (const device of devices) byUser.get(device.userId)?.push(device);
  return userIds.map((userId) => {
    const own = byUser.get(userId) ?? [];
    const person: Person = { user: users.get(userId) ?? null, deviceZone: deviceZoneOf(own) };
    return { userId, devices: own, person };
  });
}

/** The page with those of its users who are wanted. */
export function wantedOf({ only }: Pick<AudienceQuery, 'only'>, page: AudiencePage): AudiencePage {
  return only === undefined ? page : { ...page, members: page.members.filter(only) };
}

/** Where a walk through all users has got to: after this one. */
export function afterUser(cursor: AudienceCursor | null): string {
  const value: unknown = JSON.parse(cursor ?? AUDIENCE_START);
  return typeof value === 'object' && value !== null && 'after' in value ? String(value.after) : '';
}

/** The cursor of a walk through all users, after this one. */
export function cursorAfterUser(userId: string): AudienceCursor {
  return JSON.stringify({ after: userId });
}

/** JSON of `userIndex`, `after.userId` and `after.subscriptionId`: cursors are kept with notifications, so that stays. */
function cursorOf({ userIndex, after }: Place): AudienceCursor {
  return JSON.stringify([userIndex, after?.userId ?? null, after?.subscriptionId ?? null]);
}

function placeOf(cursor: AudienceCursor): Place {
  const [userIndex, userId, subscriptionId] = JSON.parse(cursor) as [number, string | null, string | null];
  return { userIndex, after: userId === null || subscriptionId === null ? null : { userId, subscriptionId } };
}
