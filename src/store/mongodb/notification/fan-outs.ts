import type { UpdateFilter } from 'mongodb';
import type { Audience } from '../../../domain/audience/audience.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type ErasedLately, membersWithoutErased, planWithoutErased } from '../../../domain/erasure/traces.ts';
import { isPersonal } from '../../../domain/experiment/variant-content.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { DueFanOut, FannedOut, FanOut, FanOutPage, FanOutStore } from '../../fan-out-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { type DeliveryDocument, toDeliveryDocument } from '../collections/delivery-document.ts';
import { optionsOf } from '../collections/named-query.ts';
import { type NotificationDocument, toNotification } from '../collections/notification-document.ts';
import {
  DUE_NOTIFICATIONS,
  FAN_OUT,
  FAN_OUT_AT,
  type FanOutPlace,
  UNBEGUN_PAGE,
  UNFINISHED_FAN_OUTS,
} from '../collections/notification-queries.ts';
import { DELIVERED_USERS, SUPPRESSED_USERS } from '../collections/suppression-queries.ts';
import { kindsOf } from '../delivery/dead-letters.ts';
import { eraseAgain, erasedAmong } from '../erasure/erased-lately.ts';
import { noteToCount } from '../experiment/marks.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { bookOf } from '../tally/ledger.ts';
import { beginPage, begunPageOf, isToBegin, placeOf } from './begun-pages.ts';
import { endCancelled } from './cancelling.ts';
import { completeIfFinal, reopen } from './completion.ts';
import { decidePage, takeBackSuppressions } from './pages.ts';
import { forgetValues, valuesOf } from './recipient-values.ts';
import { announceSuppressed } from './suppressed-summary.ts';

export function mongoFanOuts(collections: Collections, operations: Operations): FanOutStore {
  return {
    get: (id) => operations.run(() => readFanOut(collections, id)),
    commitPage: (page) => operations.run(() => commitPage(collections, page)),
    valuesOf: (id, named, userIds) => operations.run(() => valuesOf(collections, id, named, userIds)),
    unfinished: (acceptedBeforeMs, limit) => operations.run(() => unfinished(collections, acceptedBeforeMs, limit)),
    due: (untilMs, limit) => operations.run(() => due(collections, untilMs, limit)),
    endCancelled: (id, nowMs) => operations.run(() => endCancelled(collections, id, nowMs)),
    decided: (query) => operations.run(() => decided(collections, query)),
  };
}

async function readFanOut({ notifications }: Collections, id: string): Promise<FanOut | null> {
  const document = await notifications.findOne(FAN_OUT.filter(id), optionsOf(FAN_OUT));
  if (document === null || document.cursor === undefined) return null;
  const audience: Audience =
    document.audience === undefined
      ? { kind: 'user_ids', userIds: (document.userIds ?? []).map(decodeText) }
      : (JSON.parse(document.audience) as Audience);
  const { cursor, followingAtMs = null } = document;
  return { notification: toNotification(document), audience, cursor, followingAtMs, begun: begunPageOf(document) };
}

/**
 * The page's users first, then suppressions and deliveries, the cursor after them: a process that dies in between leaves a page that is
 * simply made again, for the same users, by what they want by then. Whoever has a delivery keeps it, and has no suppression beside it.
 * Whoever loses the race for the cursor had the same page, so what it wrote belongs there.
 */
async function commitPage(collections: Collections, read: FanOutPage): Promise<FannedOut | null> {
  const {
    notification: { id: _id },
  } = read;
  const erased = await erasedAmong(collections, read.members);
  const page = pageWithout(read, erased);
  const { notifications } = collections;
  const place = placeOf(page);
  const uncapped = page.plan(() => []);
  const isBegun = isToBegin(page, uncapped);
  if (!(await (isBegun ? beginPage(collections, page) : isOpenAt(collections, place)))) return null;
  const plan = await decidePage(collections, page, uncapped);
  const inserted = await insertDeliveries(collections, plan.deliveries);
  await takeBackSuppressions(collections, page, plan.deliveries, isBegun);
  await eraseAgain(collections, await erasedSince(collections, read, erased));
  const { change: move, isLast } = moveOf(page);
  const announced = isLast ? await suppressedSummary(collections, page, plan.suppressions.length > 0) : {};
  const change = { ...move, ...announced };
  const here = (isBegun ? FAN_OUT_AT : UNBEGUN_PAGE).filter(place);
  const { matchedCount } = await notifications.updateOne(here, change);
  if (matchedCount === 0) {
    if (inserted > 0) await reopen(collections, [_id]);
    return null;
  }
  if (isLast) await completeIfFinal(collections, _id);
  if (isLast && isPersonal(page.notification.content)) await forgetValues(collections, page.notification);
  return plan;
}

/** How many got nothing, and why. Where there is one page alone, it knows whether that is anybody. */
async function suppressedSummary(collections: Collections, { notification, from, wave }: FanOutPage, isAny: boolean) {
  const isOnlyPage = from === AUDIENCE_START && wave === null;
  return isOnlyPage && !isAny ? {} : announceSuppressed(collections, notification.id);
}

