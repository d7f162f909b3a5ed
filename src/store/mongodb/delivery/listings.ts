import type { Document } from 'mongodb';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type DeliveryFilter, isAskedFor, isUnfiltered } from '../../../domain/delivery/delivery-filter.ts';
import { deliveryIdPrefix, deliveryIdsBetween, ID_PREFIXES } from '../../../domain/ids.ts';
import { decodeId, decodePlace, encodePlace, type Place, placeOfDeadLetter, toPage } from '../../cursor.ts';
import type {
  DeadLetterQuery,
  DeadLetterSkim,
  DeliveryStore,
  OfNotificationQuery,
  OfUserQuery,
  SkimmedDeadLetter,
} from '../../delivery-store.ts';
import { filteredPage, type Piece, READ_AT_ONCE } from '../../filtered-page.ts';
import type { Page } from '../../page.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDelivery } from '../collections/delivery-document.ts';
import {
  ALL_OF_NOTIFICATION,
  ALL_OF_USER,
  ATTEMPTED_OF_NOTIFICATION,
  DEAD_LETTERS,
  DEAD_LETTERS_OF_USER,
  STATE_OF_NOTIFICATION,
  USER_OF_NOTIFICATION,
} from '../collections/delivery-queries.ts';
import { type NamedQuery, optionsOf } from '../collections/named-query.ts';
import { TYPES_BY_ID } from '../collections/notification-queries.ts';
import type { Operations } from '../server/operations.ts';

export function mongoDeliveryListings(
  collections: Collections,
  operations: Operations,
): Pick<DeliveryStore, 'listByNotification' | 'listByUser' | 'listFailed' | 'skimFailed'> {
  const listing: Listing = { collections, operations };
  return {
    listByNotification: async (query) => listByNotification(listing, query),
    listByUser: async (query) => listByUser(listing, query),
    listFailed: async (query) => listFailed(listing, query),
    skimFailed: async (query) => skimFailed(listing, query),
  };
}

type Listing = { readonly collections: Collections; readonly operations: Operations };
type Question = { readonly filter: Document; readonly options: ReturnType<typeof optionsOf> };

function listByNotification(listing: Listing, query: OfNotificationQuery): Promise<Page<Delivery>> {
  const { notificationId, filter, cursor, limit } = query;
  const start = deliveryIdPrefix(notificationId);
  return filteredPage({
    limit,
    from: decodeId(cursor, (id) => id.startsWith(start)) ?? start,
    read: pieces(listing, filter, limit, (afterId) => ofNotification(query, afterId), idOf),
    toCursor: idOf,
  });
}

function ofNotification({ notificationId, userId, attempted, filter }: OfNotificationQuery, afterId: string): Question {
  const place = { notificationId, afterId };
  if (userId !== null) {
    const { filter, options } = asked(USER_OF_NOTIFICATION, { ...place, userId: encodeText(userId) });
    return { filter: { ...filter, ...(attempted && { isAttempted: true }) }, options };
  }
  if (attempted) return asked(ATTEMPTED_OF_NOTIFICATION, place);
  const { state } = filter;
  return state === null ? asked(ALL_OF_NOTIFICATION, place) : asked(STATE_OF_NOTIFICATION, { ...place, state });
}

function listByUser(listing: Listing, query: OfUserQuery): Promise<Page<Delivery>> {
  const { fromMs, untilMs, filter, cursor, limit } = query;
  const [atLeast, end] = deliveryIdsBetween(fromMs, untilMs);
  const after = decodeId(cursor, (id) => id.startsWith(ID_PREFIXES.delivery)) ?? end;
  const userId = encodeText(query.userId);
  return filteredPage({
    limit,
    from: after < end ? after : end,
    read: pieces(listing, filter, limit, (below) => asked(ALL_OF_USER, { userId, atLeast, below }), idOf),
    toCursor: idOf,
  });
}

function listFailed(listing: Listing, query: DeadLetterQuery): Promise<Page<Delivery>> {
  const { userId, fromMs, untilMs, filter, cursor, limit } = query;
  const question = (after: Place | null) => failedQuestion({ userId, fromMs, untilMs }, after);
  return filteredPage({
    limit,
    from: { after: cursor === null ? null : decodePlace(cursor) },
    read: pieces(
      listing,
      filter,
      limit,
      ({ after }) => question(after),
      (last) => ({ after: endOf(last) }),
    ),
    toCursor: (delivery) => encodePlace(endOf(delivery)),
  });
}

