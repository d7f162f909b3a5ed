import { createHash, randomBytes } from 'node:crypto';
import { type Recipient, usersNamed } from '../../src/domain/audience/audience.ts';
import { planPage, type ReleaseTerms } from '../../src/domain/audience/fan-out.ts';
import type { Attempt, Delivery, FinalState } from '../../src/domain/delivery/delivery.ts';
import type { Settlement } from '../../src/domain/delivery/settlement.ts';
import { notificationId, subscriptionId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { AT_ONCE } from '../../src/domain/notification/send-at.ts';
import { policyOf } from '../../src/domain/notification-type/type-policy.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../../src/domain/subscription/subscription-change.ts';
import { staticFile } from '../../src/http/kit/static-files.ts';
import type { Job } from '../../src/queue/job-queue.ts';
import type { Claimed } from '../../src/store/delivery-store.ts';
import type { Acceptance } from '../../src/store/notification-store.ts';

/** 2026-01-01T00:00:00Z: where the time of every sample begins. */
export const NOW_MS = 1_767_225_600_000;

/** Stands for what the build makes of `src/sdk/`. */
export const SDK = {
  'bellhop.js': 'export {};',
  'bellhop-sw.js': '// worker',
  'bellhop.d.ts': 'export {};',
  'preferences.js': 'export {};',
  'preferences.d.ts': 'export {};',
};
export const SDK_FILES = Object.entries(SDK).map(([name, text]) => staticFile(name, text));

/** A while after every sample was made. */
export const LATER_MS = NOW_MS + 1_000_000;

let made = 0;

/** A browser's active subscription; each call gives another browser. */
export function sampleSubscription(overrides: Partial<Subscription> = {}): Subscription {
  const createdAtMs = overrides.createdAtMs ?? NOW_MS + made++;
  const endpoint = overrides.endpoint ?? `https://push.example.net/send/${randomBytes(12).toString('base64url')}`;
  return {
    id: subscriptionId(createdAtMs, Math.random),
    userId: 'user-1',
    endpoint,
    endpointHash: createHash('sha256').update(endpoint).digest('base64url'),
    keys: { p256dh: randomBytes(65).toString('base64url'), auth: randomBytes(16).toString('base64url') },
    vapidPublicKey: 'BExampleVapidPublicKey',
    expirationAtMs: null,
    locale: 'en-GB',
    timeZone: null,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    retired: null,
    quarantine: null,
    suspectedByHoldId: null,
    replacesId: null,
    createdAtMs,
    updatedAtMs: createdAtMs,
    ...overrides,
  };
}

/** A notification as it is accepted; each call gives a later one. */
export function sampleNotification(overrides: Partial<Notification> = {}): Notification {
  const acceptedAtMs = overrides.acceptedAtMs ?? NOW_MS + made++;
  return {
    id: notificationId(acceptedAtMs, Math.random),
    content: { type: 'order.shipped', title: 'On its way', body: 'Your order left the warehouse.' },
    priority: 'normal',
    ttlSeconds: 3600,
    urgency: 'normal',
    topic: null,
    userCount: 1,
    status: 'accepted',
    acceptedAtMs,
    ...AT_ONCE,
    ...overrides,
  };
}

/** Nothing was said of any type. */
const NO_TERMS: ReleaseTerms = { policy: policyOf(new Map(), 'order.shipped'), serverZone: 'UTC' };

/** What a store is given to accept; the fan-out is to come. */
export function sampleAcceptance(
  notification: Notification,
  userIds: readonly string[] = ['user-1'],
  overrides: Partial<Acceptance> = {},
): Acceptance {
  const audience = usersNamed(userIds);
  return { notification, audience, idempotency: null, mayFanOutNow: false, terms: NO_TERMS, ...overrides };
}

/** The delivery of one to the other, as fan-out makes it. */
export function sampleDelivery(
  notification: Notification,
  subscription: Pick<Subscription, 'id' | 'userId'> & Partial<Pick<Subscription, 'endpoint'>>,
  overrides: Partial<Delivery> = {},
): Delivery {
  const device = {
    endpoint: 'https://push.example.net/',
    locale: null,
    timeZone: null,
    updatedAtMs: 0,
    ...subscription,
  };
  const [delivery] = deliveriesFor(notification, [device], notification.acceptedAtMs);
  if (delivery === undefined) throw new Error('one device, one delivery');
  return { ...delivery, ...overrides };
}

/** What a notification becomes for these devices, of users of whom nothing was said. */
export function deliveriesFor(
  notification: Notification,
  devices: readonly Recipient[],
  nowMs: number,
): readonly Delivery[] {
  const members = devices.map((device) => {
    return { userId: device.userId, devices: [device], person: { user: null, deviceZone: null } };
  });
  return planPage(notification, members, NO_TERMS, nowMs, () => []).deliveries;
}

/** The job that fans a notification out from its start. */
export function fanOutJob({ id, priority }: Pick<Notification, 'id' | 'priority'>): Job {
  return { kind: 'fan_out', id, step: 0, priority, origin: '', userId: '', deadlineAtMs: null, runAtMs: 0 };
}

/** A first attempt that the push service took. */
export function sampleAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    status: 'delivered',
    outcome: 'delivered',
    httpStatus: 201,
    latencyMs: 40,
    error: null,
    remedy: null,
    retryCount: 0,
    retryAtMs: null,
    startedAtMs: NOW_MS,
    endedAtMs: NOW_MS + 40,
    ...overrides,
  };
}

/** The push service called it gone; unless told otherwise at `NOW_MS`, and whenever it was registered. */
export function goneChange(
  subscriptionId: string,
  overrides: Partial<Extract<SubscriptionChange, { kind: 'retire' }>> = {},
): SubscriptionChange {
  return {
    kind: 'retire',
    subscriptionId,
    reason: 'gone',
    atMs: NOW_MS,
    deliveryId: null,
    notUpdatedSinceMs: 9e15,
    ...overrides,
  };
}

/** Ends a claimed delivery in this state, with the attempt on record. */
export function endingAs(state: FinalState, claimed: Claimed, overrides: Partial<Delivery> = {}): Settlement {
  const { before, version } = claimed;
  const number = before.attemptCount + 1;
  const isGood = state === 'delivered';
  const attempt = sampleAttempt({ number, status: isGood ? 'delivered' : 'failed' });
  const after: Delivery = {
    ...before,
    state,
    dueAtMs: null,
    attemptCount: number,
    reason: isGood ? null : 'rejected',
    attempts: [...before.attempts, attempt],
    endedAtMs: NOW_MS + 40,
    ...overrides,
  };
  return { version, from: 'sending', after, change: null, attempt };
}
