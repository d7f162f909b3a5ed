import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, type FaultKind, isAccepting, type Profile, RFC_LIMITS } from './profile.ts';

type Code = readonly [status: number, errno: number];

/** Status and errno of each fault, as autopush documents them. */
const CODES: Readonly<Record<FaultKind, Code>> = {
  unknown_device: [404, 102],
  method: [405, 405],
  ttl_missing: [400, 111],
  ttl_malformed: [400, 112],
  ttl_negative: [400, 114],
  ttl_zero: [400, 112],
  ttl_too_long: [400, 112],
  topic: [400, 113],
  urgency: [400, 400],
  coding: [400, 110],
  body_missing: [400, 110],
  body_too_large: [413, 104],
  vapid_missing: [401, 109],
  vapid_malformed: [401, 109],
  vapid_key: [401, 109],
  vapid_signature: [401, 109],
  vapid_audience: [401, 109],
  vapid_expiry: [401, 109],
  vapid_subject: [401, 109],
  other_key: [401, 109],
};

/** Longer ones are shortened without a word; only the TTL header of the answer says so. */
const MAX_TTL_SECONDS = 2_592_000;
const RETRY_AFTER = { 'Retry-After': '120' };
const MORE_INFO = 'http://autopush.readthedocs.io/en/latest/http.html#error-codes';

type Words = { readonly errno: number; readonly error: string; readonly message: string };

const WORDS: Readonly<Record<number, Words>> = {
  400: { errno: 110, error: 'Bad Request', message: 'Invalid crypto headers' },
  401: { errno: 109, error: 'Unauthorized', message: 'Request did not validate' },
  404: { errno: 102, error: 'Not Found', message: 'Invalid URL endpoint' },
  410: { errno: 103, error: 'Gone', message: 'Expired URL endpoint' },
  413: { errno: 104, error: 'Payload Too Large', message: 'Data payload too large' },
  503: { errno: 201, error: 'Service Unavailable', message: 'Use exponential back-off for retries' },
};

/** Mozilla's autopush. */
export const mozillaProfile: Profile = {
  name: 'mozilla',
  paths: ['/wpush/v2/'],
  limits: { ...RFC_LIMITS, checksUrgency: false },
  makeToken: () => `gAAAAAB${randomBytes(96).toString('base64url')}`,
  refuse({ kind, message }) {
    const [status, errno] = CODES[kind];
    const error = WORDS[status]?.error ?? 'Method Not Allowed';
    return mozillaError(status, { errno, error, message });
  },
  answer(status, { origin, ttlSeconds }) {
    if (isAccepting(status)) return accepted(status, origin, ttlSeconds);
    const words = WORDS[status] ?? { errno: 999, error: 'Unknown', message: 'An unknown error occurred' };
    return mozillaError(status, words);
  },
};

/** Mozilla's manners without its words for what is scripted, and stricter where another service is. */
export const genericProfile: Profile = {
  name: 'generic',
  paths: ['/wpush/v2/'],
  limits: RFC_LIMITS,
  makeToken: () => randomBytes(48).toString('base64url'),
  refuse({ kind, message }) {
    const [status, errno] = CODES[kind];
    return json(status, errno, { code: status, errno, error: 'Push refused', message });
  },
  answer(status, { origin, ttlSeconds }) {
    return isAccepting(status) ? accepted(status, origin, ttlSeconds) : { status, headers: {}, body: '' };
  },
};

function accepted(status: number, origin: string, ttlSeconds: number): Answer {
  const headers = { Location: `${origin}/m/${randomUUID()}`, TTL: String(Math.min(ttlSeconds, MAX_TTL_SECONDS)) };
  return { status, headers, body: '' };
}

function mozillaError(status: number, { errno, error, message }: Words): Answer {
  const answer = json(status, errno, { code: status, errno, error, message, more_info: MORE_INFO });
  return status === 503 ? { ...answer, headers: { ...answer.headers, ...RETRY_AFTER } } : answer;
}

function json(status: number, errno: number, body: Record<string, unknown>): Answer {
  return { status, errno, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
