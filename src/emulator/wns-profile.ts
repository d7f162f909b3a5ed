import { randomBytes } from 'node:crypto';
import { type Answer, type FaultKind, isAccepting, type Profile, RFC_VAPID } from './profile.ts';
import { headerCheck } from './rfc-headers.ts';

/** 400 for the rest. */
const STATUSES: Readonly<Partial<Record<FaultKind, number>>> = {
  unknown_device: 404,
  method: 405,
  body_too_large: 413,
  vapid_missing: 401,
  vapid_malformed: 401,
  vapid_key: 401,
  vapid_signature: 401,
  vapid_audience: 401,
  vapid_expiry: 401,
  vapid_too_long: 401,
  vapid_subject: 401,
  other_key: 403,
};

/** A TTL of 0 says “do not keep”, and its own cache header, when it is missing, says the contrary. */
const TTL_CONFLICT = 'Ttl value conflicts with X-WNS-Cache-Policy.';

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  401: 'The authorization is not valid.',
  403: 'The cloud service is not authorized to send a notification to this channel.',
  404: 'The channel URI is not valid or is not recognized.',
  406: 'The cloud service exceeded its throttle limit.',
  410: 'The channel expired.',
  413: 'The notification payload exceeds the size limit.',
};

/** Microsoft's WNS: no body ever, the reason in headers alone. */
export const wnsProfile: Profile = {
  name: 'wns',
  paths: ['/w/?token='],
  vapid: { ...RFC_VAPID, subject: 'any' },
  judgesFirst: 'headers',
  headerFault: headerCheck({ minTtlSeconds: 1 }),
  // Base64 of the common kind, percent-encoded in small letters, which no one on the way may tidy up.
  makeToken: () => `BQYAAAD%2f${encodeURIComponent(randomBytes(95).toString('base64')).replace(/%../g, lowerCase)}`,
  refuse({ kind, message }) {
    return dropped(STATUSES[kind] ?? 400, kind === 'ttl_zero' ? TTL_CONFLICT : message);
  },
  answer(status) {
    if (isAccepting(status)) return { status, headers: statusHeaders('received'), body: '' };
    return dropped(status, DESCRIPTIONS[status] ?? 'The notification was not delivered.');
  },
};

function dropped(status: number, description: string): Answer {
  const outcome = status === 406 ? 'channelthrottled' : 'dropped';
  return { status, headers: { ...statusHeaders(outcome), 'X-WNS-Error-Description': description }, body: '' };
}

function statusHeaders(outcome: string): Record<string, string> {
  return {
    'X-WNS-Status': outcome,
    'X-WNS-NotificationStatus': outcome,
    'X-WNS-DeviceConnectionStatus': outcome === 'received' ? 'connected' : 'disconnected',
    'X-WNS-Msg-ID': randomBytes(8).toString('hex').toUpperCase(),
  };
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
