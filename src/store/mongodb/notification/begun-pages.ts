import type { PagePlan } from '../../../domain/audience/fan-out.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { BegunPage, FanOutPage } from '../../fan-out-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { NotificationDocument } from '../collections/notification-document.ts';
import { FAN_OUT_AT, type FanOutPlace, UNBEGUN_PAGE } from '../collections/notification-queries.ts';

/**
 * Whether the users of a page have to be said before it is made. Another try may find others there, since users join and leave and a
 * page ends earlier where they have more devices; then what the two keep would not be of the same users. Of a list that fits into one
 * page the users stand already: it costs no more write, unless somebody of many gets nothing.
 */
export function isToBegin(page: FanOutPage, plan: PagePlan): boolean {
  const { notification, isUserCountOpen, from, to, members, policy } = page;
  // Of what is sent later is told to how many it went. A page of it at which nobody is due keeps nothing.
  if (notification.sendAt !== null) return members.length > 0;
  if (isUserCountOpen || from !== AUDIENCE_START || to !== null) return true;
  return members.length > 1 && (policy.cap !== null || plan.suppressions.length > 0);
}

/** Says which users the page has, unless another try has. False: the cursor is elsewhere, or the page has other users. */
export async function beginPage({ notifications }: Collections, page: FanOutPage): Promise<boolean> {
  const { from, to, members, wave } = page;
  const here = placeOf(page);
  const userIds = members.map(({ userId }) => encodeText(userId));
  const { matchedCount } = await notifications.updateOne(
    UNBEGUN_PAGE.filter(here),
    { $set: { page: { from, to, userIds, followingAtMs: wave?.followingAtMs ?? null } } },
    optionsOf(UNBEGUN_PAGE),
  );
  if (matchedCount > 0) return true;
  const begun = await notifications.findOne(FAN_OUT_AT.filter(here), optionsOf(FAN_OUT_AT));
  return begun?.page !== undefined && begun.page.to === to && isSameSet(begun.page.userIds, userIds);
}

/** Where the page is in its notification, and in which wave. */
export function placeOf({ notification, from, wave }: FanOutPage): FanOutPlace {
  return { id: notification.id, cursor: from, waveAtMs: wave?.atMs ?? null };
}

/** The page at the cursor, where somebody has begun it. */
export function begunPageOf({ cursor, page }: NotificationDocument): BegunPage | null {
  if (page === undefined || page.from !== cursor) return null;
  const { to, userIds, followingAtMs = null } = page;
  return { to, userIds: userIds.map(decodeText), followingAtMs };
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const known = new Set(some);
  return some.length === others.length && others.every((one) => known.has(one));
}
