import type { Clock } from '../clock.ts';
import { type Attention, attentionFor } from '../domain/attention/attention.ts';
import { FINAL_STATES, type FinalState, OPEN_STATES } from '../domain/delivery/delivery.ts';
import { PRIORITIES, type Priority } from '../domain/notification/priority.ts';
import { type LaneView, type ServiceLane, serviceLanes } from '../domain/push-service/lane-view.ts';
import { readSending, SENDING_FACT } from '../domain/sending/sending.ts';
import type { Rollup } from '../domain/tally/rollup.ts';
import {
  byService,
  PERIODS,
  type Period,
  requestsIn,
  type ServiceStretch,
  type Settled,
  settledIn,
  stretchesOf,
} from '../domain/tally/settled.ts';
import type { Tallies } from '../domain/tally/tally.ts';
import type { Store } from '../store/store.ts';
import type { LastBackup } from './last-backup.ts';

type WaitingOfPriority = Readonly<Record<(typeof OPEN_STATES)[number], number>> & {
  readonly priority: Priority;
  /** Since when the most overdue has been due; null where none is. */
  readonly oldestDueAtMs: number | null;
};

/** How the way to one push service stands, and how it went in the last five minutes. */
type ServiceStanding = ServiceLane & {
  readonly activeSubscriptions: number;
  readonly quarantinedSubscriptions: number;
  readonly attemptsPerSecond: number;
  /** Null where nothing was sent. */
  readonly meanLatencyMs: number | null;
};

export type Overview = {
  readonly atMs: number;
  /** False for a while after an upgrade on MongoDB: what was there before is yet to be counted. */
  readonly isCounted: boolean;
  readonly attention: readonly Attention[];
  /** All that are kept and have ended. */
  readonly ended: Readonly<Record<FinalState, number>>;
  /** What came of deliveries of late. */
  readonly settled: Readonly<Record<Period, Settled>>;
  readonly waiting: readonly WaitingOfPriority[];
  readonly services: readonly ServiceStanding[];
};

export type OverviewOptions = {
  readonly store: Pick<Store, 'tallies' | 'pruneHolds' | 'facts' | 'webhooks'>;
  readonly clock: Clock;
  /** Of all processes that send. */
  readonly lanes: () => Promise<readonly LaneView[]>;
  /** Null: the store is backed up by other means. */
  readonly lastBackup: LastBackup | null;
};

/** What an operator sees first. Reads counts alone, however much there is. */
export type OverviewReader = {
  read(): Promise<Overview>;
  /** For charts: by minute for an hour, by hour for a day and a week. Where nothing happened there is no entry. */
  stretches(period: Period): Promise<readonly ServiceStretch[]>;
};

/** The minutes that rate and latency are told from, the one under way included. */
const LATEST_MINUTES = 5;
const MINUTE_MS = 60_000;

export function createOverview(options: OverviewOptions): OverviewReader {
  const { store, clock } = options;
  const runsSinceMs = clock.now();
  const queryFor = (period: Period, nowMs: number) => ({ span: PERIODS[period].span, ...stretchesOf(period, nowMs) });
  const rollupsOf = (period: Period, nowMs: number): Promise<readonly Rollup[]> =>
    store.tallies.rollups(queryFor(period, nowMs));
  return {
    async read() {
      const atMs = clock.now();
      const [{ tallies, isCounted }, oldestDue, minutes, day, week, lanes, attention] = await Promise.all([
        store.tallies.read(),
        store.tallies.oldestDue(atMs),
        rollupsOf('hour', atMs),
        store.tallies.settled(queryFor('day', atMs)),
        store.tallies.settled(queryFor('week', atMs)),
        options.lanes(),
        readAttention(options, runsSinceMs),
      ]);
      const closedLanes = lanes.filter(({ standing }) => standing === 'closed');
      return {
        atMs,
        isCounted,
        attention: attentionFor({ ...attention, closedLanes, deadLetters: tallies['ended failed'] }, atMs),
        ended: endedIn(tallies),
        settled: { hour: settledIn(minutes), day: settledIn(day), week: settledIn(week) },
        waiting: PRIORITIES.map((priority) => waitingOf(priority, tallies, oldestDue[priority])),
        services: serviceLanes(lanes).map((lane) => standingOf(lane, tallies, minutes, atMs)),
      };
    },
    stretches: async (period) => byService(await rollupsOf(period, clock.now())),
  };
}

async function readAttention({ store, lastBackup }: OverviewOptions, runsSinceMs: number) {
  const [openHolds, webhooks, sending, lastAtMs] = await Promise.all([
    store.pruneHolds.list('open'),
    store.webhooks.list(),
    store.facts.find(SENDING_FACT),
    lastBackup?.atMs() ?? null,
  ]);
  const backup = lastBackup === null ? null : { lastAtMs, runsSinceMs };
  return { openHolds, webhooks, sending: readSending(sending), backup };
}

function endedIn(tallies: Tallies): Readonly<Record<FinalState, number>> {
  return Object.fromEntries(FINAL_STATES.map((state) => [state, tallies[`ended ${state}`]])) as Record<
    FinalState,
    number
  >;
}

function waitingOf(priority: Priority, tallies: Tallies, oldestDueAtMs: number | null): WaitingOfPriority {
  const counts = OPEN_STATES.map((state) => [state, tallies[`open ${priority} ${state}`]] as const);
  return { ...(Object.fromEntries(counts) as Record<(typeof OPEN_STATES)[number], number>), priority, oldestDueAtMs };
}

function standingOf(lane: ServiceLane, tallies: Tallies, minutes: readonly Rollup[], nowMs: number): ServiceStanding {
  const { service } = lane;
  const { untilMs } = stretchesOf('hour', nowMs);
  const fromMs = untilMs - LATEST_MINUTES * MINUTE_MS;
  const latest = minutes.filter((rollup) => rollup.service === service && rollup.atMs >= fromMs);
  const { attempts, meanLatencyMs } = requestsIn(latest);
  return {
    ...lane,
    activeSubscriptions: tallies[`active ${service}`],
    quarantinedSubscriptions: tallies[`quarantined ${service}`],
    attemptsPerSecond: attempts / ((nowMs - fromMs) / 1000),
    meanLatencyMs,
  };
}
