import type { Milestones } from '../../../domain/notification/milestones.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { decodePlace, encodePlace, placeOfComing, toPage } from '../../cursor.ts';
import type { CallQuery, NotificationQuery, NotificationStore, OfCall } from '../../notification-store.ts';
import { notificationsOfUser, type UserDeliveryIds } from '../../notifications-of-user.ts';
import type { Page, PageRequest } from '../../page.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { IDS_OF_USER } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toMilestones, toNotification } from '../collections/notification-document.ts';
import {
  COMING,
  LISTED,
  LISTED_BY_STATUS,
  LISTED_BY_TYPE,
  LISTED_BY_TYPE_AND_STATUS,
  NOTIFICATION_BY_ID,
  NOTIFICATIONS_BY_ID,
  NOTIFICATIONS_OF_REQUEST,
} from '../collections/notification-queries.ts';
import { IDEMPOTENCY_KEYS } from '../collections/short-lived-queries.ts';
import type { Operations } from '../server/operations.ts';
import { accept, repeated } from './acceptance.ts';
import { cancel } from './cancelling.ts';
import { completeIfFinal } from './completion.ts';

export function mongoNotifications(collections: Collections, operations: Operations): NotificationStore {
  return {
    accept: (acceptance) => operations.run(() => accept(collections, acceptance)),
    repeated: (idempotency, nowMs) => operations.run(() => repeated(collections, idempotency, nowMs)),
    cancel: (id, nowMs) => operations.run(() => cancel(collections, id, nowMs)),
    get: (id) => operations.run(() => get(collections, id)),
    milestones: (id) => operations.run(() => milestones(collections, id)),
    getMany: (ids) => operations.run(() => getMany(collections, ids)),
    coming: (query) => operations.run(() => coming(collections, query)),
    ofCall: (query) => operations.run(() => ofCall(collections, query)),
    async list(query) {
      const { userId } = query;
      return userId === null
        ? operations.run(() => list(collections, query))
        : notificationsOfUser(
            { ...query, userId },
            {
              deliveryIds: (of) => operations.run(() => deliveryIds(collections, of)),
              getMany: (ids) => operations.run(() => getMany(collections, ids)),
            },
          );
    },
  };
}

async function milestones({ notifications }: Collections, id: string): Promise<Milestones | null> {
  const document = await notifications.findOne(NOTIFICATION_BY_ID.filter(id), optionsOf(NOTIFICATION_BY_ID));
  return document === null ? null : toMilestones(document);
}

async function getMany({ notifications }: Collections, ids: readonly string[]): Promise<readonly Notification[]> {
  const found = notifications.find(NOTIFICATIONS_BY_ID.filter(ids), optionsOf(NOTIFICATIONS_BY_ID));
  return (await found.toArray()).map(toNotification);
}

async function ofCall(
  { notifications, idempotency_keys: kept }: Collections,
  { keys, requestId, limit }: CallQuery,
): Promise<OfCall> {
  const [byKey, byRequest] = await Promise.all([
    kept.find(IDEMPOTENCY_KEYS.filter(keys.map(encodeText)), { ...optionsOf(IDEMPOTENCY_KEYS), limit }).toArray(),
    notifications
      .find(NOTIFICATIONS_OF_REQUEST.filter(encodeText(requestId)), { ...optionsOf(NOTIFICATIONS_OF_REQUEST), limit })
      .toArray(),
  ]);
  return { byKey: byKey.map(({ notificationId }) => notificationId), byRequest: byRequest.map(({ _id }) => _id) };
}

async function deliveryIds({ deliveries }: Collections, of: UserDeliveryIds): Promise<readonly string[]> {
  const { limit, userId, ...range } = of;
  const filter = IDS_OF_USER.filter({ ...range, userId: encodeText(userId) });
  const found = await deliveries.find(filter, { ...optionsOf(IDS_OF_USER), limit }).toArray();
  return found.map(({ _id }) => _id);
}

/** Completes it on the way where a process died between its last settlement and saying so. */
async function get(collections: Collections, id: string): Promise<Notification | null> {
  const { notifications } = collections;
  const find = () => notifications.findOne(NOTIFICATION_BY_ID.filter(id), optionsOf(NOTIFICATION_BY_ID));
  const document = await find();
  if (document === null) return null;
  const isMended = document.status === 'sending' && (await completeIfFinal(collections, id));
  const latest = isMended ? await find() : document;
  return latest === null ? null : toNotification(latest);
}

async function list({ notifications }: Collections, query: NotificationQuery): Promise<Page<Notification>> {
  const { filter, options } = listing(query);
  const found = await notifications.find(filter, { ...options, limit: query.limit + 1 }).toArray();
  return toPage(found, query.limit, toNotification, ({ acceptedAtMs, id }) => encodePlace({ atMs: acceptedAtMs, id }));
}

function listing({ type, status, fromMs, untilMs, cursor }: NotificationQuery) {
  const span = { fromMs, untilMs, after: cursor === null ? null : decodePlace(cursor) };
  if (type !== null && status !== null) {
    const filter = LISTED_BY_TYPE_AND_STATUS.filter({ ...span, type: encodeText(type), status });
    return { filter, options: optionsOf(LISTED_BY_TYPE_AND_STATUS) };
  }
  if (type !== null) {
    return { filter: LISTED_BY_TYPE.filter({ ...span, type: encodeText(type) }), options: optionsOf(LISTED_BY_TYPE) };
  }
  if (status !== null) {
    return { filter: LISTED_BY_STATUS.filter({ ...span, status }), options: optionsOf(LISTED_BY_STATUS) };
  }
  return { filter: LISTED.filter(span), options: optionsOf(LISTED) };
}

async function coming({ notifications }: Collections, { cursor, limit }: PageRequest): Promise<Page<Notification>> {
  const filter = COMING.filter(cursor === null ? { atMs: 0, id: '' } : decodePlace(cursor));
  const found = await notifications.find(filter, { ...optionsOf(COMING), limit: limit + 1 }).toArray();
  return toPage(found, limit, toNotification, placeOfComing);
}
