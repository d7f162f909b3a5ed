import type { Audience, Recipient } from '../domain/audience/audience.ts';
import type { AudienceCursor, RecipientPage } from './audience-store.ts';

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

export function lookupAt({ userIds }: Audience, cursor: AudienceCursor | null, limit: number): Lookup {
  const { userIndex, after } = placeOf(cursor ?? AUDIENCE_START);
  return { userIndex, after, userIds: userIds.slice(userIndex, userIndex + USERS_AT_ONCE), limit };
}

/** A full page may have more of the same users behind it; else the next users follow, or the audience is done. */
export function pageOf({ userIds }: Audience, lookup: Lookup, found: readonly Recipient[]): RecipientPage {
  const { userIndex, limit } = lookup;
  const last = found.at(-1);
  if (last !== undefined && found.length === limit) {
    const after = { userId: last.userId, subscriptionId: last.id };
    return { subscriptions: found, next: cursorOf({ userIndex, after }) };
  }
  const next = userIndex + USERS_AT_ONCE;
  return { subscriptions: found, next: next < userIds.length ? cursorOf({ userIndex: next, after: null }) : null };
}

/** JSON of `userIndex`, `after.userId` and `after.subscriptionId`: cursors are kept with notifications, so that stays. */
function cursorOf({ userIndex, after }: Place): AudienceCursor {
  return JSON.stringify([userIndex, after?.userId ?? null, after?.subscriptionId ?? null]);
}

function placeOf(cursor: AudienceCursor): Place {
  const [userIndex, userId, subscriptionId] = JSON.parse(cursor) as [number, string | null, string | null];
  return { userIndex, after: userId === null || subscriptionId === null ? null : { userId, subscriptionId } };
}
