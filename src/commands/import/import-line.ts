import { canonicalZone } from '../../domain/time/zone.ts';
import { MAX_TAGS, TAG } from '../../domain/user/user.ts';
import type { Refusal } from './entry.ts';
import { type Field, type FieldMap, type Flat, findField, flatten, valueAt } from './field-names.ts';
import { readInstant } from './instant-text.ts';

/** As `POST /v1/subscriptions/import` takes it. */
export type ImportLine = Readonly<Record<string, unknown>> & { readonly vapid_public_key?: string };

/** What was in a line, and is not taken along. */
export type Note = 'tags' | 'strange_tags' | 'unread_instant';

export type Reading =
  | { readonly kind: 'line'; readonly line: ImportLine; readonly notes: readonly Note[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type ReadingOptions = {
  readonly map: FieldMap;
  /** For the lines that name no VAPID key; null where nobody said which it was. */
  readonly vapidPublicKey: string | null;
};

/** U+FFFD stands where the file is no UTF-8. */
const UNUSABLE = /[\0\ufffd\p{Surrogate}]/u;

const TOKEN =
  'It is a registration token of Firebase and no Web Push endpoint, so only Firebase can send to it. Its browser subscribes ' +
  'anew when a page with the SDK is opened (docs/moving.md).';
const NO_KEY =
  'The line does not name the VAPID public key that its browser subscribed with: say which it was, by --vapid-keys FILE ' +
  'or --vapid-key.';

/** Makes of a record what the service takes, or says why it is none. The service judges endpoint, keys and user. */
export function readLine(record: Readonly<Record<string, unknown>>, { map, vapidPublicKey }: ReadingOptions): Reading {
  const flat = flatten(record);
  const fieldOf = (field: Field): unknown => {
    const path = map[field];
    return path === undefined ? findField(flat, field)?.value : valueAt(record, path);
  };
  const stopped = whyStopped(flat);
  if (stopped !== null) return refused('inactive', stopped);
  const [endpoint, p256dh, auth] = [endpointOf(flat, fieldOf('endpoint')), fieldOf('p256dh'), fieldOf('auth')].map(
    textOf,
  );
  if (isToken(endpoint) || (endpoint === null && hasToken(flat))) return refused('invalid_endpoint', TOKEN);
  const userId = textOf(fieldOf('user_id'));
  const said = saidIn(record);
  if ('user' in said && userId !== null && [endpoint, p256dh, auth].every((part) => part === null))
    return ofUserAlone(userId, { ...said, tags: fieldOf('tags') });
  const missing = Object.entries({ endpoint, p256dh, auth, user_id: userId }).filter(([, value]) => value === null);
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(' and ');
    return refused(
      'invalid_request',
      `The line has no ${names}. If it is called otherwise: --map ${missing[0]?.[0]}=COLUMN`,
    );
  }
  const key = textOf(fieldOf('vapid_public_key')) ?? vapidPublicKey;
  if (key === null) return refused('unknown_vapid_key', NO_KEY);
  const notes: Note[] = [];
  const line = {
    user_id: userId,
    endpoint,
    keys: { p256dh, auth },
    vapid_public_key: key,
    ...instantsOf(fieldOf, notes),
    ...deviceOf(fieldOf),
    ...tagsFor(fieldOf('tags'), notes),
    ...zoneOf(fieldOf('time_zone')),
    ...said,
  };
  if ([userId, endpoint, p256dh, auth, key, line.user_agent].some((text) => UNUSABLE.test(text ?? ''))) {
    return refused('invalid_request', 'The line is not UTF-8, or holds a character that no text should (U+0000).');
  }
  return { kind: 'line', line, notes };
}

/** A user without a subscription, as `bellhop export` writes one. */
function ofUserAlone(userId: string, { user, tags }: { readonly user?: object; readonly tags: unknown }): Reading {
  const notes: Note[] = [];
  const line = { user_id: userId, user, ...tagsFor(tags, notes) };
  return { kind: 'line', line, notes };
}

function refused(code: string, reason: string): Reading {
  return { kind: 'refused', refusal: { code, reason } };
}

/** An id may be a number. */
function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Where django-push-notifications keeps the last part of an endpoint alone, as its `WP_POST_URL` completes it. */
const SENDING_TO: Readonly<Record<string, string>> = {
  CHROME: 'https://fcm.googleapis.com/fcm/send/',
  OPERA: 'https://fcm.googleapis.com/fcm/send/',
  FIREFOX: 'https://updates.push.services.mozilla.com/wpush/v2/',
  SAFARI: 'https://web.push.apple.com/',
};

function endpointOf({ values }: Flat, endpoint: unknown): unknown {
  const text = textOf(endpoint);
  const prefix = SENDING_TO[String(values.get('browser')).toUpperCase()];
  const isLastPart = text !== null && values.get('registrationid') === endpoint && !text.includes('/');
  return isLastPart && prefix !== undefined ? prefix + text : endpoint;
}

function isToken(endpoint: string | null | undefined): boolean {
  return typeof endpoint === 'string' && /^[A-Za-z0-9_-]+:APA91[A-Za-z0-9_-]+$/.test(endpoint);
}

function hasToken({ values }: Flat): boolean {
  return ['fcmtoken', 'registrationtoken', 'token', 'devicetoken'].some((name) => textOf(values.get(name)) !== null);
}

const NO = ['false', 'f', '0', 'no', 'n'];
const YES = ['true', 't', '1', 'yes', 'y'];

/** Whoever the old system does not send to any more is not to be sent to here. */
function whyStopped({ values }: Flat): string | null {
  const says = (name: string, words: readonly string[]) => words.includes(String(values.get(name)).toLowerCase());
  for (const name of ['active', 'isactive', 'enabled', 'subscribed']) {
    if (says(name, NO)) return `The old system does not send to it any more (${name} is false).`;
  }
  if (says('invalididentifier', YES))
    return 'The old system does not send to it any more (invalid_identifier is true).';
  if (Number(values.get('notificationtypes')) < 0) return 'It is unsubscribed (notification_types is below 0).';
  const since = ['unsubscribedat', 'deletedat'].find((name) => textOf(values.get(name)) !== null);
  return since === undefined ? null : `It is unsubscribed or deleted (${since} is set).`;
}

function instantsOf(fieldOf: (field: Field) => unknown, notes: Note[]): Readonly<Record<string, number>> {
  const instants: Record<string, number> = {};
  for (const field of ['created_at', 'updated_at', 'expiration_time'] as const) {
    const given = fieldOf(field);
    if (given === undefined || given === null || given === '') continue;
    const atMs = readInstant(given);
    if (atMs === null) notes.push('unread_instant');
    else instants[field] = atMs;
  }
  return instants;
}

/** Only what the service would take: the browser tells both again on its next visit. */
function deviceOf(fieldOf: (field: Field) => unknown): { readonly locale?: string; readonly user_agent?: string } {
  const locale = textOf(fieldOf('locale'));
  const userAgent = textOf(fieldOf('user_agent'));
  return {
    ...(locale !== null && locale.length <= 35 && /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/.test(locale) && { locale }),
    ...(userAgent !== null && { user_agent: userAgent.slice(0, 512) }),
  };
}

/** Others mean an offset by it: only what is a zone is taken along. */
function zoneOf(given: unknown): { readonly time_zone?: string } {
  const text = textOf(given);
  const zone = text === null ? null : canonicalZone(text);
  return zone === null ? {} : { time_zone: zone };
}

/** What is said of the user, as `bellhop export` writes it. The service judges it. */
function saidIn(record: Readonly<Record<string, unknown>>): { readonly user?: object } {
  const { user } = record;
  return typeof user === 'object' && user !== null && !Array.isArray(user) ? { user } : {};
}

/** Those that the service would take; the rest is left out, and said. */
function tagsFor(given: unknown, notes: Note[]): { readonly tags?: readonly string[] } {
  const tags = tagsOf(given);
  if (tags.length === 0) return {};
  notes.push('tags');
  const good = tags.filter((tag) => TAG.test(tag)).slice(0, MAX_TAGS);
  if (good.length < tags.length) notes.push('strange_tags');
  return good.length === 0 ? {} : { tags: good };
}

/** A list, an object of names and values, or text with commas, semicolons or bars between. */
function tagsOf(given: unknown): readonly string[] {
  if (typeof given === 'string' && /^\s*[[{]/.test(given)) {
    try {
      return tagsOf(JSON.parse(given));
    } catch {
      // Then it is text.
    }
  }
  if (Array.isArray(given)) return given.map(String);
  if (typeof given === 'object' && given !== null)
    return Object.entries(given).map(([name, value]) => `${name}:${value}`);
  const text = textOf(given);
  return text === null
    ? []
    : text
        .split(/[,;|]/)
        .map((tag) => tag.trim())
        .filter((tag) => tag !== '');
}
