import { randomBytes, randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { type Answer, type Fault, isAccepting, type Profile, RFC_VAPID } from './profile.ts';
import { headerCheck } from './rfc-headers.ts';

/** 28 days; a longer TTL is refused, not shortened. */
const MAX_TTL_SECONDS = 2_419_200;

const OTHER_KEY =
  'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n';
const EXPIRED = 'push subscription has unsubscribed or expired.\n';
const NO_ENDPOINT =
  'A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa...\n';

/** Google's FCM: plain words for what concerns the subscription, a page of HTML for the rest. */
export const fcmProfile: Profile = {
  name: 'fcm',
  paths: ['/fcm/send/', '/wp/'],
  vapid: { ...RFC_VAPID, subject: 'any' },
  judgesFirst: 'headers',
  headerFault: headerCheck({ maxTtlSeconds: MAX_TTL_SECONDS }),
  makeToken: () => `${randomBytes(8).toString('base64url')}:APA91b${randomBytes(96).toString('base64url')}`,
  refuse: refused,
  answer(status, { origin }) {
    if (isAccepting(status)) return { status, headers: { Location: `${origin}/0:${randomUUID()}` }, body: '' };
    if (status === 403) return words(403, OTHER_KEY);
    if (status === 404 || status === 410) return words(status, EXPIRED);
    return page(status, `Error ${status} (${STATUS_CODES[status] ?? 'Unknown'})!!1`);
  },
};

function refused({ kind, message }: Fault): Answer {
  switch (kind) {
    case 'unknown_device':
      return words(404, NO_ENDPOINT);
    case 'other_key':
      return words(403, OTHER_KEY);
    case 'vapid_missing':
      return words(401, 'authorization header must be specified.\n');
    case 'vapid_audience':
      return words(403, 'aud claim in the token MUST include the origin of the push resource URL\n');
    case 'vapid_malformed':
    case 'vapid_key':
    case 'vapid_signature':
    case 'vapid_expiry':
    case 'vapid_too_long':
    case 'vapid_subject':
      return words(403, 'invalid JWT provided\n');
    case 'method':
      return page(405, 'Error 405 (Method Not Allowed)!!1');
    case 'body_too_large':
      return page(413, 'Error 413 (Request Entity Too Large)!!1');
    case 'ttl_too_long':
      return page(400, 'InvalidTtl');
    default:
      return words(400, `${message}\n`);
  }
}

function words(status: number, body: string): Answer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body };
}

function page(status: number, title: string): Answer {
  const body = `<HTML>\n<HEAD>\n<TITLE>${title}</TITLE>\n</HEAD>\n<BODY BGCOLOR="#FFFFFF" TEXT="#000000">\n<H1>${title}</H1>\n<H2>Error ${status}</H2>\n</BODY>\n</HTML>\n`;
  return { status, headers: { 'Content-Type': 'text/html; charset=UTF-8' }, body };
}
