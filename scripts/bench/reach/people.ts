import { createHash, randomBytes } from 'node:crypto';
import { subscriptionId } from '../../../src/domain/ids.ts';
import type { Subscription } from '../../../src/domain/subscription/subscription.ts';
import { newUser, type User } from '../../../src/domain/user/user.ts';
import type { BrowserSubscription } from '../subscribers.ts';

const DAY_MS = 86_400_000;
const ENDPOINTS = [
  'https://fcm.googleapis.com/fcm/send/',
  'https://fcm.googleapis.com/fcm/send/',
  'https://updates.push.services.mozilla.com/wpush/v2/',
  'https://web.push.apple.com/',
];
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Europe/London', null];
const LOCALES = ['en-GB', 'de-DE', 'fr-FR', 'ja-JP'];

/** Ids in the order in which stores keep them. */
export function personId(index: number): string {
  return `user-${String(index).padStart(8, '0')}`;
}

/** Five tags: of a half, of a tenth, of a hundredth, of where they stand, and one in ten `beta`. */
export function personAt(index: number, nowMs: number): User {
  const share = shareAt(index);
  const standing = share < 0.3 ? 'trial' : share < 0.5 ? 'churned' : 'paying';
  const tags = [
    index % 2 === 0 ? 'even' : 'odd',
    `plan:${index % 10}`,
    `city:${Math.floor(share * 1e6) % 100}`,
    standing,
    Math.floor(share * 1e5) % 10 === 0 ? 'beta' : 'stable',
  ];
  return { ...newUser(personId(index), nowMs), tags: tags.sort(), timeZone: index % 5 === 0 ? 'Europe/Berlin' : null };
}

/** The one device of that person, registered within the last hundred days. */
export function deviceAt(
  index: number,
  { nowMs, vapidPublicKey }: { readonly nowMs: number; readonly vapidPublicKey: string },
  browser: BrowserSubscription = browserAt(index),
): Subscription {
  const registeredAtMs = nowMs - Math.floor(shareAt(index) * 100 * DAY_MS);
  return {
    id: subscriptionId(registeredAtMs, Math.random),
    userId: personId(index),
    endpoint: browser.endpoint,
    endpointHash: createHash('sha256').update(browser.endpoint).digest('base64url'),
    keys: browser.keys,
    vapidPublicKey,
    expirationAtMs: null,
    locale: LOCALES[index % LOCALES.length] ?? null,
    timeZone: ZONES[index % ZONES.length] ?? null,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    retired: null,
    quarantine: null,
    suspectedByHoldId: null,
    replacesId: null,
    createdAtMs: registeredAtMs,
    updatedAtMs: registeredAtMs,
  };
}

/** Nobody pushes to it, so its keys need not be any. */
function browserAt(index: number): BrowserSubscription {
  const endpoint = `${ENDPOINTS[index % ENDPOINTS.length]}${randomBytes(32).toString('base64url')}`;
  return {
    endpoint,
    keys: { p256dh: randomBytes(65).toString('base64url'), auth: randomBytes(16).toString('base64url') },
  };
}

/** A number in [0, 1) that goes with the index in no order to speak of. */
function shareAt(index: number): number {
  return (Math.imul(index + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
}
