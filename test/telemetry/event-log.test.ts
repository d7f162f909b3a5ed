import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, type DeliveryState } from '../../src/domain/delivery/delivery.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { sampleAttempt } from '../support/samples.ts';
import { DELIVERY, LINES, UNTIL } from './expected-lines.ts';
import { type Line, startLog } from './log-lines.ts';
import { ORIGINS, SAMPLE_EVENTS, sampleEvent } from './sample-events.ts';

/** The line that one event makes. */
function lineOf(event: BellhopEvent): Line {
  const { tell, lines } = startLog();
  tell(event);
  expect(lines()).toHaveLength(1);
  return lines()[0]!;
}

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
