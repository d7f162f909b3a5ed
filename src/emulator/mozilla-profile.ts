import { randomBytes, randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { mozillaHeaderFault } from './mozilla-headers.ts';
import { type Answer, type FaultKind, isAccepting, type Profile, RFC_VAPID } from './profile.ts';
import { headerCheck } from './rfc-headers.ts';

type Code = readonly [status: number, errno: number | null];

const NO_TTL: Code = [400, 111];
const BAD_TOKEN: Code = [401, 109];

/** Status and errno of each fault, as autopush-rs gives them; null is what it says where a fault has no number. */
const CODES: Readonly<Record<FaultKind, Code>> = {
  unknown_device: [404, 102],
  method: [405, 405],
  ttl_missing: NO_TTL,
  ttl_malformed: NO_TTL,
  ttl_negative: [400, 114],
  ttl_zero: NO_TTL,
  ttl_too_long: NO_TTL,
  topic: [400, 113],
  urgency: [400, 400],
  coding: [400, 110],
  compressed: [400, null],
  body_missing: [400, 110],
  body_too_large: [413, 104],
  vapid_missing: BAD_TOKEN,
  vapid_malformed: BAD_TOKEN,
  vapid_key: BAD_TOKEN,
  vapid_signature: BAD_TOKEN,
  vapid_audience: BAD_TOKEN,
  vapid_expiry: BAD_TOKEN,
  vapid_too_long: BAD_TOKEN,
  vapid_subject: BAD_TOKEN,
  other_key: BAD_TOKEN,
};

/** Its own words where they are known; some are bare names of the library that judges its tokens. */
const MESSAGES: Readonly<Partial<Record<FaultKind, string>>> = {
  vapid_missing: 'Missing VAPID public key',
  vapid_signature: 'InvalidSignature',
  vapid_audience: 'Invalid VAPID audience',
  vapid_expiry: 'ExpiredSignature',
  vapid_too_long: 'The VAPID token expiration is too long',
};

/** Longer ones are shortened without a word; only the TTL header of the answer says so. */
const MAX_TTL_SECONDS = 2_592_000;
const MORE_INFO = 'http://autopush.readthedocs.io/en/latest/http.html#error-codes';

type Words = { readonly errno: number | null; readonly message: string; readonly headers?: Record<string, string> };

/** What it says by itself with a status. A status that is missing here comes from what stands before it, without words. */
const WORDS: Readonly<Record<number, Words>> = {
  400: { errno: 110, message: 'Unknown Content-Encoding header' },
  401: { errno: 109, message: 'InvalidSignature' },
  410: { errno: 106, message: 'No such subscription', headers: { 'Cache-Control': 'max-age=86400' } },
  413: { errno: 104, message: 'payload reached size limit' },
  500: { errno: null, message: 'Database error: the storage refuses' },
  503: {
    errno: null,
    message: 'Database error: the storage does not answer in time',
    headers: { 'Retry-After': '120' },
  },
};

/** A token's leeway is the one of the library that judges it. */
const LEEWAY_SECONDS = 60;

/** Mozilla's autopush-rs, as version 1.83.1 was seen to answer. */
export const mozillaProfile: Profile = {
  name: 'mozilla',
  paths: ['/wpush/v2/'],
  vapid: { subject: 'any', leewaySeconds: LEEWAY_SECONDS, takesOldForms: true },
  judgesFirst: 'token',
  headerFault: mozillaHeaderFault,
  makeToken: () => `gAAAAAB${randomBytes(96).toString('base64url')}`,
  refuse({ kind, message }) {
    if (kind === 'unknown_device') return silent(404);
    if (kind === 'method') return { ...silent(405), headers: { Allow: 'POST' } };
    const [status, errno] = CODES[kind];
    return mozillaError(status, { errno, message: MESSAGES[kind] ?? message });
  },
  answer(status, { origin, ttlSeconds }) {
    if (isAccepting(status)) return accepted(status, origin, ttlSeconds);
    const words = WORDS[status];
    return words === undefined ? silent(status) : mozillaError(status, words);
  },
};

/** Mozilla's manners without its words for what is scripted, and as strict as the RFCs. */
export const genericProfile: Profile = {
  name: 'generic',
  paths: ['/wpush/v2/'],
  vapid: RFC_VAPID,
  judgesFirst: 'headers',
  headerFault: headerCheck(),
  makeToken: () => randomBytes(48).toString('base64url'),
  refuse({ kind, message }) {
    const [status, errno] = CODES[kind];
    return json(status, errno, { code: status, errno, error: 'Push refused', message });
  },
  answer(status, { origin, ttlSeconds }) {
    return isAccepting(status) ? accepted(status, origin, ttlSeconds) : silent(status);
  },
};

function accepted(status: number, origin: string, ttlSeconds: number): Answer {
  const headers = { Location: `${origin}/m/${randomUUID()}`, TTL: String(Math.min(ttlSeconds, MAX_TTL_SECONDS)) };
  return { status, headers, body: '' };
}

function silent(status: number): Answer {
  return { status, headers: {}, body: '' };
}

function mozillaError(status: number, { errno, message, headers }: Words): Answer {
  const error = STATUS_CODES[status] ?? 'Unknown';
  const answer = json(status, errno, { code: status, errno, error, message, more_info: MORE_INFO });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function json(status: number, errno: number | null, body: Record<string, unknown>): Answer {
  const answer = { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  return errno === null ? answer : { ...answer, errno };
}
