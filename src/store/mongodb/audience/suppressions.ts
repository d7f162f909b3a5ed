import type { SuppressionReason } from '../../../domain/audience/release.ts';
import { type Suppression, suppressionCountsOf } from '../../../domain/audience/suppression.ts';
import { decodeName, decodeParts, encodeName, encodeParts, invalidCursor, LAST_ID, toPage } from '../../cursor.ts';
import type { Page } from '../../page.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { SuppressionStore } from '../../suppression-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  SUPPRESSIONS_OF_NOTIFICATION,
  SUPPRESSIONS_OF_USER,
  type SuppressionDocument,
} from '../collections/suppression-queries.ts';
import type { Operations } from '../server/operations.ts';

export function mongoSuppressions(collections: Collections, operations: Operations): SuppressionStore {
  return {
    list: (query) => operations.run(() => list(collections, query)),
    listOfUser: (query) => operations.run(() => listOfUser(collections, query)),
    get: (notificationId, userId) => operations.run(() => get(collections, notificationId, userId)),
    countByReason: (notificationId) => operations.run(() => countByReason(collections, notificationId)),
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

async function list(
  { suppressions }: Collections,
  query: Parameters<SuppressionStore['list']>[0],
): Promise<Page<Suppression>> {
  const { notificationId, reason, cursor, limit } = query;
  const [fromId, index] = placeOf(cursor);
  const filter = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId });
  const found: Placed[] = [];
  for await (const document of suppressions.find(filter, optionsOf(SUPPRESSIONS_OF_NOTIFICATION))) {
    suppressionsIn(document).forEach((suppression, at) => {
      const isPast = document._id === fromId && at <= index;
      if (!isPast && (reason === null || suppression.reason === reason))
        found.push({ suppression, place: [document._id, at] });
    });
    if (found.length > limit) break;
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

async function get({ suppressions }: Collections, notificationId: string, userId: string): Promise<Suppression | null> {
  const filter = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId: '' });
  for await (const document of suppressions.find(filter, optionsOf(SUPPRESSIONS_OF_NOTIFICATION))) {
    const own = suppressionsIn(document).find((one) => one.userId === userId);
    if (own !== undefined) return own;
  }
  return null;
}

/** See `SuppressionStore.countByReason`. */
export async function countByReason({ suppressions }: Collections, notificationId: string) {
  const counts = new Map<SuppressionReason, number>();
  const add = (reason: SuppressionReason, count: number) => counts.set(reason, (counts.get(reason) ?? 0) + count);
  const pipeline = [
    { $match: SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId: '' }) },
    {
      $project: {
        reasons: '$entries.reason',
        unreached: sizeOf('$unreached'),
        missed: sizeOf('$missed'),
        cancelled: sizeOf('$cancelled'),
      },
    },
  ];
  const { hint } = optionsOf(SUPPRESSIONS_OF_NOTIFICATION);
  for await (const { reasons, unreached, missed, cancelled } of suppressions.aggregate<Counted>(pipeline, { hint })) {
    add('no_subscription', unreached);
    add('missed', missed);
    add('cancelled', cancelled);
    for (const reason of reasons) add(reason, 1);
  }
  return suppressionCountsOf(counts);
}

type Counted = {
  readonly reasons: readonly SuppressionReason[];
  readonly unreached: number;
  readonly missed: number;
  readonly cancelled: number;
};

function sizeOf(list: string) {
  return { $size: { $ifNull: [list, []] } };
}
