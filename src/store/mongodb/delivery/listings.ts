import type { Document } from 'mongodb';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type DeliveryFilter, isAskedFor, isUnfiltered } from '../../../domain/delivery/delivery-filter.ts';
import { deliveryIdPrefix, deliveryIdsBetween, ID_PREFIXES } from '../../../domain/ids.ts';
import { decodeId } from '../../cursor.ts';
import type { DeliveryStore, OfNotificationQuery, OfUserQuery } from '../../delivery-store.ts';
import { filteredPage, type Piece, READ_AT_ONCE } from '../../filtered-page.ts';
import type { Page } from '../../page.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { toDelivery } from '../collections/delivery-document.ts';
import {
  ALL_OF_NOTIFICATION,
  ALL_OF_USER,
  ATTEMPTED_OF_NOTIFICATION,
  STATE_OF_NOTIFICATION,
  USER_OF_NOTIFICATION,
} from '../collections/delivery-queries.ts';
import { type NamedQuery, optionsOf } from '../collections/named-query.ts';
import type { Operations } from '../server/operations.ts';

export function mongoDeliveryListings(
  collections: Collections,
  operations: Operations,
): Pick<DeliveryStore, 'listByNotification' | 'listByUser'> {
  const listing: Listing = { collections, operations };
  return {
    listByNotification: async (query) => listByNotification(listing, query),
    listByUser: async (query) => listByUser(listing, query),
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
    read: pieces(listing, filter, limit, (afterId) => ofNotification(query, afterId)),
    toCursor: idOf,
    cursorAt: asItIs,
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
    read: pieces(listing, filter, limit, (below) => asked(ALL_OF_USER, { userId, atLeast, below })),
    toCursor: idOf,
    cursorAt: asItIs,
  });
}

function asked<Asked>(query: NamedQuery<Asked>, about: Asked): Question {
  return { filter: query.filter(about), options: optionsOf(query) };
}

/** Reads of a listing, from an id on, what fits the filter. */
function pieces(
  { collections, operations }: Listing,
  filter: DeliveryFilter,
  limit: number,
  ask: (from: string) => Question,
): (from: string) => Promise<Piece<Delivery>> {
  const atOnce = isUnfiltered(filter) ? limit + 1 : READ_AT_ONCE;
  return async (from) => {
    const question = ask(from);
    const found = await operations.run(() =>
      collections.deliveries.find(question.filter, { ...question.options, limit: atOnce }).toArray(),
    );
    const read = found.map(toDelivery);
    return {
      items: read.filter((delivery) => isAskedFor(filter, delivery)),
      next: read.length < atOnce ? null : (read.at(-1)?.id ?? null),
    };
  };
}

function idOf({ id }: Delivery): string {
  return id;
}

function asItIs(id: string): string {
  return id;
}
