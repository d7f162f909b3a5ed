import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../src/domain/delivery/delivery.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { sampleAttempt } from '../support/samples.ts';

const settled = (origin: string, attempt: Attempt | null): BellhopEvent => ({
  type: 'delivery.settled',
  deliveryId: 'dlv_1',
  notificationId: 'ntf_1',
  subscriptionId: 'sub_1',
  userId: 'ada',
  origin,
  state: attempt === null ? 'cancelled' : 'delivered',
  reason: attempt === null ? 'superseded' : null,
  attempt,
});

function make() {
  const events = createEvents((error) => {
    throw error;
  });
  return { events, metrics: createMetrics(events) };
}

it('counts attempts and trouble by push service, and names nobody', async () => {
  const { events, metrics } = make();
  const hold = { holdId: 'hld_1', scope: 'vapid_key', subject: 'BKey' } as const;
  const told: readonly BellhopEvent[] = [
    settled('https://db5p.notify.windows.com', sampleAttempt()),
    settled('https://sg2p.notify.windows.com', sampleAttempt({ latencyMs: 300 })),
    settled('https://push.example.net', null),
    settled('', sampleAttempt({ httpStatus: null, outcome: 'interrupted' })),
    { type: 'lane.closed', origin: 'https://push.example.net', untilMs: 1, failures: 10 },
    { type: 'origin.paused', origin: 'https://fcm.googleapis.com', untilMs: 1 },
    { type: 'prune_hold.opened', ...hold, goneCount: 60, answerCount: 100 },
    { type: 'prune_hold.decided', ...hold, state: 'dismissed', subscriptions: 60 },
    { type: 'subscription.retired', subscriptionId: 'sub_1', userId: 'ada', reason: 'gone' },
    { type: 'part.failed', part: 'worker', error: new Error('secret') },
  ];
  for (const event of told) events.publish(event);
  const lines = (await metrics.text()).split('\n');
  for (const line of [
    'bellhop_attempts_total{push_service="wns",outcome="delivered",http_status="201"} 2',
    'bellhop_attempts_total{push_service="other",outcome="interrupted",http_status="none"} 1',
    'bellhop_attempt_duration_seconds_bucket{le="0.05",push_service="wns"} 1',
    'bellhop_attempt_duration_seconds_bucket{le="0.5",push_service="wns"} 2',
    'bellhop_deliveries_settled_total{state="cancelled",reason="superseded"} 1',
    'bellhop_lanes_closed{push_service="other"} 1',
    'bellhop_origin_pauses_total{push_service="fcm"} 1',
    'bellhop_prune_holds_total{scope="vapid_key",state="opened"} 1',
    'bellhop_prune_holds_total{scope="vapid_key",state="dismissed"} 1',
    'bellhop_subscriptions_retired_total{reason="gone"} 1',
    'bellhop_part_failures_total{part="worker"} 1',
  ]) {
    expect(lines).toContain(line);
  }
  expect(lines.join('\n')).not.toMatch(/ada|dlv_|sub_|ntf_|BKey|secret|windows|example/);
  events.publish({ type: 'lane.opened', origin: 'https://push.example.net' });
  expect(await metrics.text()).toContain('bellhop_lanes_closed{push_service="other"} 0');
});

describe('lanes closed', () => {
  const A = 'https://a.notify.windows.com';
  const B = 'https://b.notify.windows.com';
  const closed = (origin: string): BellhopEvent => ({ type: 'lane.closed', origin, untilMs: 1, failures: 10 });
  const opened = (origin: string): BellhopEvent => ({ type: 'lane.opened', origin });

  it.each([
    ['one of two hosts of WNS that reopens leaves the other closed', [closed(A), closed(B), opened(A)], 1],
    ['each has reopened', [closed(A), closed(B), opened(A), opened(B)], 0],
    ['a probe that failed closes a lane that was closed', [closed(A), closed(A)], 1],
    ['and one success opens it', [closed(A), closed(A), opened(A)], 0],
    ['one that was never closed', [closed(A), opened(B)], 1],
  ] as const)('%s', async (_, told, count) => {
    const { events, metrics } = make();
    for (const event of told) events.publish(event);
    expect((await metrics.text()).split('\n')).toContain(`bellhop_lanes_closed{push_service="wns"} ${count}`);
  });
});
