import type { Document } from 'mongodb';
import { type DeadKind, deadKindOf } from '../../../domain/delivery/dead-kind.ts';
import type { DeadLetterScope } from '../../../domain/delivery/dead-letter-filter.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { deliveryIdPrefix } from '../../../domain/ids.ts';
import { decodeId, decodePlace, placeOfDeadLetter, toPage } from '../../cursor.ts';
import type {
  DeadLetterCountQuery,
  DeadLetterCounts,
  DeadLetterQuery,
  DeliveryStore,
  SkimmedDeadLetter,
} from '../../delivery-store.ts';
import type { Page } from '../../page.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import {
  COUNTED_DEAD_LETTERS,
  DEAD_KINDS,
  DEAD_KINDS_OF_NOTIFICATION,
  DEAD_LETTERS,
  DEAD_LETTERS_OF_KIND,
  DEAD_LETTERS_OF_NOTIFICATION,
  DEAD_LETTERS_OF_USER,
  type DeadLetterPlace,
  UNSORTED_DEAD_LETTERS,
} from '../collections/dead-letter-queries.ts';
import { toDelivery } from '../collections/delivery-document.ts';
import { STATE_OF_NOTIFICATION, USER_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { type NamedQuery, optionsOf } from '../collections/named-query.ts';
import { TYPES_BY_ID } from '../collections/notification-queries.ts';
import type { Span } from '../collections/span.ts';
import type { Operations } from '../server/operations.ts';

export function mongoDeadLetters(
  collections: Collections,
  operations: Operations,
): Pick<DeliveryStore, 'deadKinds' | 'skimFailed' | 'countFailed'> {
  return {
    deadKinds: (notificationId) => operations.run(() => deadKinds(collections, notificationId)),
    skimFailed: async (query) => operations.run(() => skimFailed(collections, query)),
    countFailed: (query) => operations.run(() => countFailed(collections, query)),
  };
}

type Question = { readonly filter: Document; readonly options: ReturnType<typeof optionsOf> };

function asked<Asked>(query: NamedQuery<Asked>, about: Asked): Question {
  return { filter: query.filter(about), options: optionsOf(query) };
}

async function deadKinds({ deliveries }: Collections, notificationId: string | null): Promise<readonly DeadKind[]> {
  const { filter, options } =
    notificationId === null ? asked(DEAD_KINDS, null) : asked(DEAD_KINDS_OF_NOTIFICATION, notificationId);
  // From one kind to the next along the index: MongoDB calls it a distinct scan.
  const pipeline = [{ $match: filter }, { $sort: options.sort }, { $group: { _id: '$deadKind' } }];
  const found = await deliveries.aggregate<{ _id: DeadKind }>(pipeline, { hint: options.hint }).toArray();
  return found.map(({ _id }) => _id);
}

/** MongoDB merges the ranges of so many kinds by itself; of more it would sort all there are. */
const KINDS_AT_ONCE = 100;

async function skimFailed(
  { deliveries }: Collections,
  { scope, kinds, cursor, limit }: DeadLetterQuery,
): Promise<Page<SkimmedDeadLetter>> {
  const place = placeIn(scope, cursor);
  const questions = kinds === null || scope.userId !== null ? [ofAll(place, kinds)] : ofKinds(place, kinds);
  const found = await Promise.all(
    questions.map(({ filter, options }) =>
      deliveries.find(filter, { ...options, projection: { endedAtMs: 1 }, limit: limit + 1 }).toArray(),
    ),
  );
  const rows = found.flat().map(({ _id: id, endedAtMs }) => ({ id, endedAtMs }));
  if (questions.length > 1) rows.sort(scope.notificationId === null ? byEnd : byId);
  return toPage(
    rows,
    limit,
    (row) => row,
    (deadLetter) => placeOfDeadLetter(scope, deadLetter),
  );
}

function byEnd(one: SkimmedDeadLetter, other: SkimmedDeadLetter): number {
  return (other.endedAtMs ?? 0) - (one.endedAtMs ?? 0) || byId(other, one);
}

function byId(one: SkimmedDeadLetter, other: SkimmedDeadLetter): number {
  return one.id < other.id ? -1 : 1;
}

function placeIn(scope: DeadLetterScope, cursor: string | null): DeadLetterPlace {
  const { notificationId, fromMs, untilMs } = scope;
  const userId = scope.userId === null ? null : encodeText(scope.userId);
  if (notificationId === null) {
    const after = cursor === null ? null : decodePlace(cursor);
    return { userId, notificationId, span: { fromMs, untilMs, after }, afterId: null };
  }
  const start = deliveryIdPrefix(notificationId);
  const afterId = decodeId(cursor, (id) => id.startsWith(start));
  return { userId, notificationId, span: { fromMs, untilMs, after: null }, afterId };
}

function ofKinds(place: DeadLetterPlace, kinds: readonly DeadKind[]): readonly Question[] {
  const query = place.notificationId === null ? DEAD_LETTERS_OF_KIND : DEAD_LETTERS_OF_NOTIFICATION;
  const parts: Question[] = [];
  for (let start = 0; start < kinds.length; start += KINDS_AT_ONCE)
    parts.push(asked(query, { ...place, kinds: kinds.slice(start, start + KINDS_AT_ONCE) }));
  return parts;
}

/** Without regard to kinds; of one user there are few. */
function ofAll(place: DeadLetterPlace, kinds: readonly DeadKind[] | null): Question {
  const { userId, notificationId, span, afterId } = place;
  if (userId !== null) return ofUser({ ...place, userId, kinds });
  if (notificationId === null) return asked(DEAD_LETTERS, span);
  return ended(asked(STATE_OF_NOTIFICATION, { notificationId, afterId, state: 'failed' }), span);
}

type OfUser = DeadLetterPlace & { readonly userId: string; readonly kinds: readonly DeadKind[] | null };

function ofUser(place: OfUser): Question {
  const { userId, notificationId, afterId, kinds, span } = place;
  if (notificationId === null) return asked(DEAD_LETTERS_OF_USER, { userId, span, kinds });
  const { filter, options } = asked(USER_OF_NOTIFICATION, { notificationId, userId, afterId });
  const dead = { ...filter, state: 'failed', ...(kinds !== null && { deadKind: { $in: kinds } }) };
  return ended({ filter: dead, options }, span);
}

function ended({ filter, options }: Question, { fromMs, untilMs }: Span): Question {
  if (fromMs === null && untilMs === null) return { filter, options };
  return { filter: { ...filter, endedAtMs: { $gte: fromMs ?? 0, $lt: untilMs ?? Number.MAX_SAFE_INTEGER } }, options };
}

async function countFailed(
  { deliveries }: Collections,
  { scope, kinds, most }: DeadLetterCountQuery,
): Promise<DeadLetterCounts> {
  const place = placeIn(scope, null);
  const { filter, options } =
    place.userId !== null
      ? ofUser({ ...place, userId: place.userId, kinds })
      : asked(place.notificationId === null ? COUNTED_DEAD_LETTERS : DEAD_LETTERS_OF_NOTIFICATION, { ...place, kinds });
  const found = await deliveries
    .aggregate<{ _id: DeadKind; count: number }>(
      [
        { $match: filter },
        { $limit: most },
        { $project: { _id: 0, deadKind: 1 } },
        { $group: { _id: '$deadKind', count: { $sum: 1 } } },
      ],
      { hint: options.hint },
    )
    .toArray();
  const counts = new Map(found.map(({ _id, count }) => [_id, count]));
  return { counts, isAtLeast: found.reduce((sum, { count }) => sum + count, 0) >= most };
}

/** Of those of these deliveries that are dead letters, by the id of each. */
export async function kindsOf(
  { notifications }: Collections,
  deliveries: readonly Delivery[],
): Promise<ReadonlyMap<string, DeadKind>> {
  const dead = deliveries.filter(({ state }) => state === 'failed');
  if (dead.length === 0) return new Map();
  const ids = [...new Set(dead.map(({ notificationId }) => notificationId))];
  const found = await notifications.find(TYPES_BY_ID.filter(ids), optionsOf(TYPES_BY_ID)).toArray();
  const typeOf = new Map(found.map(({ _id, type }) => [_id, decodeText(type)]));
  return new Map(
    dead.map((delivery) => [delivery.id, deadKindOf(delivery, typeOf.get(delivery.notificationId) ?? null)]),
  );
}

/** Dead letters that an earlier version left have no kind: they are given theirs. */
export async function sortDeadLetters(collections: Collections): Promise<void> {
  const { deliveries } = collections;
  const options = { ...optionsOf(UNSORTED_DEAD_LETTERS), limit: SORTED_AT_ONCE };
  for (;;) {
    const found = await deliveries.find(UNSORTED_DEAD_LETTERS.filter(null), options).toArray();
    if (found.length === 0) return;
    const kinds = await kindsOf(collections, found.map(toDelivery));
    await deliveries.bulkWrite(
      [...kinds].map(([_id, deadKind]) => ({
        updateOne: { filter: { _id, state: 'failed' as const }, update: { $set: { deadKind } } },
      })),
      { ordered: false },
    );
  }
}

const SORTED_AT_ONCE = 1000;
