import type { NotificationStatus } from '../../../domain/notification/notification.ts';
import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';
import { type Span, within } from './span.ts';

const ACCEPTED: StoreIndex = { name: 'accepted', key: { acceptedAtMs: -1, _id: -1 } };
const TYPE: StoreIndex = { name: 'type', key: { type: 1, acceptedAtMs: -1, _id: -1 } };
const STATUS: StoreIndex = { name: 'status', key: { status: 1, acceptedAtMs: -1, _id: -1 } };
const TYPE_STATUS: StoreIndex = { name: 'type_status', key: { type: 1, status: 1, acceptedAtMs: -1, _id: -1 } };
const OPEN_DEADLINE: StoreIndex = { name: 'open_deadline', key: { deadlineAtMs: 1 }, only: { status: 'sending' } };

const COMPLETED: StoreIndex = {
  name: 'completed',
  key: { retainedFrom: 1 },
  only: { status: 'completed' },
  expires: 'after_retention',
};

const CANCELLED: StoreIndex = {
  name: 'cancelled',
  key: { retainedFrom: 1 },
  only: { status: 'cancelled' },
  expires: 'after_retention',
};

/** Only of what is to be sent later, or was cancelled and has not ended. */
const DUE: StoreIndex = { name: 'due', key: { dueAtMs: 1, _id: 1 }, only: { dueAtMs: { $gte: 0 } } };

/** Only of what came with a name of the caller's for the request. */
const REQUEST: StoreIndex = { name: 'request', key: { requestId: 1, _id: -1 }, only: { requestId: { $gt: '' } } };

export const NOTIFICATION_INDEXES = [
  ACCEPTED,
  TYPE,
  STATUS,
  TYPE_STATUS,
  OPEN_DEADLINE,
  COMPLETED,
  CANCELLED,
  DUE,
  REQUEST,
];

/** The audience stays where it is, and a page of it: it can weigh megabytes, and only a fan-out reads it. */
const WITHOUT_AUDIENCE = { userIds: 0, audience: 0, page: 0 } as const;

const NEWEST_FIRST = { acceptedAtMs: -1, _id: -1 } as const;

export const NOTIFICATION_BY_ID: NamedQuery<string> = {
  name: 'notification by id',
  collection: 'notifications',
  purpose: 'one notification',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
  projection: WITHOUT_AUDIENCE,
};

export const NOTIFICATIONS_BY_ID: NamedQuery<readonly string[]> = {
  name: 'notifications by id',
  collection: 'notifications',
  purpose: 'what the claimed deliveries carry',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
  projection: WITHOUT_AUDIENCE,
};

export const TYPES_BY_ID: NamedQuery<readonly string[]> = {
  name: 'types by id',
  collection: 'notifications',
  purpose: 'which type dead letters are of, where somebody asks for one',
  index: BY_ID,
  filter: (ids) => ({ _id: { $in: ids } }),
  projection: { type: 1 },
};

export const NOTIFICATIONS_OF_REQUEST: NamedQuery<string> = {
  name: 'notifications of a request',
  collection: 'notifications',
  purpose: 'what came with a request that the caller gave a name; newest first',
  index: REQUEST,
  filter: (requestId) => ({ requestId: { $eq: requestId, $gt: '' } }),
  sort: { _id: -1 },
  projection: { _id: 1 },
};

