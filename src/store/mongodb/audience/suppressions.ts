import type { Suppression } from '../../../domain/audience/suppression.ts';
import { decodeName, decodeParts, encodeName, encodeParts, invalidCursor, LAST_ID, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { SuppressionStore } from '../../suppression-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  LISTED_USER,
  SUPPRESSED_USERS,
  SUPPRESSIONS_OF_NOTIFICATION,
  SUPPRESSIONS_OF_USER,
  type SuppressionDocument,
} from '../collections/suppression-queries.ts';
import type { Operations } from '../server/operations.ts';
import { countByReason, countSome } from './suppression-counts.ts';

export function mongoSuppressions(collections: Collections, operations: Operations): SuppressionStore {
  return {
    list: (query) => operations.run(() => list(collections, query)),
    listOfUser: (query) => operations.run(() => listOfUser(collections, query)),
    get: (notificationId, userId) => operations.run(() => get(collections, notificationId, userId)),
    countByReason: (notificationId) => operations.run(() => countByReason(collections, notificationId)),
    countSome: (notificationId) => operations.run(() => countSome(collections, notificationId)),
  };
}

/** All that a page suppressed: first those with a reason of their own, then those that are in lists. */
function suppressionsIn(document: Lists & Pick<SuppressionDocument, 'entries' | 'atMs'>): readonly Suppression[] {
  const { notificationId, entries, atMs } = document;
  const own = entries.map(({ userId, reason, detail }) => ({
    notificationId,
    userId: decodeText(userId),
    reason,
    detail,
    atMs,
  }));
  const listed = listsIn(document).flatMap(([reason, userIds]) =>
    userIds.map((userId): Suppression => ({ notificationId, userId: decodeText(userId), reason, detail: {}, atMs })),
  );
  return [...own, ...listed];
}

type Lists = Pick<SuppressionDocument, 'notificationId' | 'unreached' | 'missed' | 'cancelled'>;

function listsIn({ unreached, missed = [], cancelled = [] }: Omit<Lists, 'notificationId'>) {
  return [
    ['no_subscription', unreached],
    ['missed', missed],
    ['cancelled', cancelled],
  ] as const;
}

type Placed = { readonly suppression: Suppression; readonly place: readonly [documentId: string, index: number] };

function placeOf(cursor: string | null): Placed['place'] {
  if (cursor === null) return ['', -1];
  const [documentId, index, ...rest] = decodeParts(cursor);
  if (typeof documentId !== 'string' || !Number.isSafeInteger(index) || rest.length > 0) throw invalidCursor();
  return [documentId, index as number];
}

/** Documents, each of a page of the fan-out, that are looked through for a page of a listing. */
const LOOKED_THROUGH = 20;

async function list(
  { suppressions }: Collections,
  query: Parameters<SuppressionStore['list']>[0],
): Promise<Page<Suppression>> {
  const { notificationId, reason, cursor, limit } = query;
  const [fromId, index] = placeOf(cursor);
  const filter = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId });
  const found: Placed[] = [];
  let looked: Placed['place'] | null = null;
  let count = 0;
  const options = { ...optionsOf(SUPPRESSIONS_OF_NOTIFICATION), limit: LOOKED_THROUGH + 1 };
  for await (const document of suppressions.find(filter, options)) {
    if (++count > LOOKED_THROUGH) {
      return { items: found.map(({ suppression }) => suppression), next: encodeParts(looked ?? [fromId, index]) };
    }
    const all = suppressionsIn(document);
    all.forEach((suppression, at) => {
      const isPast = document._id === fromId && at <= index;
      if (!isPast && (reason === null || suppression.reason === reason))
        found.push({ suppression, place: [document._id, at] });
    });
    if (found.length > limit) break;
    looked = [document._id, all.length];
  }
  const page = toPage(
    found,
    limit,
    (one) => one,
    ({ place }) => encodeParts(place),
  );
  return { items: page.items.map(({ suppression }) => suppression), next: page.next };
}

async function listOfUser(
  { suppressions }: Collections,
  { userId, cursor, limit }: Parameters<SuppressionStore['listOfUser']>[0],
): Promise<Page<Suppression>> {
  const filter = SUPPRESSIONS_OF_USER.filter({ userId: encodeText(userId), beforeId: decodeName(cursor) || LAST_ID });
  const found = await suppressions.find(filter, { ...optionsOf(SUPPRESSIONS_OF_USER), limit: limit + 1 }).toArray();
  const own = found.flatMap((document) =>
    suppressionsIn({ ...document, unreached: [], missed: [], cancelled: [] })
      .filter((one) => one.userId === userId)
      .slice(0, 1),
  );
  return toPage(
    own,
    limit,
    (one) => one,
    ({ notificationId }) => encodeName(notificationId),
  );
}

/** By the index where the reason is the user’s own. Lists are in none: the server looks through those of the notification. */
async function get({ suppressions }: Collections, notificationId: string, id: string): Promise<Suppression | null> {
  const userId = encodeText(id);
  const ofUser = SUPPRESSED_USERS.filter({ notificationId, userIds: [userId] });
  const own = await suppressions.findOne(ofUser, optionsOf(SUPPRESSED_USERS));
  const entry = own?.entries.find((one) => one.userId === userId);
  if (own && entry) return { notificationId, userId: id, reason: entry.reason, detail: entry.detail, atMs: own.atMs };
  const found = await suppressions.findOne(LISTED_USER.filter({ notificationId, userId }), optionsOf(LISTED_USER));
  if (found === null) return null;
  const [reason] = listsIn(found).find(([, users]) => users.includes(userId)) ?? [];
  return reason === undefined ? null : { notificationId, userId: id, reason, detail: {}, atMs: found.atMs };
}
