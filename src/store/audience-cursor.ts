import type { Audience, Recipient } from '../domain/audience/audience.ts';
import type { AudienceCursor, Given, RecipientPage } from './audience-store.ts';

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
  /** Before this place; null where that is not known. */
  readonly given: Given | null;
};

const NONE: Given = { users: 0, subscriptions: 0 };

/** What a store looks up for one page: active subscriptions of these users, in order of (userId, id), after a place. */
export type Lookup = Place & { readonly userIds: readonly string[]; readonly limit: number };

/** The cursor of the first page. */
export const AUDIENCE_START: AudienceCursor = '[0,null,null]';

export function lookupAt({ userIds }: Audience, cursor: AudienceCursor | null, limit: number): Lookup {
  const { userIndex, after, given } = placeOf(cursor ?? AUDIENCE_START);
  return { userIndex, after, given, userIds: userIds.slice(userIndex, userIndex + USERS_AT_ONCE), limit };
}

/** A full page may have more of the same users behind it; else the next users follow, or the audience is done. */
export function pageOf({ userIds }: Audience, lookup: Lookup, found: readonly Recipient[]): RecipientPage {
  const { userIndex, limit } = lookup;
  const given = withPage(lookup, found);
  const last = found.at(-1);
  if (last !== undefined && found.length === limit) {
    const after = { userId: last.userId, subscriptionId: last.id };
    return { subscriptions: found, next: cursorOf({ userIndex, after, given }), given };
  }
  const next = userIndex + USERS_AT_ONCE;
  const isLast = next >= userIds.length;
  return { subscriptions: found, next: isLast ? null : cursorOf({ userIndex: next, after: null, given }), given };
}

/** The first user of a page may be the one with whom the page before ended. */
function withPage({ given, after }: Lookup, found: readonly Recipient[]): Given | null {
  if (given === null) return null;
  const users = new Set(found.map(({ userId }) => userId));
  if (after !== null) users.delete(after.userId);
  return { users: given.users + users.size, subscriptions: given.subscriptions + found.length };
}

/** As JSON: cursors are kept with notifications, so that stays. Earlier versions wrote no counts, and pass over them. */
type Kept = [userIndex: number, userId: string | null, subscriptionId: string | null, users?: number, given?: number];

function cursorOf({ userIndex, after, given }: Place): AudienceCursor {
  const counts = given === null ? [] : [given.users, given.subscriptions];
  return JSON.stringify([userIndex, after?.userId ?? null, after?.subscriptionId ?? null, ...counts]);
}

function placeOf(cursor: AudienceCursor): Place {
  if (cursor === AUDIENCE_START) return { userIndex: 0, after: null, given: NONE };
  const [userIndex, userId, subscriptionId, users, subscriptions] = JSON.parse(cursor) as Kept;
  return {
    userIndex,
    after: userId === null || subscriptionId === null ? null : { userId, subscriptionId },
    given: users === undefined || subscriptions === undefined ? null : { users, subscriptions },
  };
}