/** Without those who were erased since it was read. */
function pageWithout(page: FanOutPage, erased: ErasedLately): FanOutPage {
  if (erased.size === 0) return page;
  const members = membersWithoutErased(page.members, erased);
  return { ...page, members, plan: (capUsesOf) => planWithoutErased(page.plan(capUsesOf), erased) };
}

/** Those of its users who were erased while it was being written. */
async function erasedSince(
  collections: Collections,
  { members }: FanOutPage,
  before: ErasedLately,
): Promise<ErasedLately> {
  const erased = await erasedAmong(collections, members);
  return erased.size === before.size ? new Map() : new Map([...erased].filter(([userId]) => !before.has(userId)));
}

type Move = { readonly change: UpdateFilter<NotificationDocument>; readonly isLast: boolean };

/** On to the next page; from the last page to the next wave, if there is one; or to the end. */
function moveOf({ to, members, isUserCountOpen, wave, nowMs }: FanOutPage): Move {
  const isLast = to === null && (wave === null || wave.followingAtMs === null);
  const users = members.length;
  const counts = { ...(isUserCountOpen && { userCount: users }), ...(wave !== null && { releasedUsers: users }) };
  const counted = isUserCountOpen || wave !== null ? { $inc: counts } : {};
  const began = { fanOutBeganAtMs: nowMs };
  if (isLast) {
    const first = wave === null ? began : { ...began, lastWaveAtMs: nowMs };
    const gone = { cursor: 1, userIds: 1, audience: 1, page: 1, dueAtMs: 1, followingAtMs: 1 } as const;
    const ended = { status: 'sending', fanOutEndedAtMs: nowMs } as const;
    return { isLast, change: { ...counted, $min: first, $set: ended, $unset: gone } };
  }
  const moved = { ...counted, $min: began };
  if (wave === null) return { isLast, change: { ...moved, $set: { cursor: to ?? AUDIENCE_START } } };
  const { atMs, followingAtMs } = wave;
  if (to !== null) {
    const following = followingAtMs === null ? {} : { followingAtMs };
    return { isLast, change: { ...moved, $set: { status: 'sending', cursor: to, dueAtMs: atMs, ...following } } };
  }
  const nextWave = { status: 'sending', cursor: AUDIENCE_START, dueAtMs: followingAtMs ?? atMs } as const;
  return { isLast, change: { ...moved, $set: nextWave, $unset: { followingAtMs: 1, page: 1 } } };
}

async function isOpenAt({ notifications }: Collections, place: FanOutPlace): Promise<boolean> {
  return (await notifications.findOne(UNBEGUN_PAGE.filter(place), { projection: { _id: 1 } })) !== null;
}

/** Those that exist already stay as they are. Returns how many were new. */
async function insertDeliveries(collections: Collections, made: readonly Delivery[]): Promise<number> {
  if (made.length === 0) return 0;
  const kinds = await kindsOf(collections, made);
  const known = await insertAll(
    collections,
    made.map((delivery) => toDeliveryDocument(delivery, kinds.get(delivery.id))),
  );
  const inserted = made.filter((_, index) => !known.has(index));
  for (const delivery of inserted) bookOf(collections).made(delivery);
  noteToCount(collections, inserted);
  return inserted.length;
}

/** Gives the places of those that exist already. */
async function insertAll(
  { deliveries }: Collections,
  documents: readonly DeliveryDocument[],
): Promise<ReadonlySet<number>> {
  try {
    await deliveries.insertMany([...documents], { ordered: false });
    return new Set();
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
    return new Set([error.writeErrors].flat().map(({ index }) => index));
  }
}

async function unfinished({ notifications }: Collections, acceptedBeforeMs: number, limit: number) {
  const filter = UNFINISHED_FAN_OUTS.filter(acceptedBeforeMs);
  const found = await notifications.find(filter, { ...optionsOf(UNFINISHED_FAN_OUTS), limit }).toArray();
  return found.map(({ _id: id, priority }) => ({ id, priority }));
}

async function due({ notifications }: Collections, untilMs: number, limit: number): Promise<readonly DueFanOut[]> {
  const found = await notifications
    .find(DUE_NOTIFICATIONS.filter(untilMs), { ...optionsOf(DUE_NOTIFICATIONS), limit })
    .toArray();
  return found.map(({ _id: id, priority, dueAtMs = 0 }) => ({ id, priority, dueAtMs }));
}

async function decided(
  { deliveries, suppressions }: Collections,
  { notificationId, userIds }: Parameters<FanOutStore['decided']>[0],
): Promise<ReadonlySet<string>> {
  const asked = { notificationId, userIds: userIds.map(encodeText) };
  const wanted = new Set(asked.userIds);
  const [delivered, suppressed] = await Promise.all([
    deliveries.find(DELIVERED_USERS.filter(asked), optionsOf(DELIVERED_USERS)).toArray(),
    suppressions.find(SUPPRESSED_USERS.filter(asked), optionsOf(SUPPRESSED_USERS)).toArray(),
  ]);
  const users = [...delivered, ...suppressed.flatMap(({ entries }) => entries)].map(({ userId }) => userId);
  return new Set(users.filter((userId) => wanted.has(userId)).map(decodeText));
}
