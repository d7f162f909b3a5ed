import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, type FaultKind, isAccepting, type Profile, RFC_VAPID } from './profile.ts';
import { headerCheck } from './rfc-headers.ts';

const BAD_TOKEN = [403, 'BadJwtToken'] as const;
const BAD_TTL = [400, 'BadTtl'] as const;

const REASONS: Readonly<Record<FaultKind, readonly [status: number, reason: string]>> = {
  unknown_device: [404, 'BadPath'],
  method: [405, 'MethodNotAllowed'],
  ttl_missing: BAD_TTL,
  ttl_malformed: BAD_TTL,
  ttl_negative: BAD_TTL,
  ttl_zero: BAD_TTL,
  ttl_too_long: BAD_TTL,
  topic: [400, 'BadWebPushTopic'],
  urgency: [400, 'BadUrgency'],
  coding: [400, 'BadRequest'],
  compressed: [400, 'BadRequest'],
  body_missing: [400, 'PayloadEmpty'],
  body_too_large: [413, 'PayloadTooLarge'],
  vapid_missing: BAD_TOKEN,
  vapid_malformed: BAD_TOKEN,
  vapid_key: [403, 'BadVapidPublicKey'],
  vapid_signature: BAD_TOKEN,
  vapid_audience: BAD_TOKEN,
  vapid_expiry: BAD_TOKEN,
  vapid_too_long: BAD_TOKEN,
  vapid_subject: BAD_TOKEN,
  // Seen at 403 as well.
  other_key: [400, 'VapidPkHashMismatch'],
};

const REASON_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'BadJwtToken',
  404: 'BadPath',
  410: 'Unregistered',
  413: 'PayloadTooLarge',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

/** Apple's web.push.apple.com. */
export const appleProfile: Profile = {
  name: 'apple',
  paths: ['/Q'],
  vapid: { ...RFC_VAPID, subject: 'public_contact' },
  judgesFirst: 'headers',
  headerFault: headerCheck({ decodesTopic: true }),
  makeToken: () => randomBytes(96).toString('base64url'),
  refuse: ({ kind }) => refused(...REASONS[kind]),
  answer(status) {
    if (isAccepting(status)) return { status, headers: { 'apns-id': randomUUID().toUpperCase() }, body: '' };
    return refused(status, REASON_OF_STATUS[status] ?? 'Unknown');
  },
};

function refused(status: number, reason: string): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason }) };
}
