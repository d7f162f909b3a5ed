import type { BellhopEvent } from '../../src/domain/events.ts';
import type { PushService } from '../../src/domain/push-service/push-service.ts';
import { NOW_MS, sampleAttempt } from '../support/samples.ts';

type EventType = BellhopEvent['type'];
type EventOf<Type extends EventType> = Extract<BellhopEvent, { type: Type }>;

/** An origin of each push service. */
export const ORIGINS: Readonly<Record<PushService, string>> = {
  fcm: 'https://fcm.googleapis.com',
  mozilla: 'https://updates.push.services.mozilla.com',
  apple: 'https://web.push.apple.com',
  wns: 'https://db5p.notify.windows.com',
  other: 'https://push.example.net',
};

const UNTIL_MS = NOW_MS + 60_000;
const hold = { holdId: 'hld_1', scope: 'origin', subject: ORIGINS.fcm } as const;

/** One event of every type there is: a new type does not compile until it is here. */
export const SAMPLE_EVENTS: { readonly [Type in EventType]: EventOf<Type> } = {
  'subscription.registered': {
    type: 'subscription.registered',
    subscriptionId: 'sub_1',
    userId: 'ada',
    result: 'created',
  },
  'subscription.deleted': { type: 'subscription.deleted', subscriptionId: 'sub_1' },
  'subscriptions.deleted': { type: 'subscriptions.deleted', count: 2, userId: 'ada' },
  'subscription.retired': { type: 'subscription.retired', subscriptionId: 'sub_1', userId: 'ada', reason: 'gone' },
  'subscription.quarantined': {
    type: 'subscription.quarantined',
    subscriptionId: 'sub_1',
    userId: 'ada',
    sinceMs: NOW_MS,
    untilMs: UNTIL_MS,
  },
  'subscription.restored': { type: 'subscription.restored', subscriptionId: 'sub_1', userId: 'ada' },
  'notification.accepted': { type: 'notification.accepted', notificationId: 'ntf_1', users: 3 },
  'fan_out.page': {
    type: 'fan_out.page',
    notificationId: 'ntf_1',
    users: 3,
    deliveries: 3,
    startedAtMs: NOW_MS,
    endedAtMs: NOW_MS + 5,
    trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  'notification.cancelled': { type: 'notification.cancelled', notificationId: 'ntf_1' },
  'notification.fanned_out': {
    type: 'notification.fanned_out',
    notificationId: 'ntf_1',
    reached: { users: 2, deliveries: 3 },
  },
  'delivery.settled': {
    type: 'delivery.settled',
    deliveryId: 'dlv_1',
    notificationId: 'ntf_1',
    subscriptionId: 'sub_1',
    userId: 'ada',
    origin: ORIGINS.mozilla,
    state: 'delivered',
    reason: null,
    attempt: sampleAttempt(),
    priority: 'normal',
    waitedMs: 20,
  },
  'origin.paused': { type: 'origin.paused', origin: ORIGINS.apple, untilMs: UNTIL_MS },
  'lane.closed': { type: 'lane.closed', origin: ORIGINS.wns, untilMs: UNTIL_MS, failures: 10 },
  'lane.opened': { type: 'lane.opened', origin: ORIGINS.wns },
  'prune_hold.opened': { type: 'prune_hold.opened', ...hold, goneCount: 60, answerCount: 100 },
  'prune_hold.decided': { type: 'prune_hold.decided', ...hold, state: 'confirmed', subscriptions: 60 },
  'schedule.sent': {
    type: 'schedule.sent',
    scheduleKey: 'morning',
    atMs: NOW_MS,
    notificationId: 'ntf_1',
    trigger: 'time',
  },
  'schedule.missed': {
    type: 'schedule.missed',
    scheduleKey: 'morning',
    atMs: NOW_MS,
    lastAtMs: UNTIL_MS,
    count: 3,
    isAtLeast: false,
  },
  'schedule.failed': {
    type: 'schedule.failed',
    scheduleKey: 'morning',
    atMs: NOW_MS,
    code: 'invalid_audience',
    detail: 'There is no segment “vip”.',
  },
  'experiment.decided': {
    type: 'experiment.decided',
    experimentKey: 'subject-line',
    notificationId: 'ntf_1',
    winner: 'short',
    sends: 'short',
  },
  'bulk_action.ended': {
    type: 'bulk_action.ended',
    actionId: 'bla_1',
    action: 'replay',
    state: 'completed',
    replayed: 40,
    discarded: 0,
    skipped: 2,
  },
  'erasure.completed': { type: 'erasure.completed', erasureId: 'era_1', counts: { subscriptions: 2, deliveries: 40 } },
  'tracing.resumed': { type: 'tracing.resumed', lostSpans: 7 },
  'webhook.attempted': { type: 'webhook.attempted', webhookEndpointId: 'whe_1', result: 'received' },
  'webhook.disabled': { type: 'webhook.disabled', webhookEndpointId: 'whe_1', reason: 'failing' },
  'sending.paused': { type: 'sending.paused', cause: 'restored', sinceMs: NOW_MS },
  'tallies.corrected': { type: 'tallies.corrected', miscounts: [{ name: 'ended failed', had: 1, found: 2 }] },
  'sending.resumed': { type: 'sending.resumed' },
  'backup.made': { type: 'backup.made', destination: 'folder', octets: 4096, madeAtMs: NOW_MS, tookMs: 12 },
  'backup.found': { type: 'backup.found', name: 'bellhop.db', octets: 4096, madeAtMs: NOW_MS },
  'delivery.replayed': { type: 'delivery.replayed', deliveryId: 'dlv_1', notificationId: 'ntf_1' },
  'part.failed': { type: 'part.failed', part: 'worker', error: new Error('away') },
};

/** The sample of one type, with something else in it. */
export function sampleEvent<Type extends EventType>(type: Type, overrides: Partial<EventOf<Type>> = {}): EventOf<Type> {
  return { ...SAMPLE_EVENTS[type], ...overrides };
}

/** How the log tells some of the samples. */
export const SAMPLE_LINES = {
  'tracing.resumed': { level: 'info', lost_spans: 7, msg: 'the collector takes spans again: 7 were dropped' },
  'webhook.disabled': {
    level: 'error',
    webhook_endpoint_id: 'whe_1',
    reason: 'failing',
    msg: 'webhook endpoint whe_1 is sent nothing any more: it failed for five days. Mend it, then PATCH /v1/webhook-endpoints/whe_1 with is_enabled, and replay what it missed',
  },
};