export const NOTIFICATION_WITH_AUDIENCE: NamedQuery<string> = {
  name: 'notification with audience',
  collection: 'notifications',
  purpose: 'one that was cancelled, with whom it names',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const FAN_OUT: NamedQuery<string> = {
  name: 'fan-out',
  collection: 'notifications',
  purpose: 'a notification with its audience',
  index: BY_ID,
  filter: (id) => ({ _id: id, cursor: { $exists: true } }),
};

/** `waveAtMs`: null where it is sent at once. */
export type FanOutPlace = { readonly id: string; readonly cursor: string; readonly waveAtMs: number | null };

function atPlace({ id, cursor, waveAtMs }: FanOutPlace) {
  return { _id: id, cursor, dueAtMs: waveAtMs ?? { $exists: false } };
}

export const FAN_OUT_AT: NamedQuery<FanOutPlace> = {
  name: 'fan-out at a cursor',
  collection: 'notifications',
  purpose: 'whether a page is still to be made, and for whom; the conditional write of its end',
  index: BY_ID,
  filter: atPlace,
  projection: { page: 1 },
};

export const UNBEGUN_PAGE: NamedQuery<FanOutPlace> = {
  name: 'page not begun',
  collection: 'notifications',
  purpose: 'the conditional write that says which users a page has',
  index: BY_ID,
  filter: (place) => ({ ...atPlace(place), 'page.from': { $ne: place.cursor } }),
};

export const LISTED: NamedQuery<Span> = {
  name: 'listed',
  collection: 'notifications',
  purpose: 'a page of all',
  index: ACCEPTED,
  filter: (span) => within('acceptedAtMs', span),
  sort: NEWEST_FIRST,
  projection: WITHOUT_AUDIENCE,
};

export const LISTED_BY_TYPE: NamedQuery<Span & { readonly type: string }> = {
  name: 'listed by type',
  collection: 'notifications',
  purpose: 'a page of one type',
  index: TYPE,
  filter: ({ type, ...span }) => ({ type, ...within('acceptedAtMs', span) }),
  sort: NEWEST_FIRST,
  projection: WITHOUT_AUDIENCE,
};

export const LISTED_BY_STATUS: NamedQuery<Span & { readonly status: NotificationStatus }> = {
  name: 'listed by status',
  collection: 'notifications',
  purpose: 'a page of one status',
  index: STATUS,
  filter: ({ status, ...span }) => ({ status, ...within('acceptedAtMs', span) }),
  sort: NEWEST_FIRST,
  projection: WITHOUT_AUDIENCE,
};

export const LISTED_BY_TYPE_AND_STATUS: NamedQuery<
  Span & { readonly type: string; readonly status: NotificationStatus }
> = {
  name: 'listed by type and status',
  collection: 'notifications',
  purpose: 'a page of one type and status',
  index: TYPE_STATUS,
  filter: ({ type, status, ...span }) => ({ type, status, ...within('acceptedAtMs', span) }),
  sort: NEWEST_FIRST,
  projection: WITHOUT_AUDIENCE,
};

export const UNFINISHED_FAN_OUTS: NamedQuery<number> = {
  name: 'unfinished fan-outs',
  collection: 'notifications',
  purpose: 'accepted before an instant, deliveries still being made; oldest first',
  index: STATUS,
  filter: (acceptedBeforeMs) => ({ status: 'accepted', acceptedAtMs: { $lt: acceptedBeforeMs } }),
  sort: { acceptedAtMs: 1, _id: 1 },
  projection: { _id: 1, priority: 1 },
};

export const DUE_NOTIFICATIONS: NamedQuery<number> = {
  name: 'due notifications',
  collection: 'notifications',
  purpose: 'whose next wave has come, or that were cancelled and have not ended; most overdue first',
  index: DUE,
  filter: (untilMs) => ({ dueAtMs: { $gte: 0, $lte: untilMs } }),
  sort: { dueAtMs: 1, _id: 1 },
  projection: { priority: 1, dueAtMs: 1 },
};

export const COMING: NamedQuery<{ readonly atMs: number; readonly id: string }> = {
  name: 'coming',
  collection: 'notifications',
  purpose: 'a page of those that are scheduled; the next one first',
  index: DUE,
  filter: ({ atMs, id }) => ({
    dueAtMs: { $gte: Math.max(0, atMs) },
    status: 'scheduled',
    $or: [{ dueAtMs: { $gt: atMs } }, { dueAtMs: atMs, _id: { $gt: id } }],
  }),
  sort: { dueAtMs: 1, _id: 1 },
  projection: WITHOUT_AUDIENCE,
};

export const OPEN_PAST_DEADLINE: NamedQuery<number> = {
  name: 'open past the deadline',
  collection: 'notifications',
  purpose: 'perhaps completed by a process that died before it could say so',
  index: OPEN_DEADLINE,
  filter: (nowMs) => ({ status: 'sending', deadlineAtMs: { $lt: nowMs } }),
  sort: { deadlineAtMs: 1 },
  projection: { _id: 1 },
};

export const COMPLETED_BEFORE: NamedQuery<Date> = {
  name: 'completed before',
  collection: 'notifications',
  purpose: 'completed, and accepted longer ago than is kept; oldest first',
  index: COMPLETED,
  filter: (instant) => ({ status: 'completed', retainedFrom: { $lt: instant } }),
  sort: { retainedFrom: 1 },
  projection: { _id: 1 },
};

export const CANCELLED_BEFORE: NamedQuery<Date> = {
  name: 'cancelled before',
  collection: 'notifications',
  purpose: 'cancelled longer ago than is kept; oldest first',
  index: CANCELLED,
  filter: (instant) => ({ status: 'cancelled', retainedFrom: { $lt: instant } }),
  sort: { retainedFrom: 1 },
  projection: { _id: 1 },
};

export const NOTIFICATION_QUERIES = [
  NOTIFICATION_BY_ID,
  NOTIFICATIONS_BY_ID,
  TYPES_BY_ID,
  NOTIFICATIONS_OF_REQUEST,
  NOTIFICATION_WITH_AUDIENCE,
  FAN_OUT,
  FAN_OUT_AT,
  UNBEGUN_PAGE,
  LISTED,
  LISTED_BY_TYPE,
  LISTED_BY_STATUS,
  LISTED_BY_TYPE_AND_STATUS,
  UNFINISHED_FAN_OUTS,
  DUE_NOTIFICATIONS,
  COMING,
  OPEN_PAST_DEADLINE,
  COMPLETED_BEFORE,
  CANCELLED_BEFORE,
] as const;
