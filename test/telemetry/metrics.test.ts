import { describe, expect, it } from 'vitest';
import { endingsOfMachine } from '../../scripts/docs/delivery-endings.ts';
import { DELIVERY_STATES, END_REASONS } from '../../src/domain/delivery/delivery.ts';
import { type BellhopEvent, PART_NAMES } from '../../src/domain/events.ts';
import { PRIORITIES } from '../../src/domain/notification/priority.ts';
import { PRUNE_HOLD_SCOPES } from '../../src/domain/pruning/prune-hold.ts';
import { OUTCOMES, outcomeOf, PUSH_FAILURES } from '../../src/domain/push-service/push-outcome.ts';
import { PUSH_SERVICES, type PushService } from '../../src/domain/push-service/push-service.ts';
import { RETIREMENT_REASONS } from '../../src/domain/subscription/subscription.ts';
import { WEBHOOK_RESULTS } from '../../src/domain/webhook/webhook-delivery.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { METRICS } from '../../src/telemetry/metric-table.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { sampleAttempt } from '../support/samples.ts';
import { ORIGINS, SAMPLE_EVENTS, sampleEvent } from './sample-events.ts';

/** The lines of the exposition that a process shows once it has been told these events. */
async function linesAfter(...told: readonly BellhopEvent[]): Promise<string[]> {
  const events = createEvents((error) => {
    throw error;
  });
  const metrics = createMetrics(events);
  for (const event of told) events.publish(event);
  return (await metrics.text()).split('\n');
}

const holdDecided = (scope: (typeof PRUNE_HOLD_SCOPES)[number], state: 'confirmed' | 'dismissed') =>
  sampleEvent('prune_hold.decided', { scope, state });

/** Every series with a label of a closed set, and an event that it counts. */
const SERIES: readonly (readonly [series: string, event: BellhopEvent])[] = [
  ['bellhop_last_backup_timestamp_seconds', sampleEvent('backup.made', { madeAtMs: 1000 })],
  ['bellhop_schedule_occurrences_total{status="sent"}', SAMPLE_EVENTS['schedule.sent']],
  ['bellhop_schedule_occurrences_total{status="missed"}', sampleEvent('schedule.missed', { count: 1 })],
  ['bellhop_schedule_occurrences_total{status="failed"}', SAMPLE_EVENTS['schedule.failed']],
  ...WEBHOOK_RESULTS.map(
    (result) =>
      [`bellhop_webhook_attempts_total{result="${result}"}`, sampleEvent('webhook.attempted', { result })] as const,
  ),
  ['bellhop_notifications_accepted_total', SAMPLE_EVENTS['notification.accepted']],
  ...DELIVERY_STATES.map(
    (state) =>
      [
        `bellhop_deliveries_settled_total{state="${state}",reason=""}`,
        sampleEvent('delivery.settled', { state }),
      ] as const,
  ),
  ...END_REASONS.map(
    (reason) =>
      [
        `bellhop_deliveries_settled_total{state="failed",reason="${reason}"}`,
        sampleEvent('delivery.settled', { state: 'failed', reason, attempt: null }),
      ] as const,
  ),
  ...PUSH_SERVICES.flatMap((service) =>
    OUTCOMES.map(
      (outcome) =>
        [
          `bellhop_attempts_total{push_service="${service}",outcome="${outcome}",http_status="201"}`,
          sampleEvent('delivery.settled', { origin: ORIGINS[service], attempt: sampleAttempt({ outcome }) }),
        ] as const,
    ),
  ),
  [
    'bellhop_attempts_total{push_service="fcm",outcome="retryable",http_status="none"}',
    sampleEvent('delivery.settled', {
      origin: ORIGINS.fcm,
      attempt: sampleAttempt({ outcome: 'retryable', httpStatus: null }),
    }),
  ],
  ...PRIORITIES.map(
    (priority) =>
      [
        `bellhop_queue_wait_seconds_count{priority="${priority}"}`,
        sampleEvent('delivery.settled', { priority }),
      ] as const,
  ),
  ...PUSH_SERVICES.flatMap(
    (service) =>
      [
        [
          `bellhop_attempt_duration_seconds_count{push_service="${service}"}`,
          sampleEvent('delivery.settled', { origin: ORIGINS[service] }),
        ],
        [
          `bellhop_origin_pauses_total{push_service="${service}"}`,
          sampleEvent('origin.paused', { origin: ORIGINS[service] }),
        ],
        [`bellhop_lanes_closed{push_service="${service}"}`, sampleEvent('lane.closed', { origin: ORIGINS[service] })],
      ] as const,
  ),
  ...RETIREMENT_REASONS.map(
    (reason) =>
      [
        `bellhop_subscriptions_retired_total{reason="${reason}"}`,
        sampleEvent('subscription.retired', { reason }),
      ] as const,
  ),
  ...PRUNE_HOLD_SCOPES.flatMap(
    (scope) =>
      [
        [`bellhop_prune_holds_total{scope="${scope}",state="opened"}`, sampleEvent('prune_hold.opened', { scope })],
        [`bellhop_prune_holds_total{scope="${scope}",state="confirmed"}`, holdDecided(scope, 'confirmed')],
        [`bellhop_prune_holds_total{scope="${scope}",state="dismissed"}`, holdDecided(scope, 'dismissed')],
      ] as const,
  ),
  ...PART_NAMES.map(
    (part) => [`bellhop_part_failures_total{part="${part}"}`, sampleEvent('part.failed', { part })] as const,
  ),
];

