import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import { createEngine } from '../../src/delivery/engine.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import { subscriptionId } from '../../src/domain/ids.ts';
import { createExperiments } from '../../src/intake/experiments.ts';
import { createNotifications } from '../../src/intake/notifications.ts';
import type { Job, JobQueue } from '../../src/queue/job-queue.ts';
import { buildAcceptance } from '../../src/service/acceptance.ts';
import { EMBEDDED_PACE } from '../../src/service/backends.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';

const HOUR_MS = 3_600_000;
const POLICY = {
  delivery: {
    ...{ maxRetries: 3, baseMs: 1000, maxMs: 60_000, goneGraceMs: 60_000 },
    quarantine: { retryMs: HOUR_MS, retireAfterMs: 24 * HOUR_MS },
  },
  pruning: { windowSize: 500, maxShare: 0.2, maxCount: 50 },
  serviceOf: () => 'other',
  ratesPerSecond: new Map<string, number>(),
  ...{ attemptTimeoutMs: 5000, serverZone: 'UTC', retentionDays: 90, eventRetentionDays: 90 },
};

/** The engine of production on a store of its own, by a clock that is moved by hand; its push service takes everything. */
export async function startExperimentWorld(folder: string, startMs: number) {
  const clock = handClock(startMs);
  const store = await openSqliteStore({ path: join(folder, 'experiments.db'), clock });
  const events = createEvents((error) => {
    throw error;
  });
  const jobs: Job[] = [];
  const titles: string[] = [];
  const parts = {
    ...{ store, events, clock, queue: keeping(jobs), random: Math.random },
    compose: createComposer(null),
    rules: createStandingRules({ store, clock }),
    wordings: createWordings(store.templates),
    coordination: createLoneCoordination(),
    transport: {
      send: async ({ payload }: { readonly payload: string }) => {
        titles.push(String(JSON.parse(payload).title));
        return { kind: 'response', status: 201, retryAfter: null, reason: null } as const;
      },
    },
  };
  const settings = { serverZone: 'UTC', defaultTtlSeconds: 3600, tracking: ['shown', 'clicked'] } as const;
  const acceptance = buildAcceptance(parts, settings);
  const engine = createEngine(parts, POLICY, { ...EMBEDDED_PACE, concurrency: 20 });
  return {
    store,
    /** The titles of all pushes, in the order in which they went out. */
    titles,
    nowMs: clock.now,
    notifications: createNotifications({ ...parts, ...acceptance }),
    experiments: createExperiments({ store }),
    register: (userId: string) => register(store, userId, startMs),
    /** Does all that comes within these minutes, each at its time. */
    async pass(minutes: number): Promise<void> {
      for (let minute = 0; minute <= minutes; minute += 1) {
        if (minute > 0) clock.moveBy(60_000);
        await engine.rescuer.tick();
        for (let due = nextOf(jobs, clock.now()); due !== null; due = nextOf(jobs, clock.now()))
          await engine.worker.work(due);
      }
    },
  };
}

/** Takes a job whose time has come. */
function nextOf(jobs: Job[], nowMs: number): Job | null {
  const at = jobs.findIndex(({ runAtMs }) => runAtMs <= nowMs);
  return at < 0 ? null : (jobs.splice(at, 1)[0] ?? null);
}

function handClock(startMs: number) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    wakeAt: () => () => {},
    moveBy: (byMs: number) => {
      nowMs += byMs;
    },
  } satisfies Clock & { moveBy(byMs: number): void };
}

function keeping(jobs: Job[]): JobQueue {
  const nothing = async (): Promise<void> => {};
  return {
    enqueueMany: async (more) => {
      for (const job of more) if (!jobs.some(({ id, step }) => id === job.id && step === job.step)) jobs.push(job);
    },
    ...{ start: nothing, stop: nothing, ping: nothing, close: nothing, wake: () => {}, onRoom: () => {} },
    depthOf: async () => jobs.length,
  };
}

async function register(store: Store, userId: string, atMs: number): Promise<void> {
  const endpoint = `https://push.example.net/send/${userId}`;
  await store.subscriptions.register({
    ...{ id: subscriptionId(atMs, Math.random), userId, endpoint, keys: { p256dh: 'demo', auth: 'demo' } },
    endpointHash: createHash('sha256').update(endpoint).digest('base64url'),
    ...{ vapidPublicKey: 'demo', expirationAtMs: null, locale: 'en', timeZone: null, userAgent: null, retired: null },
    ...{ quarantine: null, suspectedByHoldId: null, replacesId: null, createdAtMs: atMs, updatedAtMs: atMs },
  });
}
