import { describe, expect, it } from 'vitest';
import type { Standing } from '../../src/domain/tally/standing.ts';
import { TALLY_NAMES, talliesFrom } from '../../src/domain/tally/tally.ts';
import { combinationsOf } from '../../src/telemetry/series.ts';
import { STANDING_METRICS } from '../../src/telemetry/standing-metric-table.ts';
import { createStandingMetrics, type StandingSources } from '../../src/telemetry/standing-metrics.ts';
import { NOW_MS } from '../support/samples.ts';

const STANDING: Standing = {
  atMs: NOW_MS,
  tallies: talliesFrom(new Map(TALLY_NAMES.map((name, index) => [name, index + 1]))),
  oldestDueAtMs: { high: NOW_MS - 1500, normal: null, low: NOW_MS + 1 },
  openHolds: 2,
  isPaused: true,
  storeOctets: 4096,
  webhooks: { endpoints: { enabled: 2, failing: 1, disabled: 3 }, waiting: 7, oldestBegunAtMs: NOW_MS - 2500 },
};
const linesOf = async (sources: Partial<StandingSources> = {}) =>
  (await createStandingMetrics({ read: async () => STANDING, lanes: () => [], ...sources }).text()).split('\n');
const EMPTY = talliesFrom(new Map());

describe('how things stand', () => {
  it('is told of the store', async () => {
    const { tallies } = STANDING;
    expect(await linesOf()).toEqual(
      expect.arrayContaining([
        'bellhop_store_reachable 1',
        `bellhop_deliveries_open{priority="high",state="held"} ${tallies['open high held']}`,
        `bellhop_deliveries_open{priority="low",state="retrying"} ${tallies['open low retrying']}`,
        'bellhop_oldest_due_seconds{priority="high"} 1.5',
        'bellhop_oldest_due_seconds{priority="normal"} 0',
        'bellhop_oldest_due_seconds{priority="low"} 0',
        `bellhop_dead_letters ${tallies['ended failed']}`,
        'bellhop_prune_holds_open 2',
        `bellhop_subscriptions_active{push_service="wns"} ${tallies['active wns']}`,
        `bellhop_subscriptions_quarantined{push_service="fcm"} ${tallies['quarantined fcm']}`,
        'bellhop_sending_paused 1',
        'bellhop_store_size_bytes 4096',
        'bellhop_webhook_endpoints{state="failing"} 1',
        'bellhop_webhook_endpoints{state="disabled"} 3',
        'bellhop_webhook_events_waiting 7',
        'bellhop_webhook_oldest_waiting_seconds 2.5',
      ]),
    );
  });

  it('is told of the lanes of this process', async () => {
    const view = { origin: 'https://fcm.googleapis.com', service: 'fcm', inFlight: 3 } as const;
    const lines = await linesOf({ lanes: () => [{ ...view, standing: 'throttled', untilMs: NOW_MS }] });
    for (const line of [
      'bellhop_pushes_in_flight{push_service="fcm"} 3',
      'bellhop_pushes_in_flight{push_service="wns"} 0',
      'bellhop_lane{push_service="fcm",state="open"} 0',
      'bellhop_lane{push_service="fcm",state="throttled"} 1',
      'bellhop_lane{push_service="fcm",state="closed"} 0',
      'bellhop_lane{push_service="wns",state="open"} 1',
    ])
      expect(lines).toContain(line);
  });

  it('has every series from the start, and no other', async () => {
    const read = async () => ({ ...STANDING, tallies: EMPTY });
    const series = (await linesOf({ read })).filter((line) => line.startsWith('bellhop_'));
    const expected = Object.values(STANDING_METRICS).flatMap((info) =>
      combinationsOf(info).map((labels) => {
        const inner = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
        return inner.length === 0 ? info.name : `${info.name}{${inner.join(',')}}`;
      }),
    );
    expect(series.map((line) => line.split(' ')[0]).sort()).toEqual(expected.sort());
  });

  it('says that the store is away, keeps what it had told, and what the process knows by itself', async () => {
    let answer: () => Promise<Standing> = async () => STANDING;
    const metrics = createStandingMetrics({ read: () => answer(), lanes: () => [], limitMs: 20 });
    await metrics.text();
    const away: readonly (() => Promise<Standing>)[] = [
      () => Promise.reject(new Error('away')),
      () => new Promise(() => {}),
    ];
    for (answer of away) {
      const lines = (await metrics.text()).split('\n');
      expect(lines).toContain('bellhop_store_reachable 0');
      expect(lines).toContain('bellhop_prune_holds_open 2');
      expect(lines).toContain('bellhop_lane{push_service="fcm",state="open"} 1');
    }
    answer = async () => STANDING;
    expect((await metrics.text()).split('\n')).toContain('bellhop_store_reachable 1');
  });
});
