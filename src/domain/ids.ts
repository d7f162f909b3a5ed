import { encodeTime, incrementBase32, ulid } from 'ulid';

/** A number in [0, 1); the callers outside `domain/` bring a cryptographic one. */
export type Random = () => number;

/** What the ids of each kind begin with. After it comes a ULID in lower case, so that ids sort by the time they were made. */
export const ID_PREFIXES = {
  notification: 'ntf_',
  subscription: 'sub_',
  delivery: 'dlv_',
  pruneHold: 'hld_',
  bulkAction: 'bla_',
  schedule: 'sch_',
  occurrence: 'occ_',
  event: 'evt_',
  erasure: 'era_',
  webhookEndpoint: 'whe_',
  webhookDelivery: 'whd_',
  request: 'req_',
} as const;

/** Crockford's alphabet: no i, l, o and u. */
const ULID = '[0-9a-hjkmnp-tv-z]{26}';
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const ULID_TIME_LENGTH = 10;
const ULID_REST_LENGTH = 16;
const LAST_ULID_MS = 2 ** 48 - 1;
const SUBSCRIPTION_ID = new RegExp(`^${ID_PREFIXES.subscription}${ULID}$`);
const OCCURRENCE_ID = new RegExp(`^${ID_PREFIXES.occurrence}${ULID}$`);
const RESOURCE_ID = new RegExp(
  `^((${ID_PREFIXES.notification}|${ID_PREFIXES.subscription}|${ID_PREFIXES.pruneHold})${ULID}|${ID_PREFIXES.delivery}${ULID}_${ULID})$`,
);
const DELIVERY_ID = new RegExp(`^${ID_PREFIXES.delivery}${ULID}_${ULID}$`);

/** Sorts by the time of acceptance, so it serves as a page cursor. */
export function notificationId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.notification, nowMs, random);
}

/** The next id of a notification in the order of ids: for one that is accepted after that one in the same millisecond. */
export function notificationIdAfter(id: string): string {
  const ulidPart = id.slice(ID_PREFIXES.notification.length);
  return `${ID_PREFIXES.notification}${incrementBase32(ulidPart.toUpperCase()).toLowerCase()}`;
}

/** Sorts by the time of the first registration, so it serves as a page cursor. */
export function subscriptionId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.subscription, nowMs, random);
}

/** Of a hold on pruning. */
export function pruneHoldId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.pruneHold, nowMs, random);
}

/** Of a bulk action; sorts by the time it was asked for. */
export function bulkActionId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.bulkAction, nowMs, random);
}

/** Of the erasure of a person. */
export function erasureId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.erasure, nowMs, random);
}

/** Above all ids of this kind that were made up to this instant, and below those made later. */
export function idsAfter(kind: keyof typeof ID_PREFIXES, atMs: number): string {
  return `${ID_PREFIXES[kind]}${ulidTimeOf(atMs + 1)}`;
}

/** Of a schedule, each time its key is used anew. */
export function scheduleId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.schedule, nowMs, random);
}

/** Of a webhook endpoint. */
export function webhookEndpointId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.webhookEndpoint, nowMs, random);
}

/** An id that follows from an instant and a digest, so that whoever makes it makes the same. */
export function timedId(kind: keyof typeof ID_PREFIXES, atMs: number, digest: Uint8Array): string {
  const rest = Array.from(digest.subarray(0, ULID_REST_LENGTH), (octet) => CROCKFORD[octet % CROCKFORD.length]);
  return `${ID_PREFIXES[kind]}${ulidTimeOf(atMs)}${rest.join('')}`;
}

/** The occurrence that stands for a notification which was sent by hand. */
export function occurrenceIdOf(notification: string): string {
  return `${ID_PREFIXES.occurrence}${notification.slice(ID_PREFIXES.notification.length)}`;
}

/** Whether a text has the form of an occurrence's id. */
export function isOccurrenceId(text: string): boolean {
  return OCCURRENCE_ID.test(text);
}

/** Of an HTTP request whose caller gave it none. */
export function requestId(nowMs: number, random: Random): string {
  return newId(ID_PREFIXES.request, nowMs, random);
}

/**
 * One notification to one subscription is one delivery, whoever computes its id and however often: a repeated fan-out
 * page changes nothing. Its prefix keeps the deliveries of one notification together in any ordered index.
 */
export function deliveryId(notification: string, subscription: string): string {
  return `${deliveryIdPrefix(notification)}${subscription.slice(ID_PREFIXES.subscription.length)}`;
}

/** What every delivery id of this notification starts with. */
export function deliveryIdPrefix(notification: string): string {
  return `${ID_PREFIXES.delivery}${notification.slice(ID_PREFIXES.notification.length)}_`;
}

/** The notification that a delivery id names. */
export function notificationOf(delivery: string): string {
  const end = delivery.lastIndexOf('_');
  return `${ID_PREFIXES.notification}${delivery.slice(ID_PREFIXES.delivery.length, Math.max(end, 0))}`;
}

/** The bounds of the delivery ids whose notifications were accepted at or after `fromMs`, and before `untilMs`. */
export function deliveryIdsBetween(
  fromMs: number | null,
  untilMs: number | null,
): readonly [atLeast: string, below: string] {
  return [deliveryIdAt(fromMs ?? 0), untilMs === null ? `${ID_PREFIXES.delivery}\u{10ffff}` : deliveryIdAt(untilMs)];
}

/** What all delivery ids of one subscription have in common. The whole text where it is no delivery id. */
export function subscriptionPartOf(delivery: string): string {
  return delivery.slice(delivery.lastIndexOf('_') + 1);
}

/** An id as the notification would have, had it been accepted at this instant: it sorts among others by the time of sending. */
export function notificationIdAt(notification: string, atMs: number): string {
  const end = ID_PREFIXES.notification.length + ULID_TIME_LENGTH;
  return `${ID_PREFIXES.notification}${ulidTimeOf(atMs)}${notification.slice(end)}`;
}

/** Whether a text has the form of a subscription's id. */
export function isSubscriptionId(text: string): boolean {
  return SUBSCRIPTION_ID.test(text);
}

/** Whether a text has the form of a delivery's id. */
export function isDeliveryId(text: string): boolean {
  return DELIVERY_ID.test(text);
}

/** Whether a text has the form of an id of a notification, a subscription, a delivery or a hold on pruning. */
export function isResourceId(text: string): boolean {
  return RESOURCE_ID.test(text);
}

/** Below the ids of all deliveries of notifications accepted at this instant. */
function deliveryIdAt(atMs: number): string {
  return `${ID_PREFIXES.delivery}${ulidTimeOf(atMs)}`;
}

function ulidTimeOf(atMs: number): string {
  return encodeTime(Math.min(Math.max(atMs, 0), LAST_ULID_MS), ULID_TIME_LENGTH).toLowerCase();
}

function newId(prefix: string, nowMs: number, random: Random): string {
  return `${prefix}${ulid(nowMs, random).toLowerCase()}`;
}
