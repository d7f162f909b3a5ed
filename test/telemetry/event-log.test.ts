import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, type DeliveryState } from '../../src/domain/delivery/delivery.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { sampleAttempt } from '../support/samples.ts';
import { type Line, startLog } from './log-lines.ts';
import { ORIGINS, SAMPLE_EVENTS, SAMPLE_LINES, sampleEvent } from './sample-events.ts';

/** The line that one event makes. */
function lineOf(event: BellhopEvent): Line {
  const { tell, lines } = startLog();
  tell(event);
  expect(lines()).toHaveLength(1);
  return lines()[0]!;
}

const SUBSCRIPTION = { subscription_id: 'sub_1', user_id: 'ada' };
const DELIVERY = { notification_id: 'ntf_1', delivery_id: 'dlv_1', ...SUBSCRIPTION };
const UNTIL = '2026-01-01T00:01:00.000Z';
const HOLD = { hold_id: 'hld_1', scope: 'origin', subject: ORIGINS.fcm };

/** The whole line of each sample, but for its `event`. */
const LINES: { readonly [Type in Exclude<BellhopEvent['type'], 'fan_out.page' | 'webhook.attempted'>]: Line } = {
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

const { 'fan_out.page': _, 'webhook.attempted': __, ...OTHERS } = SAMPLE_EVENTS;
const LOGGED = Object.values(OTHERS);

describe('the line of an event', () => {
  it.each(LOGGED)('$type', (event) => {
    expect(lineOf(event)).toEqual({ event: event.type, ...LINES[event.type] });
  });

  it('tells how a dismissed hold ended', () => {
    const { msg } = lineOf(sampleEvent('prune_hold.decided', { state: 'dismissed', subscriptions: 1 }));
    expect(msg).toBe('hold on pruning dismissed: 1 subscription restored');
  });

  it('is valid whatever an id has in it', () => {
    const userId = '"},\n{"level":"fatal"';
    expect(lineOf(sampleEvent('subscription.restored', { userId }))).toMatchObject({ level: 'info', user_id: userId });
  });
});

describe('docs/operations.md', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const rows = new Map(
    [...page.matchAll(/^\| `(\w+\.\w+)` \| ([a-z, ]+) \|/gm)].map(([, event, level]) => [event, level]),
  );

  it('has every event with its level', () => {
    rows.delete('http.request');
    expect([...rows.keys()].sort()).toEqual(Object.keys(OTHERS).sort());
    expect(rows.get('delivery.settled')).toBe('info, warn, error');
    rows.delete('delivery.settled');
    for (const [type, level] of rows) expect(lineOf(OTHERS[type as keyof typeof OTHERS]).level, type).toBe(level);
  });
});

describe('the line of a delivery', () => {
  const LEVELS: Readonly<Record<DeliveryState, string>> = {
    pending: 'info',
    held: 'info',
    sending: 'info',
    retrying: 'warn',
    delivered: 'info',
    pruned: 'info',
    failed: 'error',
    expired: 'warn',
    cancelled: 'info',
  };

  it.each(DELIVERY_STATES)('%s has the level of what it asks of a person', (state) => {
    expect(lineOf(sampleEvent('delivery.settled', { state })).level).toBe(LEVELS[state]);
  });

  it('unsent tells why', () => {
    const event = sampleEvent('delivery.settled', { state: 'cancelled', reason: 'superseded', attempt: null });
    expect(lineOf(event)).toEqual({
      event: 'delivery.settled',
      level: 'info',
      ...DELIVERY,
      origin: ORIGINS.mozilla,
      state: 'cancelled',
      reason: 'superseded',
      msg: 'delivery cancelled unsent (superseded)',
    });
  });

  it('to be tried again tells what went wrong, and when', () => {
    const error = 'the push service has trouble (HTTP 503)';
    const attempt = sampleAttempt({
      number: 2,
      httpStatus: 503,
      outcome: 'retryable',
      error,
      retryAtMs: Date.parse(UNTIL),
    });
    expect(lineOf(sampleEvent('delivery.settled', { state: 'retrying', attempt }))).toMatchObject({
      attempt: 2,
      outcome: 'retryable',
      http_status: 503,
      error,
      retry_at: UNTIL,
      msg: 'attempt 2 got HTTP 503 in 40 ms: retrying',
    });
  });

  it('without an answer says so', () => {
    const attempt = sampleAttempt({ httpStatus: null, latencyMs: null, outcome: 'interrupted', error: 'given up' });
    expect(
      lineOf(sampleEvent('delivery.settled', { state: 'failed', reason: 'interrupted_too_often', attempt })),
    ).toMatchObject({
      http_status: null,
      latency_ms: null,
      reason: 'interrupted_too_often',
      msg: 'attempt 1 got no answer: failed (interrupted_too_often)',
    });
  });

  it('leaves the remedy to the attempt, which has room for it', () => {
    const attempt = sampleAttempt({ remedy: 'Check VAPID_SUBJECT.' });
    expect(JSON.stringify(lineOf(sampleEvent('delivery.settled', { attempt })))).not.toContain('VAPID_SUBJECT');
  });
});

describe('what is never in the log', () => {
  const SECRET = 'S3CRETS3CRET';
  /** What a publisher has at hand, and may spread into an event by mistake. */
  const PLANTED = {
    endpoint: `https://fcm.googleapis.com/fcm/send/${SECRET}`,
    keys: { p256dh: SECRET, auth: SECRET },
    payload: `{"title":"${SECRET}"}`,
    content: { title: SECRET, body: SECRET },
    userAgent: SECRET,
    token: SECRET,
  };

  it.each(LOGGED)('is not let in with $type', (event) => {
    const { tell, text } = startLog();
    const attempt = { ...sampleAttempt(), ...PLANTED };
    tell({ ...PLANTED, ...event, ...('attempt' in event ? { attempt } : {}) } as BellhopEvent);
    expect(text()).toContain(event.type);
    expect(text()).not.toContain(SECRET);
  });

  it('is not let in by an error, its fields or its causes', () => {
    const { tell, text, lines } = startLog();
    const cause = Object.assign(new TypeError(PLANTED.payload, { cause: PLANTED }), PLANTED);
    const error = Object.assign(new Error(`cannot post to ${PLANTED.endpoint}`, { cause }), PLANTED);
    tell(sampleEvent('part.failed', { error }), sampleEvent('part.failed', { part: 'queue', error: PLANTED.endpoint }));
    expect(lines()).toMatchObject([
      { error: 'Error', cause: 'TypeError < no error object' },
      { error: 'no error object' },
    ]);
    expect(text()).not.toContain(SECRET);
  });
});