describe('the metrics', () => {
  it.each(SERIES)('%s counts its event', async (series, event) => {
    expect(await linesAfter(event)).toContain(`${series} 1`);
    if (event.type === 'lane.closed' || event.type === 'backup.made') return;
    expect(await linesAfter(event, event)).toContain(`${series} 2`);
  });

  it('are those of the table, each with its kind and help, and each has a series here', async () => {
    const lines = await linesAfter();
    const table = Object.values(METRICS);
    expect(lines.filter((line) => line.startsWith('# HELP')).sort()).toEqual(
      table.map(({ name, help }) => `# HELP ${name} ${help}`).sort(),
    );
    expect(lines.filter((line) => line.startsWith('# TYPE')).sort()).toEqual(
      table.map(({ name, kind }) => `# TYPE ${name} ${kind}`).sort(),
    );
    const driven = new Set(SERIES.map(([series]) => series.replace(/_count\{.*|\{.*/, '')));
    expect([...driven].sort()).toEqual(table.map(({ name }) => name).sort());
  });

  it('have every value of their labels in the table', async () => {
    const series = (await linesAfter(...SERIES.map(([, event]) => event))).filter((line) =>
      line.startsWith('bellhop_'),
    );
    for (const { name, labels } of Object.values(METRICS)) {
      for (const [label, values] of Object.entries<readonly string[] | 'number'>(labels)) {
        const shown = series.filter((line) => line.startsWith(name)).map((line) => labelIn(line, label));
        if (values === 'number') for (const value of shown) expect(value).toMatch(/^(\d{3}|none)$/);
        else expect([...new Set(shown)].sort(), `${name}, ${label}`).toEqual([...values].sort());
      }
    }
  });

  it('begin at 0 where a first event is a reason to alert: an increase from nothing is none', async () => {
    const lines = await linesAfter();
    for (const [series, { type }] of SERIES) {
      // What does not happen: failed without a reason, 201 from a service that throttles.
      if (/deliveries_settled|attempts_total/.test(series) || type === 'backup.made') continue;
      expect(lines).toContain(`${series} 0`);
    }
  });

  it('begin at 0 for every way in which a delivery can end, and no other', async () => {
    const lines = (await linesAfter()).filter((line) => line.startsWith('bellhop_deliveries_settled_total'));
    const endings = endingsOfMachine().map(({ state, reason }) => `state="${state}",reason="${reason}"`);
    const others = ['pending', 'held', 'sending', 'retrying', 'delivered'].map((state) => `state="${state}",reason=""`);
    expect(lines.sort()).toEqual(
      [...endings, ...others].map((labels) => `bellhop_deliveries_settled_total{${labels}} 0`).sort(),
    );
  });

  it('begin at 0 for what push services are known to answer', async () => {
    const lines = (await linesAfter()).filter((line) => line.startsWith('bellhop_attempts_total'));
    const seen = (service: PushService, outcome: string, status: string) =>
      `bellhop_attempts_total{push_service="${service}",outcome="${outcome}",http_status="${status}"} 0`;
    for (const service of PUSH_SERVICES) {
      for (const status of [200, 201, 202, 400, 401, 403, 404, 406, 408, 410, 413, 425, 429, 500, 502, 503, 504]) {
        const result = { kind: 'response', status, retryAfter: null, reason: null } as const;
        expect(lines).toContain(seen(service, outcomeOf(result, service).kind, String(status)));
      }
      for (const failure of PUSH_FAILURES) {
        expect(lines).toContain(seen(service, outcomeOf({ kind: 'failure', failure }, service).kind, 'none'));
      }
    }
    // Each is a series in every process, so they stay few.
    expect(lines.length).toBeLessThan(150);
  });

  it('measure attempts in seconds, and only those that were answered or timed', async () => {
    const settled = (latencyMs: number | null) =>
      sampleEvent('delivery.settled', { origin: ORIGINS.wns, attempt: sampleAttempt({ latencyMs }) });
    const lines = await linesAfter(settled(29), settled(300), settled(null));
    for (const line of [
      'bellhop_attempt_duration_seconds_bucket{le="0.025",push_service="wns"} 0',
      'bellhop_attempt_duration_seconds_bucket{le="0.05",push_service="wns"} 1',
      'bellhop_attempt_duration_seconds_bucket{le="0.5",push_service="wns"} 2',
      'bellhop_attempt_duration_seconds_bucket{le="+Inf",push_service="wns"} 2',
      'bellhop_attempt_duration_seconds_sum{push_service="wns"} 0.329',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('count what has no attempt, and deliveries made before origins were kept', async () => {
    const lines = await linesAfter(
      sampleEvent('delivery.settled', { state: 'cancelled', reason: 'superseded', attempt: null }),
      sampleEvent('delivery.settled', { origin: '' }),
    );
    expect(lines).toContain('bellhop_deliveries_settled_total{state="cancelled",reason="superseded"} 1');
    expect(lines).toContain('bellhop_attempts_total{push_service="other",outcome="delivered",http_status="201"} 1');
    const counted = lines.filter((line) => line.startsWith('bellhop_attempts_total') && !line.endsWith(' 0'));
    expect(counted).toHaveLength(1);
  });

  it('name nobody, and no host', async () => {
    const secret = 'S3CRET';
    const planted = SERIES.map(([, event]) => ({
      ...event,
      ...Object.fromEntries(
        ['userId', 'subscriptionId', 'deliveryId', 'notificationId', 'holdId', 'subject']
          .filter((field) => field in event)
          .map((field) => [field, secret]),
      ),
      ...('origin' in event ? { origin: `https://${secret}.example` } : {}),
      ...('error' in event ? { error: new Error(secret, { cause: secret }) } : {}),
    })) as BellhopEvent[];
    expect((await linesAfter(...planted)).join('\n')).not.toMatch(/S3CRET/i);
  });
});

/** The value of one label in a line of the exposition. */
function labelIn(line: string, label: string): string | undefined {
  return new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1];
}

describe('lanes closed', () => {
  const A = 'https://a.notify.windows.com';
  const B = 'https://b.notify.windows.com';
  const closed = (origin: string) => sampleEvent('lane.closed', { origin });
  const opened = (origin: string) => sampleEvent('lane.opened', { origin });

  it.each([
    ['one of two hosts of WNS that reopens leaves the other closed', [closed(A), closed(B), opened(A)], 1],
    ['each has reopened', [closed(A), closed(B), opened(A), opened(B)], 0],
    ['a probe that failed closes a lane that was closed', [closed(A), closed(A)], 1],
    ['and one success opens it', [closed(A), closed(A), opened(A)], 0],
    ['one that was never closed', [closed(A), opened(B)], 1],
  ] as const)('%s', async (_, told, count) => {
    expect(await linesAfter(...told)).toContain(`bellhop_lanes_closed{push_service="wns"} ${count}`);
  });
});