async function skimFailed(
  { collections, operations }: Listing,
  query: DeadLetterSkim,
): Promise<Page<SkimmedDeadLetter>> {
  const { filter, limit } = query;
  const question = filter.notificationId === null ? skimByTime(query) : skimOfNotification(query);
  const remedy = filter.remedy === null ? null : ({ 'attempts.remedy': 1 } as const);
  const projection = { reason: 1, origin: 1, endedAtMs: 1, notificationId: 1, ...remedy } as const;
  return operations.run(async () => {
    const found = await collections.deliveries
      .find(question.filter, { ...question.options, projection, limit: limit + 1 })
      .toArray();
    const typeOf = filter.type === null ? null : await typesOf(collections, found);
    return toPage(
      found,
      limit,
      ({ _id: id, reason, origin = '', endedAtMs, notificationId, attempts = [] }) => ({
        ...{ id, reason, origin, endedAtMs },
        type: typeOf?.get(notificationId) ?? null,
        remedy: attempts.at(-1)?.remedy ?? null,
      }),
      (deadLetter) => placeOfDeadLetter(filter, deadLetter),
    );
  });
}

async function typesOf(
  { notifications }: Collections,
  of: readonly { readonly notificationId: string }[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(of.map(({ notificationId }) => notificationId))];
  const found = await notifications.find(TYPES_BY_ID.filter(ids), optionsOf(TYPES_BY_ID)).toArray();
  return new Map(found.map(({ _id, type }) => [_id, decodeText(type)]));
}

function skimByTime({ filter: { userId, fromMs, ...filter }, untilMs, cursor }: DeadLetterSkim): Question {
  const span = { userId, fromMs, untilMs: Math.min(untilMs, filter.untilMs ?? untilMs) };
  return failedQuestion(span, cursor === null ? null : decodePlace(cursor));
}

function skimOfNotification({ filter, untilMs, cursor }: DeadLetterSkim): Question {
  const notificationId = filter.notificationId ?? '';
  const start = deliveryIdPrefix(notificationId);
  const afterId = decodeId(cursor, (id) => id.startsWith(start));
  const question = asked(STATE_OF_NOTIFICATION, { notificationId, afterId, state: 'failed' });
  const endedAtMs = { $gte: filter.fromMs ?? 0, $lt: Math.min(untilMs, filter.untilMs ?? untilMs) };
  const ofUser = filter.userId === null ? {} : { userId: encodeText(filter.userId) };
  return { ...question, filter: { ...question.filter, ...ofUser, endedAtMs } };
}

function failedQuestion(
  { userId, fromMs, untilMs }: Pick<DeadLetterQuery, 'userId' | 'fromMs' | 'untilMs'>,
  after: Place | null,
): Question {
  const span = { fromMs, untilMs, after };
  if (userId === null) return asked(DEAD_LETTERS, span);
  return asked(DEAD_LETTERS_OF_USER, { ...span, userId: encodeText(userId) });
}

function asked<Asked>(query: NamedQuery<Asked>, about: Asked): Question {
  return { filter: query.filter(about), options: optionsOf(query) };
}

/** Reads of a listing, from a place on, what fits the filter. */
function pieces<From>(
  { collections, operations }: Listing,
  filter: DeliveryFilter,
  limit: number,
  ask: (from: From) => Question,
  placeOf: (delivery: Delivery) => From,
): (from: From) => Promise<Piece<Delivery, From>> {
  const atOnce = isUnfiltered(filter) ? limit + 1 : READ_AT_ONCE;
  return async (from) => {
    const question = ask(from);
    const wanted = { ...fieldsOf(filter), ...question.filter };
    const found = await operations.run(() =>
      collections.deliveries.find(wanted, { ...question.options, limit: atOnce }).toArray(),
    );
    const read = found.map(toDelivery);
    const last = read.length < atOnce ? undefined : read.at(-1);
    return {
      items: read.filter((delivery) => isAskedFor(filter, delivery)),
      next: last === undefined ? null : placeOf(last),
    };
  };
}

/** What MongoDB can tell by itself, so that less comes over the network. */
function fieldsOf({ state, reason }: DeliveryFilter): Document {
  return { ...(state !== null && { state }), ...(reason !== null && { reason }) };
}

function idOf({ id }: Delivery): string {
  return id;
}

function endOf({ endedAtMs, id }: Delivery): Place {
  return { atMs: endedAtMs ?? 0, id };
}
