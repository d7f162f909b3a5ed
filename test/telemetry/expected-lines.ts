import { expect } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { Line } from './log-lines.ts';
import { ORIGINS, SAMPLE_LINES } from './sample-events.ts';

const SUBSCRIPTION = { subscription_id: 'sub_1', user_id: 'ada' };
export const DELIVERY = { notification_id: 'ntf_1', delivery_id: 'dlv_1', ...SUBSCRIPTION };
export const UNTIL = '2026-01-01T00:01:00.000Z';
const HOLD = { hold_id: 'hld_1', scope: 'origin', subject: ORIGINS.fcm };

/** The whole line of each sample, but for its `event`. */
export const LINES: { readonly [Type in Exclude<BellhopEvent['type'], 'fan_out.page' | 'webhook.attempted'>]: Line } = {
  'subscription.registered': { level: 'info', ...SUBSCRIPTION, result: 'created', msg: 'subscription created' },
  'subscription.deleted': { level: 'info', subscription_id: 'sub_1', msg: 'subscription deleted' },
  'subscriptions.deleted': { level: 'info', count: 2, user_id: 'ada', msg: '2 subscriptions deleted' },
  'subscription.retired': { level: 'info', ...SUBSCRIPTION, reason: 'gone', msg: 'subscription retired: gone' },
  'subscription.quarantined': {
    level: 'warn',
    ...SUBSCRIPTION,
    since: '2026-01-01T00:00:00.000Z',
    until: UNTIL,
    msg: `subscription in quarantine: nothing goes to it until ${UNTIL}`,
  },
  'subscription.restored': { level: 'info', ...SUBSCRIPTION, msg: 'subscription restored' },
  'notification.accepted': { level: 'info', notification_id: 'ntf_1', users: 3, msg: 'notification accepted' },
  'notification.cancelled': { level: 'info', notification_id: 'ntf_1', msg: 'notification called off' },
  'notification.fanned_out': {
    level: 'info',
    notification_id: 'ntf_1',
    reached_users: 2,
    deliveries: 3,
    msg: 'notification fanned out: 3 deliveries to 2 users',
  },
  'delivery.settled': {
    level: 'info',
    ...DELIVERY,
    origin: ORIGINS.mozilla,
    state: 'delivered',
    attempt: 1,
    outcome: 'delivered',
    http_status: 201,
    latency_ms: 40,
    msg: 'attempt 1 got HTTP 201 in 40 ms: delivered',
  },
  'schedule.sent': {
    level: 'info',
    schedule: 'morning',
    at: '2026-01-01T00:00:00.000Z',
    notification_id: 'ntf_1',
    trigger: 'time',
    msg: 'schedule morning sent',
  },
  'schedule.missed': {
    level: 'warn',
    schedule: 'morning',
    at: '2026-01-01T00:00:00.000Z',
    last_at: UNTIL,
    count: 3,
    msg: `schedule morning missed 3 times from 2026-01-01T00:00:00.000Z to ${UNTIL}: nobody was there to send them`,
  },
  'schedule.failed': {
    level: 'error',
    schedule: 'morning',
    at: '2026-01-01T00:00:00.000Z',
    code: 'invalid_audience',
    detail: 'There is no segment “vip”.',
    msg: 'schedule morning could not send its notification of 2026-01-01T00:00:00.000Z (invalid_audience): There is no segment “vip”. Mend it with PUT /v1/schedules/morning; POST /v1/schedules/morning/trigger sends it now',
  },
  'erasure.completed': {
    level: 'info',
    erasure_id: 'era_1',
    subscriptions: 2,
    deliveries: 40,
    msg: 'a person was erased: GET /v1/erasures/era_1 has the receipt',
  },
  ...SAMPLE_LINES,
  'experiment.decided': {
    level: 'info',
    experiment: 'subject-line',
    notification_id: 'ntf_1',
    winner: 'short',
    sends: 'short',
    msg: 'experiment subject-line decided: short wins, the others get short',
  },
  'bulk_action.ended': {
    level: 'info',
    bulk_action_id: 'bla_1',
    action: 'replay',
    state: 'completed',
    replayed: 40,
    discarded: 0,
    skipped: 2,
    msg: 'bulk replay completed: 40 replayed, 0 discarded, 2 left as they are',
  },
  'sending.paused': {
    level: 'warn',
    cause: 'restored',
    since: '2026-01-01T00:00:00.000Z',
    msg: 'sending is paused, for this store is a backup: notifications are accepted and kept, and nothing is sent. Decide what becomes of what waits: bellhop resume --waiting=send, or --waiting=drop',
  },
  'tallies.corrected': {
    level: 'warn',
    miscounts: [{ name: 'ended failed', had: 1, found: 2 }],
    msg: '1 counts were wrong, and are set right',
  },
  'sending.resumed': { level: 'info', msg: 'sending is on again' },
  'backup.made': {
    level: 'info',
    destination: 'folder',
    octets: 4096,
    made_at: '2026-01-01T00:00:00.000Z',
    took_ms: 12,
    msg: 'backup made: 4096 octets in 12 ms',
  },
  'backup.found': {
    level: 'info',
    name: 'bellhop.db',
    octets: 4096,
    made_at: '2026-01-01T00:00:00.000Z',
    msg: 'the newest backup is of 2026-01-01T00:00:00.000Z',
  },
  'origin.paused': {
    level: 'warn',
    origin: ORIGINS.apple,
    until: UNTIL,
    msg: `${ORIGINS.apple} asked to wait: nothing goes there until ${UNTIL}`,
  },
  'lane.closed': {
    level: 'warn',
    origin: ORIGINS.wns,
    failures: 10,
    until: UNTIL,
    msg: `${ORIGINS.wns} failed 10 times in a row: nothing goes there until ${UNTIL}, and then one delivery, to try it`,
  },
  'lane.opened': { level: 'info', origin: ORIGINS.wns, msg: `${ORIGINS.wns} is well again: deliveries go there` },
  'prune_hold.opened': {
    level: 'error',
    ...HOLD,
    gone_count: 60,
    answer_count: 100,
    msg: `60 of the latest 100 users at ${ORIGINS.fcm} had a subscription called gone: pruning is on hold. Look, then POST /v1/prune-holds/hld_1/confirm or /dismiss`,
  },
  'prune_hold.decided': {
    level: 'info',
    ...HOLD,
    state: 'confirmed',
    subscriptions: 60,
    msg: 'hold on pruning confirmed: 60 subscriptions retired',
  },
  'delivery.replayed': {
    level: 'info',
    notification_id: 'ntf_1',
    delivery_id: 'dlv_1',
    msg: 'delivery replayed: it is pending again',
  },
  'part.failed': {
    level: 'error',
    part: 'worker',
    error: 'Error',
    at: expect.stringContaining('sample-events.ts'),
    msg: 'a job failed: the rescuer finds it again',
  },
};
